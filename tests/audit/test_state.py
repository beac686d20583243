"""State of a replay: the index of due claims, claims and members that moved to other names, the temporary file."""

import datetime as dt
import gc
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit import state as state_module
from pipeline.audit.replay import replay
from pipeline.audit.rerun import Rerun
from pipeline.audit.state import State
from pipeline.errors import Transient
from pipeline.law.book import Book
from pipeline.queries import history
from tests.support import events as e
from tests.support.site import Site

OTHER = ("20000000022", "3671010101800002")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    yield site
    site.close()


@pytest.fixture
def rerun(site: Site) -> Iterator[Rerun]:
    with site.store.reader() as connection, Rerun(connection, Book.load()) as rerun:
        yield rerun


def names(rows: Any) -> list[str]:
    return sorted(row.claim_id for row in rows)


def run(rerun: Rerun) -> State:
    for _ in rerun.decide():
        pass
    return rerun.state


def test_claims_are_due_by_partition_and_day(site: Site, rerun: Rerun) -> None:
    site.run(*e.member(), e.accident("K1", conclusion=None), e.accident("K3", "2024-08-07", conclusion=None))
    site.run(*e.member(*OTHER), e.accident("K2", number=OTHER[0], conclusion=None), e.accident("K4"), partition=1)
    state = run(rerun)
    (first, later) = sorted(row.wake_on for row in state.cases(["K1", "K3"]))
    assert first < later
    days = [dt.date.fromisoformat(day) for day in (first, later)]
    assert names(state.cases_due(0, days[0] - dt.timedelta(days=1))) == []
    assert names(state.cases_due(0, days[0])) == ["K1"]
    assert names(state.cases_due(0, days[1])) == ["K1", "K3"]
    assert names(state.cases_due(1, days[1])) == ["K2"]


def test_a_claim_that_was_looked_at_is_not_due_again(site: Site, rerun: Rerun) -> None:
    site.run(*e.member(), e.accident("K1", conclusion=None), e.day_passed("2024-12-31"))
    state = run(rerun)
    (case,) = state.cases(["K1"])
    assert case.wake_on is None
    assert names(state.cases_due(0, dt.date(2030, 1, 1))) == []


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_claim_moved_to_another_member_leaves_the_first_once_confirmed(
    site: Site, rerun: Rerun, is_confirmed: bool
) -> None:
    site.run(*e.member(), *e.member(*OTHER), e.accident("K1"))
    site.run(e.evidence("K1", "2024-07-20T10:00:00", member={"member_number": OTHER[0]}))
    if is_confirmed:
        site.run(e.review("K1", 2, "approve", "2024-07-21T10:00:00"))
    state = run(rerun)
    of_both = [names(state.cases_of([e.NUMBER], [e.NIK])), names(state.cases_of(*[[one] for one in OTHER]))]
    assert of_both == ([[], ["K1"]] if is_confirmed else [["K1"], []])


def test_a_corrected_nik_replaces_the_first(site: Site, rerun: Rerun) -> None:
    site.run(*e.member(nik=OTHER[1]), e.registered(time="2020-01-01T08:00:00"))
    state = run(rerun)
    assert state.lock_and_read([], [], [], [OTHER[1]], []).memberships == []
    assert [number for number, _ in state.lock_and_read([], [], [], [e.NIK], []).memberships] == [e.NUMBER]


def test_events_from_the_batch_on_have_not_happened_yet(site: Site, rerun: Rerun) -> None:
    site.run(*e.member(), e.accident("K1"), e.evidence("K1", "2024-07-20T10:00:00", documents=e.JKK_PAPERS))
    state = run(rerun)
    (_, second) = [seq for (seq,) in site.rows("SELECT seq FROM ledger WHERE claim_id = 'K1' ORDER BY seq")]
    state.before = second
    assert len(state.events(["K1"])) == 1
    state.before = second + 1
    assert len(state.events(["K1"])) == 2


def test_the_temporary_file_has_no_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "_PREPARE", ("PRAGMA cache_size = 1", *state_module._PREPARE[1:]))
    site.run(*(event for at in range(50) for event in e.member(f"200000{at:05}", f"36710101018{at:05}")))
    with site.store.reader() as connection, Rerun(connection, Book.load()) as rerun:
        run(rerun)
        open_files = [os.path.realpath(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")]
    (file,) = [one for one in open_files if "etilqs_" in one]
    assert file.endswith("(deleted)")


def test_a_disk_without_room_is_one_sentence(rerun: Rerun, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def execute(self, *_: object) -> None:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

    monkeypatch.setattr(rerun.state, "_file", Full())
    with pytest.raises(Transient, match="TMPDIR"):
        rerun.state.opened_claims()
    monkeypatch.undo()


def test_garbage_is_collected_as_before_afterwards(site: Site, rerun: Rerun) -> None:
    site.run(*e.member())
    before = gc.get_threshold()
    gc.set_threshold(1234, 5, 5)
    try:
        run(rerun)
        assert gc.get_threshold() == (1234, 5, 5)
    finally:
        gc.set_threshold(*before)


def test_a_decision_does_not_see_later_evidence_of_its_batch(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.run(*e.member(), e.accident("K1", documents=["ktp"]))
    site.run(e.appeal("K1", "2024-07-10T10:00:00"), e.evidence("K1", "2024-07-20T10:00:00", documents=e.JKK_PAPERS))
    monkeypatch.setattr(history, "PAGE", 5)  # the claim was opened in the page before
    found = replay(site.store)
    assert (found.decisions, found.differences) == (3, ())
