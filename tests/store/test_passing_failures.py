"""A failure of the database passes by itself, needs a person, or is a bug: by a list of what does not pass."""

import sqlite3

import psycopg
import pytest

from pipeline.errors import NotReady
from pipeline.store.engines import postgresql_transient, sqlite_transient

PASSING = [
    "08000",
    "08003",
    "08006",
    "08P01",
    "25006",
    "25P03",
    "25P04",
    "40001",
    "40P01",
    "40003",
    "53000",
    "53100",
    "53200",
    "53300",
    "55006",
    "55P03",
    "57000",
    "57014",
    "57P01",
    "57P02",
    "57P03",
    "57P04",
    "57P05",
    "58000",
    "58030",
    "72000",
    "XX000",
    "99999",
]
FOR_A_PERSON = ["28000", "28P01", "3D000", "3F000", "42501", "42601", "42P01", "42703", "F0000", "XX001", "XX002"]
BUGS = [
    "0A000",
    "21000",
    "22001",
    "22003",
    "22021",
    "23502",
    "23505",
    "23514",
    "25001",
    "25P01",
    "25P02",
    "26000",
    "34000",
    "44000",
    "54000",
    "P0001",
]


def of_postgresql(state: str) -> psycopg.Error:
    return type("Said", (psycopg.DatabaseError,), {"sqlstate": state})("what the server says\nDETAIL: a row")


@pytest.mark.parametrize("state", PASSING)
def test_what_is_not_listed_passes(state: str) -> None:
    found = postgresql_transient(of_postgresql(state))
    assert found is not None and "DETAIL" not in str(found)


@pytest.mark.parametrize("state", FOR_A_PERSON)
def test_what_needs_a_person_is_said_once(state: str) -> None:
    with pytest.raises(NotReady, match=f"refuses.*{state}.*what the server says") as raised:
        postgresql_transient(of_postgresql(state))
    assert "DETAIL" not in str(raised.value)


@pytest.mark.parametrize("state", BUGS)
def test_a_wrong_statement_is_a_bug(state: str) -> None:
    assert postgresql_transient(of_postgresql(state)) is None


def test_without_an_answer_the_connection_was_lost() -> None:
    assert postgresql_transient(psycopg.OperationalError("gone")) is not None
    assert postgresql_transient(psycopg.ProgrammingError("no such parameter")) is None
    assert postgresql_transient(ValueError("ours")) is None


def of_sqlite(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("what SQLite says")
    if name:
        error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    "name",
    [
        "SQLITE_BUSY",
        "SQLITE_BUSY_SNAPSHOT",
        "SQLITE_LOCKED",
        "SQLITE_FULL",
        "SQLITE_IOERR_WRITE",
        "SQLITE_IOERR_FSYNC",
        "SQLITE_CANTOPEN",
        "SQLITE_PROTOCOL",
        "SQLITE_NOMEM",
        "SQLITE_INTERRUPT",
        "SQLITE_SCHEMA",
    ],
)
def test_of_sqlite_too_what_is_not_listed_passes(name: str) -> None:
    assert sqlite_transient(of_sqlite(name)) is not None


@pytest.mark.parametrize("name", ["", "SQLITE_ERROR", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_MISUSE", "SQLITE_TOOBIG"])
def test_of_sqlite_a_wrong_statement_is_a_bug(name: str) -> None:
    assert sqlite_transient(of_sqlite(name)) is None


@pytest.mark.parametrize("name", ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_READONLY", "SQLITE_READONLY_DBMOVED"])
def test_of_sqlite_a_file_that_cannot_be_used_needs_a_person(name: str) -> None:
    with pytest.raises(NotReady):
        sqlite_transient(of_sqlite(name))
