"""`santunan doctor --deploy` on real, secured servers: all is well as they are made, and each right too many is found."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, make_url, text

from pipeline.queries import database_rights
from pipeline.store import open_reader
from tests.contract.test_secured_services import Place, collected, place

__all__ = ["collected", "place"]
NOW = dt.datetime.now(dt.UTC)


def superuser(place: Place, *statements: str) -> None:
    url = make_url(place.variables("admin")["SANTUNAN_DATABASE_URL"])
    owned = url.set(drivername="postgresql+psycopg")
    engine = create_engine(owned if place is None else place_superuser(place), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
