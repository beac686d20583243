"""Files of events, as `santunan assess` and `santunan submit` read them."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from agents.clients.event_files import bounded_lines
from schemas.values import MAX_EVENT_BYTES
from tests.support.command_line import PROGRAM, accident, environment, santunan


def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_the_event(tmp_path: Path) -> None:
    for name in ("events.jsonl", "event.json"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + accident().encode() + b"\r\n")
        assert santunan("submit", name, cwd=tmp_path).out == "1 event submitted.\n"
    assert len(santunan("assess", "events.jsonl", cwd=tmp_path).rows) == 1


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(json.loads(accident()), indent=2),
        f"\n{accident()}\n",
        f"{accident()}\n\n{accident()}\n",
    ],
)
def test_a_json_file_holds_one_document_over_several_lines_or_one_a_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "claim.json"
    file.write_text(text)
    assert [row["claim_id"] for row in santunan("assess", "claim.json", cwd=tmp_path).rows] == ["JKK-1"]
    number = text.count("specversion")
    said = santunan("submit", "claim.json", cwd=tmp_path).out
    assert said == f"{number} event{'s' * (number > 1)} submitted.\n"


@pytest.mark.parametrize("command", ["assess", "submit"])
@pytest.mark.parametrize("count", [1, 1_000])
def test_a_list_is_refused_with_the_advice_to_write_it_line_by_line(count: int, command: str, tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_text(json.dumps([json.loads(accident())] * count, indent=1))
    ran = santunan(command, "claims.json", cwd=tmp_path)
    assert ran.status == 1 and "of a list, write each on a line of its own" in ran.err


def test_a_document_over_several_lines_is_advised_to_be_a_json_file(tmp_path: Path) -> None:
    ran = santunan("submit", "-", cwd=tmp_path, given=json.dumps(json.loads(accident()), indent=2))
    assert ran.status == 1 and "in a file whose name ends in .json" in ran.err.splitlines()[0]
    assert "line 2: event: Invalid JSON: trailing characters at column" in ran.err


@pytest.mark.parametrize("command", ["assess", "submit"])
@pytest.mark.parametrize("name", ["events.jsonl", "event.json", "-"])
def test_an_empty_file_is_said_to_be_empty(name: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").touch()
    (tmp_path / "event.json").write_text("\n")
    ran = santunan(command, name, cwd=tmp_path, given="")
    called = "standard input" if name == "-" else name
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"{called} holds no event; write one CloudEvents document a line\n"


@pytest.mark.parametrize("command", ["assess", "submit"])
def test_a_pipe_of_the_shell_is_a_file(command: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, accident().encode())
    os.close(writing)
    done = subprocess.run(  # noqa: S603
        [*PROGRAM, command, f"/dev/fd/{reading}"],
        cwd=tmp_path,
        env=environment(),
        pass_fds=(reading,),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(reading)
    assert (done.returncode, done.stderr) == (0, "")


def test_bounded_lines_keep_nothing_larger_than_an_event_in_memory() -> None:
    stream = io.BytesIO(b"a" * (5 * MAX_EVENT_BYTES) + b"\nshort\n")
    lines = list(bounded_lines(stream))
    assert [len(line) for line in lines] == [MAX_EVENT_BYTES + 2, 6]
