"""What crosses a boundary: events in, decisions out. Imports pydantic and the standard library only."""
