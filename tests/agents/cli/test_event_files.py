"""Files of events, as `santunan assess` and `santunan submit` read them."""

import bz2
import gzip
import io
import json
import lzma
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from agents.clients.event_files import NotEvents, bounded_lines, documents
from schemas.values import MAX_EVENT_BYTES
from tests.support.command_line import PROGRAM, accident, environment, santunan


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    return made.getvalue()


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


LINES = f"{accident()}\n{accident()}\n"
OTHER_FILES = {
    "UTF-16": (LINES.encode("utf-16"), "iconv -f UTF-16 "),
    "UTF-16 without a mark": (LINES.encode("utf-16-le"), "iconv -f UTF-16LE"),
    "UTF-16 of Java without a mark": (LINES.encode("utf-16-be"), "iconv -f UTF-16BE"),
    "UTF-32": (LINES.encode("utf-32"), "iconv -f UTF-32"),
    "gzip": (gzip.compress(LINES.encode()), "gzip -dc"),
    "bzip2": (bz2.compress(LINES.encode()), "bzip2 -dc"),
    "xz": (lzma.compress(LINES.encode()), "xz -dc"),
    "ZIP": (zipped("events.jsonl"), "ZIP archive"),
    "Excel": (zipped("[Content_Types].xml", "xl/workbook.xml"), "Excel"),
    "old Excel": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500), "Excel"),
    "PDF": (b"%PDF-1.7\n1 0 obj", "PDF"),
    "HTML": (b"<!DOCTYPE html>\n<html>", "HTML"),
    "CSV": (b"claim_id,member_number,occurred_at\nJKK-1,19110000001,2024-05-06\n", "CSV"),
    "CSV of Excel": (b"\xef\xbb\xbfclaim_id;member_number;occurred_at\r\nJKK-1;19110000001;2024-05-06\r\n", "CSV"),
    "table with tabs": (b"claim_id\tmember\tday\nJKK-1\t1\t2\n", "CSV"),
    "array": (json.dumps([json.loads(accident())] * 2).encode(), "write each on a line of its own"),
    "array over lines": (
        json.dumps([json.loads(accident())] * 2, indent=1).encode(),
        "write each on a line of its own",
    ),
}


@pytest.mark.parametrize("name", ["events.jsonl", "events.json"])
@pytest.mark.parametrize("kind", OTHER_FILES)
def test_a_file_of_another_kind_is_named_once_with_what_to_do(kind: str, name: str, tmp_path: Path) -> None:
    value, advice = OTHER_FILES[kind]
    file = tmp_path / name
    file.write_bytes(value)
    with file.open("rb") as stream, pytest.raises(NotEvents, match=re.escape(advice)):
        list(documents(file, stream))


@pytest.mark.parametrize(
    "value", [LINES, f" {LINES}", f"\n{LINES}", "no event\n", '{"a": 1, "b": 2, "c": 3}\n', "hello, world\n"]
)
def test_lines_that_may_be_events_are_read_one_by_one(value: str, tmp_path: Path) -> None:
    found = list(documents(Path("events.jsonl"), io.BytesIO(value.encode())))
    assert [one for _, one in found] == [line.strip().encode() for line in value.split("\n") if line.strip()]


@pytest.mark.parametrize(
    "command", [("assess",), ("submit",), ("cover", "19110000001", "--from")], ids=lambda one: one[0]
)
def test_every_reader_of_files_says_what_a_file_is(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "claims.xlsx").write_bytes(OTHER_FILES["Excel"][0])
    ran = santunan(*command, "claims.xlsx", cwd=tmp_path)
    assert ran.status == (78 if "cover" in command else 1) and ran.out == ""
    assert ran.err.startswith("claims.xlsx is an Excel or Word file; ")


def test_files_beside_one_of_another_kind_go_in(tmp_path: Path) -> None:
    (tmp_path / "claims.csv").write_bytes(OTHER_FILES["CSV"][0])
    ran = santunan("submit", "claims.csv", "-", cwd=tmp_path, given=accident())
    assert (ran.status, ran.out) == (1, "1 event submitted.\n")
    ran = santunan("submit", "--json", "claims.csv", cwd=tmp_path)
    (said,) = map(json.loads, ran.err.splitlines())
    assert (said["line"], said["reason"], said["errors"][0]["field"]) == (None, "NOT_JSON", "file")


def test_bounded_lines_keep_nothing_larger_than_an_event_in_memory() -> None:
    stream = io.BytesIO(b"a" * (5 * MAX_EVENT_BYTES) + b"\nshort\n")
    lines = list(bounded_lines(stream))
    assert [len(line) for line in lines] == [MAX_EVENT_BYTES + 2, 6]
