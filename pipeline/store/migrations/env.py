"""Runs Alembic: always on a connection that the caller opened, and inside the caller's transaction."""

from alembic import context

from pipeline.store import (  # noqa: F401 - make their tables known
    access_tables,
    coverage_tables,
    draft_book,
    ledger_tables,
    paper_book,
    refused_event_tables,
    webhook_tables,
    work_book,
)
from pipeline.store.tables import metadata

connection = context.config.attributes["connection"]
# SQLite cannot alter most of a table: Alembic copies it instead ("batch").
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,  # the caller's transaction is the only one
)
context.run_migrations()
