"""How the tables came to be as `tables.py` has them: one Alembic revision a step, up and down."""
