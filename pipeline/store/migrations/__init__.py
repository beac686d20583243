"""Migrations to the tables of `tables.py`: one Alembic revision a step, up and down."""
