"""Sheets that people send: cells, columns in many spellings, values out of cells, and the faults of all three. Pure."""
