"""A bug in one event costs one dead letter, wherever the program fails at it; a bug in all of them ends the worker."""

import datetime as dt
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.audit.impact import LeftOut, impact
from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from pipeline.claims.desk import Desk
from pipeline.errors import BadDeployment, BadRuleBook, BugFlood, NoLaw, NotReady, Poison, Transient
from pipeline.law.book import Book
from pipeline.messages.floods import FLOOD_WINDOW
from pipeline.processing import processor
from pipeline.processing.offline import Offline
from pipeline.store import rows
from schemas import topics
from tests.support import events as e
from tests.support.site import Site

NIK = "3671010101800001"  # as an error of a library repeats its input
STEPS = ("read", "load", "decide", "half decided", "write")
Error = Callable[[], BaseException]


def broken() -> Exception:
    return RuntimeError(f"no such value: {NIK}")


def break_at(step: str, monkeypatch: pytest.MonkeyPatch, error: Error = broken) -> None:
    """The program fails at each event whose id begins with "bug", while it does this step."""

    def around(real: Any, ids: Callable[..., list[str]], *, is_done_first: bool = False) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            done = real(*args, **options) if is_done_first else None
            if any(one.startswith("bug") for one in ids(*args)):
                raise error()
            return done if is_done_first else real(*args, **options)

        return call

    if step == "read":
        found = around(processor.read, lambda record, *_: [json.loads(record.value).get("id")])
        monkeypatch.setattr(processor, "read", found)
    elif step == "load":
        monkeypatch.setattr(processor, "requirements", around(processor.requirements, lambda event: [event.id]))
    elif step in ("decide", "half decided"):
        done = step == "half decided"
        found = around(Desk._handle, lambda desk, event, *_: [event.id], is_done_first=done)
        monkeypatch.setattr(Desk, "_handle", found)
    else:
        found = around(rows.ledger_rows, lambda batch: [one.identity[1] for of in batch for one in of.entries])
        monkeypatch.setattr(rows, "ledger_rows", found)


def claims(count: int) -> list[Any]:
    return [e.accident(f"K{number}", f"2024-07-{number + 1:02}") for number in range(count)]


@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize("step", STEPS)
def test_a_bug_in_one_event_is_one_dead_letter_and_the_rest_goes_on(
    site: Site, step: str, at: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_at(step, monkeypatch)
    site.run(*e.member())
    events = claims(6)
    events.insert(at, e.accident("K9", "2024-08-01", id="bug-1"))
    with caplog.at_level(logging.ERROR, "santunan.worker"):
        site.run(*events, topic=topics.ACCIDENTS, partition=1)
    assert site.refusals() == [(at, "BUG")]
    assert {claim for claim, *_ in site.decisions()} == {f"K{number}" for number in range(6)}
    assert site.rows("SELECT max(next) FROM positions WHERE topic = 'claims.accidents'") == [(7,)]
    (logged,) = caplog.records
    assert (vars(logged)["topic"], vars(logged)["partition"], vars(logged)["offset"]) == (topics.ACCIDENTS, 1, at)
    assert logged.exc_info is not None
    (letter,) = site.data(topics.DEAD_LETTERS)
    assert letter["id"] == "bug-1" and NIK not in json.dumps(letter) and "RuntimeError in tests" in str(letter)
    assert check(site.store) == [] and replay(site.store).differences == ()


@pytest.mark.parametrize("step", STEPS)
def test_of_chunks_taken_together_one_event_is_set_aside(
    site: Site, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_at(step, monkeypatch)
    site.run(*e.member())
    first, second = claims(4)[:2], claims(4)[2:]
    site.run(*first, e.accident("K9", id="bug-1"), *second, e.accident("K8", id="bug-2"), size=2, together=4)
    assert site.refusals() == [(6, "BUG"), (9, "BUG")]
    assert {claim for claim, *_ in site.decisions()} == {f"K{number}" for number in range(4)}
    assert check(site.store) == []


@pytest.mark.parametrize("step", STEPS)
def test_the_first_time_of_receipt_is_kept_for_a_retry(site: Site, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_at(step, monkeypatch)
    site.run(e.accident(id="bug-1"), topic=topics.ACCIDENTS, now_ms=1_785_542_400_005)
    assert site.rows("SELECT received_ms, source FROM dead_letters") == [(1_785_542_400_005, e.OFFICE)]


def test_an_event_whose_bug_was_mended_is_applied(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        break_at("decide", patch)
        site.run(*e.member(), e.accident(id="bug-1"))
    site.run(e.accident(id="bug-1"))
    assert [claim for claim, *_ in site.decisions()] == ["K1"]


@pytest.mark.parametrize(
    "kind", [KeyError, AssertionError, RecursionError, OverflowError, lambda: NoLaw("x", dt.date.min)]
)
def test_any_kind_of_bug_is_set_aside(site: Site, kind: Error, monkeypatch: pytest.MonkeyPatch) -> None:
    break_at("decide", monkeypatch, kind)
    site.run(e.accident(id="bug-1"), *e.member(), e.accident("K2"))
    assert site.refusals() == [(0, "BUG")] and [claim for claim, *_ in site.decisions()] == ["K2"]


@pytest.mark.parametrize(
    "error",
    [
        Transient("away"),
        NotReady("no table"),
        BadDeployment("old"),
        BadRuleBook(()),
        MemoryError(),
        KeyboardInterrupt(),
        SystemExit(),
    ],
)
@pytest.mark.parametrize("step", STEPS)
def test_what_no_event_is_to_blame_for_is_raised(
    site: Site, step: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_at(step, monkeypatch, lambda: error)
    with pytest.raises(type(error)):
        site.run(*e.member(), e.accident(id="bug-1"), e.accident("K2"))
    assert site.refusals() == []


def test_a_bug_in_every_event_ends_the_worker(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    break_at("decide", monkeypatch)
    with pytest.raises(BugFlood) as raised:
        site.run(*[e.accident(id=f"bug-{number}") for number in range(300)])
    assert raised.value.exit_code == 70
    assert site.rows("SELECT count(*) FROM dead_letters WHERE reason = 'BUG'") == [(FLOOD_WINDOW - 1,)]


def test_a_bug_that_not_even_a_dead_letter_gets_past_ends_the_worker(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise broken()

    monkeypatch.setattr(rows, "chunk_row", fail)
    with pytest.raises(RuntimeError):
        site.run(*e.member(), e.accident())
    assert site.refusals() == [] and site.rows("SELECT count(*) FROM ledger") == [(0,)]


def test_replay_reports_an_event_that_fails_now_as_a_difference(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.run(
        *e.member(),
        e.accident("K1"),
        e.accident("K2", "2024-08-01", id="bug-1"),
        e.wage("2024-09", 1) | {"id": "bug-2"},
    )
    break_at("decide", monkeypatch)
    found = replay(site.store)
    assert [(one.claim_id, one.revision, one.would_be) for one in found.differences] == [
        ("K2", 1, "no decision"),
        ("K2", 0, "BUG RuntimeError"),
        ("(no claim)", 0, "BUG RuntimeError"),
    ]
    assert impact(site.store, Book.load()).left_out == (LeftOut(None, "BUG", 1), LeftOut("K2", "BUG", 1))


@pytest.mark.parametrize("step", ["decide", "half decided"])
def test_offline_an_event_that_fails_is_refused(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_at(step, monkeypatch)
    events = [*e.member(), e.accident("K1", id="bug-1"), e.accident("K1")]
    answers = Offline(Book.load()).take_block([e.raw(one) for one in events])
    failed, decided = answers[4:]
    assert isinstance(failed, Poison) and failed.reason == "BUG" and NIK not in str(failed.errors)
    assert not isinstance(decided, Poison)
    assert [(one.claim_id, one.revision, one.outcome) for one in decided] == [("K1", 1, "APPROVED")]
