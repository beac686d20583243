"""A clock that runs far ahead moves nobody else's: its events are set aside, in both stores and in the embedded log."""

import datetime as dt
import json
from pathlib import Path

import pytest

from agents.clients.interface import outgoing
from pipeline.audit.invariants import check
from pipeline.messages.records import RECEIVED_AT, Message
from pipeline.store import open_store
from pipeline.store.embedded_log import Log
from schemas import topics
from schemas.events import Refused
from schemas.values import MAX_AHEAD_SECONDS
from tests.support import events as e
from tests.support.site import NOW_MS, Site

AHEAD_MS = MAX_AHEAD_SECONDS * 1000
TEN_YEARS_MS = 3653 * 86_400_000


def event_at(ms: int) -> str:
    return (dt.datetime.fromtimestamp(ms / 1000, e.WIB)).isoformat()


@pytest.fixture
def dated(site: Site) -> Site:
    """Its machine's clock stands at NOW_MS, and one event was received then."""
    site.now = NOW_MS / 1000
    site.run(*e.member())
    site.run(e.wage("2026-07", 4_000_000), topic=topics.MEMBERS)
    return site


def test_one_that_runs_ten_years_ahead_expires_no_other_claim(dated: Site) -> None:
    early, late = e.accident("K1", "2026-07-07"), e.accident("K2", "2026-07-08")
    dated.run(early, topic=topics.ACCIDENTS, now_ms=NOW_MS + TEN_YEARS_MS)
    dated.run(late, topic=topics.ACCIDENTS, now_ms=NOW_MS)
    assert dated.refusals() == [(0, "CLOCK_AHEAD")]
    assert [(one[0], one[2]) for one in dated.decisions()] == [("K2", "APPROVED")]
    assert check(dated.store) == []


@pytest.mark.parametrize(("more", "refused"), [(-1, 0), (0, 0), (1, 1)])
def test_a_day_ahead_of_this_machine_is_the_bound(dated: Site, more: int, refused: int) -> None:
    dated.run(e.accident(), topic=topics.ACCIDENTS, now_ms=NOW_MS + AHEAD_MS + more)
    assert len(dated.refusals()) == refused


@pytest.mark.parametrize(("more", "refused"), [(0, 0), (1, 1)])
def test_a_machine_whose_clock_is_behind_goes_by_the_last_event(dated: Site, more: int, refused: int) -> None:
    """After a new start, too: the store knows the last event."""
    dated.now -= 10 * 366 * 86_400
    dated.processor = dated.worker()
    dated.run(e.accident("K1"), topic=topics.ACCIDENTS, now_ms=NOW_MS + AHEAD_MS + more)
    assert len(dated.refusals()) == refused


@pytest.mark.parametrize("has_header", [True, False])
def test_history_of_the_future_is_set_aside(dated: Site, has_header: bool) -> None:
    """By its own time, and by the time of receipt that a retry gives."""
    ahead = NOW_MS + AHEAD_MS + 1000
    headers = ((RECEIVED_AT, str(ahead).encode()),) if has_header else ()
    claim = e.accident("K1", **({} if has_header else {"time": event_at(ahead)}))
    dated.run(claim, e.accident("K2", "2024-07-08"), headers=headers)
    reasons = [reason for _, reason in dated.refusals()]
    assert reasons == ["CLOCK_AHEAD"] * (2 if has_header else 1)


def test_retried_it_is_decided_by_its_own_time(dated: Site) -> None:
    dated.run(e.accident(), topic=topics.ACCIDENTS, now_ms=NOW_MS + TEN_YEARS_MS)
    assert dated.rows("SELECT reason, received_ms FROM dead_letters") == [("CLOCK_AHEAD", None)]
    dated.run(e.accident())
    assert [one[2] for one in dated.decisions()] == ["APPROVED"]


def test_one_record_from_the_future_does_not_stamp_those_after_it(tmp_path: Path) -> None:
    file = tmp_path / "santunan.db"
    open_store(f"sqlite:///{file}", partitions=1).close()
    log = Log(file)
    one = [Message(topics.ACCIDENTS, b"k", b"{}")]
    for now in (NOW_MS, NOW_MS + TEN_YEARS_MS, NOW_MS + 5, NOW_MS + 3):
        log.append(one, now_ms=now)
    ahead = NOW_MS + TEN_YEARS_MS
    assert [record.timestamp_ms for record in log.read(0)] == [NOW_MS, ahead, NOW_MS + 5, NOW_MS + 5]
    log.close()


@pytest.mark.parametrize(("seconds", "is_refused"), [(-60, False), (60, True)])
def test_history_of_the_future_is_refused_at_the_door(seconds: int, is_refused: bool) -> None:
    now_ms = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
    document = json.dumps(e.accident(time=event_at(now_ms + AHEAD_MS + seconds * 1000))).encode()
    if is_refused:
        with pytest.raises(Refused, match="CLOCK_AHEAD"):
            outgoing(document, 1, is_history=True)
    else:
        assert outgoing(document, 1, is_history=True)
