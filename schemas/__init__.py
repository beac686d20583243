"""Values that cross a boundary: events in, decisions out. Imports pydantic and the standard library only."""
