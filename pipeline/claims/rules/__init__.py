"""The decision table, a file for each group of rows."""
