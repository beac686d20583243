"""`santunan assess`: decisions of a file of events, offline."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, WIDTH, accident, environment, santunan


def test_every_event_that_makes_a_decision_makes_one_line(events: Path) -> None:
    ran = santunan("assess", str(events))
    assert ran.status == 0 and ran.err == ""
    assert len(ran.rows) > 1_000
    wanted = {"claim_id", "outcome", "reason_codes", "benefits", "total", "missing", "rule_version"}
    assert all(wanted <= row.keys() for row in ran.rows)
    approved = [row for row in ran.rows if row["outcome"] == "APPROVED"]
    assert all(sum(line["amount"] for line in row["benefits"]) == row["total"] for row in approved)


def test_standard_input_is_read_as_a_file_is(events: Path) -> None:
    some = "\n".join(events.read_text().splitlines()[:1_500])
    assert len(santunan("assess", "-", given=some).rows) > 100


def test_a_refused_event_goes_to_standard_error_with_status_one(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join([accident(), accident(id="2", type="santunan.claim.accident.v9"), "{not json", ""]))
    ran = santunan("assess", str(file))
    assert ran.status == 1
    assert [row["claim_id"] for row in ran.rows] == ["JKK-1"]
    refused = [json.loads(line) for line in ran.err.splitlines()]
    assert [(one["line"], one["reason"]) for one in refused] == [(2, "UNKNOWN_TYPE"), (3, "NOT_JSON")]


def test_the_same_key_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(accident().replace('"claim_id": "JKK-1"', '"claim_id": "JKK-1", "claim_id": "JKK-2"'))
    ran = santunan("assess", str(file))
    assert ran.status == 1 and json.loads(ran.err)["reason"] == "DUPLICATE_KEY"


def test_a_line_without_end_is_one_refusal(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("x" * 1_000_000 + "\n" + accident())
    ran = santunan("assess", str(file))
    assert [json.loads(line)["reason"] for line in ran.err.splitlines()] == ["TOO_LARGE"]
    assert len(ran.rows) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("id", "Keputusan klaim JKK-1"),
        ("en", "Decision on claim JKK-1"),
    ],
)
def test_it_explains_in_both_languages(language: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(accident())
    ran = santunan("assess", str(file), "--explain", "--lang", language)
    assert words in ran.out and max(map(len, ran.out.splitlines())) <= WIDTH


@pytest.mark.parametrize("is_table", [False, True])
def test_a_reader_that_has_had_enough_is_no_failure(is_table: bool, events: Path) -> None:
    arguments = ("rules", "show") if is_table else ("assess", str(events))
    running = subprocess.Popen(  # noqa: S603
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert running.stdout is not None and running.stderr is not None
    running.stdout.close()
    said = running.stderr.read()
    running.stderr.close()
    assert (running.wait(timeout=60), said) == (0, b"")
