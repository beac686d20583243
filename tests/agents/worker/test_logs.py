"""A log line carries its ids in fields, and nothing that a sender or a library could have slipped in."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.worker.logs import FIELDS, PROCESS_VARIABLE, configure_logs
from pipeline.errors import SantunanError
from pipeline.messages.records import Chunk, Message, Record

NIK = "3671010101800001"
NAME = "Budi Santoso"
log = logging.getLogger("santunan.test")

Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """The lines logged so far, as a collector reads them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logs("DEBUG", "json")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


def test_claim_and_event_ids_stand_in_fields_of_their_own(written: Written) -> None:
    ids = {"claim_id": "JKK-2024-7", "event_id": "e1", "partition": 3, "outcome": "PENDING"}
    log.info("claim decided", extra=ids)
    (line,) = written()
    assert line["event"] == "claim decided" and line["level"] == "info" and line["logger"] == "santunan.test"
    assert {name: line[name] for name in ids} == ids


def test_one_of_several_processes_says_which(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROCESS_VARIABLE, "2")
    log.info("partitions are ours")
    (line,) = written()
    assert line["process"] == "2"


def test_a_field_that_nobody_declared_is_left_out(written: Written) -> None:
    log.info("claim decided", extra={"chronology": "fell from the roof", "nik": NIK})
    (line,) = written()
    assert set(line) == {"event", "level", "logger", "timestamp"}
    assert not {"nik", "name", "key", "diagnosis", "chronology"} & FIELDS


@pytest.mark.parametrize("digits, is_shown", [("3" * 15, True), ("3" * 16, False), ("3" * 17, False)])
def test_sixteen_digits_in_a_row_are_never_shown(written: Written, digits: str, is_shown: bool) -> None:
    log.warning("about e-%s", digits, extra={"event_id": f"e-{digits}", "reason": digits})
    (line,) = written()
    assert all((digits in line[name]) is is_shown for name in ("event", "event_id", "reason"))


def test_an_id_with_words_in_it_is_not_shown(written: Written) -> None:
    log.info("event refused", extra={"event_id": NAME, "claim_id": "K1"})
    (line,) = written()
    assert line["event_id"] == "(not shown)" and line["claim_id"] == "K1"


def test_an_error_is_told_by_its_place_and_kind_and_not_in_its_words(written: Written) -> None:
    try:
        try:
            int(NAME)
        except ValueError:
            raise KeyError(NAME) from None
    except KeyError:
        log.critical("a bug", exc_info=True)
    try:
        try:
            raise RuntimeError(NAME)
        except RuntimeError as error:
            raise SantunanError("the store is away") from error
    except SantunanError:
        log.critical("a failure", exc_info=True)
    bug, failure = written()
    assert NAME not in json.dumps([bug, failure])
    assert "test_logs.py" in bug["exception"] and bug["exception"].endswith("KeyError")
    assert "SantunanError: the store is away" in failure["exception"] and "RuntimeError" in failure["exception"]


def test_what_a_sender_wrote_is_not_in_the_representation_of_a_chunk_or_a_message() -> None:
    record = Record(7, 1, NIK.encode(), NAME.encode(), (("who", NAME.encode()),))
    shown = repr(Chunk("claims.deaths", 0, 7, 8, (record,))) + repr(Message("t", NIK.encode(), NAME.encode()))
    assert "offset=7" in shown and NAME not in shown and NIK not in shown
