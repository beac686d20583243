"""The benefits and their amounts, a file for each kind of benefit."""
