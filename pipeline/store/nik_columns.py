"""Columns that hold NIKs, written with the key of the engine.

Statements of SQLAlchemy pass values through the columns' types, both ways; those in the driver's own words
(`unit_of_work`) do it themselves. Without a key a column holds the NIK as it is. Never imports a driver.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Dialect, Engine, Text
from sqlalchemy.types import TypeDecorator

from pipeline.nik_key import NikKey

_KEY: Final = "santunan_nik_key"  # of SQLAlchemy's dialect, of which each engine has its own


def use_key(engine: Engine, key: NikKey | None) -> None:
    """Before its first statement."""
    setattr(engine.dialect, _KEY, key)


def key_of(dialect: Dialect) -> NikKey | None:
    """None: columns hold NIKs as they are."""
    found: NikKey | None = getattr(dialect, _KEY, None)
    return found


class Nik(TypeDecorator[str]):
    """A NIK; or where a column names a person, what names one without a NIK."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None] | None:
        key = key_of(dialect)
        return None if key is None else _but_null(key.stored)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None] | None:
        key = key_of(dialect)
        return None if key is None else _but_null(key.read)


class KnownId(TypeDecorator[str]):
    """The id of a known worker, which follows from the NIK."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None] | None:
        key = key_of(dialect)
        return None if key is None else _but_null(key.stored_id)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None] | None:
        key = key_of(dialect)
        return None if key is None else _but_null(key.read_id)


def _but_null(change: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda value: None if value is None else change(value)
