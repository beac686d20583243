"""`santunan submit`: what goes in, what is refused, and what is said of both."""

import json
import subprocess
from pathlib import Path

from tests.support.command_line import PROGRAM, accident, environment, santunan


def test_refusals_as_json_are_json_alone(tmp_path: Path) -> None:
    ran = santunan("submit", "-", "--json", cwd=tmp_path, given="{}\n[]\n")
    assert ran.status == 1
    assert [json.loads(line)["reason"] for line in ran.err.splitlines()] == ["UNKNOWN_TYPE", "INVALID"]


def test_standard_input_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    ran = santunan("submit", "-", "-", cwd=tmp_path, given=accident())
    assert (ran.status, ran.out, ran.err) == (0, "1 event submitted.\n", "")


def test_all_events_go_in_though_the_reader_of_the_receipts_has_gone(events: Path, tmp_path: Path) -> None:
    submitting = subprocess.Popen(  # noqa: S603
        [*PROGRAM, "submit", "--json", str(events)], cwd=tmp_path, stdout=subprocess.PIPE, env=environment()
    )
    assert submitting.stdout is not None
    submitting.stdout.readline()
    submitting.stdout.close()
    assert submitting.wait(timeout=60) == 0
    count = len(events.read_bytes().splitlines())
    assert f"; {count:,} events wait to be decided" in santunan("doctor", cwd=tmp_path).out


def test_an_empty_file_among_others_is_named_and_the_others_go_in(tmp_path: Path) -> None:
    (tmp_path / "members.jsonl").touch()
    ran = santunan("submit", "members.jsonl", "-", cwd=tmp_path, given=accident())
    assert (ran.status, ran.out) == (1, "1 event submitted.\n") and ran.err.startswith("members.jsonl holds no event")
    ran = santunan("submit", "--json", "members.jsonl", cwd=tmp_path)
    assert ran.status == 1 and json.loads(ran.err)["reason"] == "EMPTY"
