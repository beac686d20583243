"""`santunan doctor --deploy` on real, secured servers: all is well as they are made; each right too many is found."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from agents.services.postgresql import run_file
from pipeline.queries import database_rights
from pipeline.store import open_reader
from tests.contract.test_secured_services import Place, collected, place

__all__ = ["collected", "place"]
Run = Callable[[str], None]


@pytest.fixture
def run(place: Place, tmp_path: Path) -> Run:
    """Runs SQL as the superuser of the server."""
    port = make_url(place.variables("admin")["SANTUNAN_DATABASE_URL"]).port
    password = json.loads((place.folder / "services.json").read_text())["password"]
    assert port is not None

    def ran(statements: str) -> None:
        (tmp_path / "more.sql").write_text(f"\\set ON_ERROR_STOP on\n{statements};\n")
        run_file(tmp_path / "more.sql", port, password, {})

    return ran


def found(place: Place, principal: str = "gateway") -> list[str]:
    store = open_reader(place.variables(principal)["SANTUNAN_DATABASE_URL"])
    try:
        faults = database_rights.findings(store, lambda: dt.datetime.now(dt.UTC))
    finally:
        store.close()
    return [one for part in faults.values() for one in part]


@pytest.mark.parametrize("principal", ["admin", "worker", "gateway", "console"])
def test_as_they_are_made_nobody_has_too_many_rights(principal: str, place: Place) -> None:
    assert found(place, principal) == []


@pytest.mark.parametrize(
    ("given", "taken", "said"),
    [
        ("ALTER ROLE santunan_worker SUPERUSER CREATEDB", "ALTER ROLE santunan_worker NOSUPERUSER NOCREATEDB",
         "the role santunan_worker has SUPERUSER, CREATEDB: ALTER ROLE santunan_worker NOSUPERUSER NOCREATEDB"),
        ("GRANT santunan_owner TO santunan_gateway", "REVOKE santunan_owner FROM santunan_gateway",
         "the role santunan_gateway has the rights of santunan_owner too: REVOKE santunan_owner FROM santunan_gateway"),
        ("GRANT pg_read_all_data TO santunan_reader", "REVOKE pg_read_all_data FROM santunan_reader",
         "the role santunan_reader has the rights of pg_read_all_data too"),
        ("GRANT INSERT, TRUNCATE ON decisions TO santunan_gateway",
         "REVOKE INSERT, TRUNCATE ON decisions FROM santunan_gateway",
         "santunan_gateway may INSERT, TRUNCATE the table decisions and needs not: REVOKE INSERT, TRUNCATE ON"),
        ("GRANT SELECT ON passwords TO santunan_reader", "REVOKE SELECT ON passwords FROM santunan_reader",
         "santunan_reader may SELECT the table passwords"),
        ("GRANT SELECT ON second_factors TO santunan_worker", "REVOKE SELECT ON second_factors FROM santunan_worker",
         "santunan_worker may SELECT the table second_factors"),
        ("GRANT UPDATE ON papers TO santunan_reader", "REVOKE UPDATE ON papers FROM santunan_reader",
         "santunan_reader may UPDATE the table papers"),
        ("GRANT SELECT ON sessions TO santunan_webhooks", "REVOKE SELECT ON sessions FROM santunan_webhooks",
         "santunan_webhooks may SELECT the table sessions"),
        ("GRANT SELECT ON members TO PUBLIC", "REVOKE SELECT ON members FROM PUBLIC",
         "PUBLIC may SELECT the table members"),
        ("GRANT CONNECT ON DATABASE santunan TO PUBLIC", "REVOKE CONNECT ON DATABASE santunan FROM PUBLIC",
         "every role may connect to the database: REVOKE ALL ON DATABASE santunan FROM PUBLIC"),
        ("GRANT USAGE ON SCHEMA public TO PUBLIC", "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
         "every role may use the schema"),
        ("ALTER TABLE ledger OWNER TO santunan_gateway",
         "ALTER TABLE ledger OWNER TO santunan_owner; GRANT SELECT ON ledger TO santunan_gateway",
         "the role santunan_gateway owns the tables"),
    ],
)  # fmt: skip
def test_each_right_too_many_is_one_finding(given: str, taken: str, said: str, place: Place, run: Run) -> None:
    run(given)
    try:
        [one] = found(place)
        assert said in one
    finally:
        run(taken)
    assert found(place) == []


def test_a_clock_that_differs_is_found(place: Place) -> None:
    store = open_reader(place.variables("gateway")["SANTUNAN_DATABASE_URL"])
    try:
        for seconds, count in ((0, 0), (3, 0), (-3, 0), (8, 1), (-8, 1)):
            moved = dt.timedelta(seconds=seconds)
            faults = database_rights.clock_skew(store, lambda moved=moved: dt.datetime.now(dt.UTC) + moved)  # type: ignore[misc]
            assert len(faults) == count, seconds
        assert "differ by 8 s" in faults[0]
    finally:
        store.close()


def test_the_command_says_so_of_servers_that_are_secured(place: Place) -> None:
    ran = place.command("gateway", "doctor", "--deploy", "--json")
    well = {one["what"]: one["is_well"] for one in ran.rows[0]["findings"]}
    parts = ("connection to Kafka", "passwords", "powers of roles", "rights in the database", "clocks", "demo")
    assert [well[part] for part in parts] == [True] * len(parts), ran.out
    assert ran.status == 1 and not well["backup"] and not well["TLS of the gateway"]
