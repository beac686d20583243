"""Readings of a claim's file in full: each is on record, by whichever door."""

from collections.abc import Callable

from agents.web.gate import Gateway
from tests.agents.web.conftest import OWN
from tests.support.gateway import Client


def test_a_file_that_is_read_in_full_is_on_record_by_page_and_by_api(
    gateway: tuple[Gateway, int], client: Callable[[str | None], Client]
) -> None:
    for path in (f"/v1/cases/{OWN}", f"/tasks/{OWN}"):
        before = len(_readings(gateway))
        assert client("officer:one").get(path).status == 200
        assert _readings(gateway)[before:] == [("urn:santunan:officer:one", OWN)]
        assert client("auditor:one").get(path).status == 200
        assert len(_readings(gateway)) == before + 1


def _readings(gateway: tuple[Gateway, int]) -> list[tuple[str, str | None]]:
    return [(one.who, one.subject) for one in gateway[0].access.records(10_000) if one.action == "case.read"]
