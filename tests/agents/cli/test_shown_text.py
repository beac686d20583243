"""What comes from a topic or a store is shown and not obeyed: every command, with hostile values in every column."""

import json
import re
import shutil
import sqlite3
import unicodedata
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from agents.cli.commands import SECTIONS
from agents.terminal import plain, plain_json
from pipeline.law.book import PARAMETERS
from pipeline.messages.records import Message
from pipeline.store.embedded_log import Log
from pipeline.store.tables import metadata
from schemas import topics
from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.site import Site

MARKUP = "[bold red]x[/][/nonsense]"
HOSTILE = f"\x1b]0;owned\x07\x1b[2J\x9b2J\u202e\u200b\U000e0041\x7f\r{MARKUP}"
OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
SHOWING = (
    ("decisions",),
    ("decisions", "--json"),
    ("decisions", "--claim", "K2"),
    ("decisions", "--outcome", "APPROVED", "--json"),
    ("explain", "K1"),
    ("explain", "K1", "--json"),
    ("explain", "K1", "--revision", "1"),
    ("history", "K1"),
    ("history", "K1", "--json"),
    ("history", "K1", "--known-on", "2026-01-01"),
    ("referrals",),
    ("referrals", "--json"),
    ("review", "K2"),
    ("dead-letters", "list"),
    ("dead-letters", "list", "--json"),
    ("dead-letters", "show", "history.events/0/6"),
    ("dead-letters", "show", "history.events/0/6", "--json"),
    ("cover", e.NUMBER),
    ("cover", e.NUMBER, "--json"),
    ("cover", e.NUMBER, "--on", "2024-07-07", "--known-on", "2024-07-08"),
    ("replay",),
    ("replay", "--json"),
    ("replay", "--from-topics"),
    ("doctor", "--deep"),
    ("doctor", "--deep", "--json"),
    ("ledger",),
    ("ledger", "verify"),
    ("ledger", "verify", "--json"),
    ("coverage",),
    ("coverage", "--json"),
    ("calls", "--as", "office:tangerang"),
    ("signals", "--as", "auditor:ani"),
    ("statistics",),
    ("statistics", "--json"),
    ("protection", "--as", "office:tangerang"),
    ("rules", "impact", str(PARAMETERS / "funeral.yaml")),
)
OF_OUR_OWN = {
    "receipt",
    "access",
    "conformance",
    "gateway",
    "login",
    "logout",
    "webhooks",
    "demo",
    "run",
    "worker",
    "tick",
    "migrate",
    "topics",
    "services",
    "bench",
    "schemas",
    "backup",
    "dossier",
    "restore",
}
OF_FILES = {"members", "contributions", "claims", "known", "submit", "assess"}
TEXTS = [
    (table.name, column.name)
    for table in metadata.sorted_tables
    for column in table.columns
    if column.type.python_type in (str, bytes) and table.name not in ("alembic_version", "positions", "chunks")
]
Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """The status of a command, and all it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        ran = santunan(*arguments, cwd=tmp_path, SANTUNAN_DATABASE_URL=f"sqlite:///{tmp_path}/santunan.db")
        return ran.status, ran.out + ran.err

    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A claim that is approved, one that waits for an officer, and an event that was refused."""
    file = tmp_path_factory.mktemp("shown") / "santunan.db"
    site = Site(f"sqlite:///{file}", partitions=1)
    site.run(*e.member(), e.accident("K1"), e.accident("K2", "2024-09-09", conclusion=None), b"no event")
    site.run(e.day_passed("2025-06-30"))
    site.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


@pytest.fixture(scope="module")
def readers(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, ...]]]:
    """By table: the commands that read it."""
    folder = tmp_path_factory.mktemp("readers")
    shutil.copyfile(whole, folder / "santunan.db")
    found: dict[str, list[tuple[str, ...]]] = {table.name: [] for table in metadata.sorted_tables}
    connect = sqlite3.connect
    for command in SHOWING:
        statements: list[str] = []

        def traced(*arguments: Any, _kept: list[str] = statements, **options: Any) -> sqlite3.Connection:
            made = connect(*arguments, **options)
            made.set_trace_callback(_kept.append)
            return made

        with patch("sqlite3.connect", traced), patch("sqlite3.dbapi2.connect", traced):
            santunan(*command, cwd=folder, SANTUNAN_DATABASE_URL=f"sqlite:///{folder}/santunan.db")
        words = set(re.findall(r"\w+", " ".join(statements)))
        assert words & found.keys(), command
        for table in words & found.keys():
            found[table].append(command)
    return found


def require_shown(printed: str, *, where: object = "") -> None:
    obeyed = {one for one in printed if one != "\n" and unicodedata.category(one) in OBEYED}
    assert not obeyed, f"{where}: {sorted(map(ascii, obeyed))}"
    assert "MarkupError" not in printed, where
    if "owned" in printed and "Traceback" not in printed:  # a library's error shows a part of the value
        assert "".join(MARKUP.split()) in "".join(printed.split()).replace("\\\\", "\\"), f"{where}: read as markup"


def test_every_command_is_tried_or_shows_nothing_of_others() -> None:
    commands = {name for names in SECTIONS.values() for name in names}
    assert {command[0] for command in SHOWING} | OF_OUR_OWN | OF_FILES == commands


def test_there_is_something_to_show(whole: Path, tmp_path: Path, ask: Ask) -> None:
    shutil.copyfile(whole, tmp_path / "santunan.db")
    for command in SHOWING:
        status, printed = ask(*command)
        assert status == 0 and printed.strip(), (command, printed)


@pytest.mark.parametrize(("table", "column"), TEXTS)
def test_no_command_obeys_what_is_in_a_column(
    table: str, column: str, whole: Path, readers: dict[str, list[tuple[str, ...]]], tmp_path: Path, ask: Ask
) -> None:
    shutil.copyfile(whole, tmp_path / "santunan.db")
    with closing(sqlite3.connect(tmp_path / "santunan.db")) as connection, connection:
        connection.create_function("hostile", 1, hostile)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        where = f'"{column}" IS NOT NULL' + (" AND topic LIKE 'claims.decisions'" if table == "log" else "")
        connection.execute(f'UPDATE "{table}" SET "{column}" = hostile("{column}") WHERE {where}')  # noqa: S608
    for command in readers[table]:
        _, printed = ask(*command)
        require_shown(printed, where=command)


def hostile(value: str | bytes) -> str | bytes:
    """The value with hostile text behind it; of JSON, behind each of its texts."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    try:
        changed = json.dumps(_hostile(json.loads(text)), ensure_ascii=False)
    except ValueError:
        changed = text + HOSTILE
    return changed.encode() if isinstance(value, bytes) else changed


def _hostile(value: object) -> object:
    if isinstance(value, dict):
        return {name: _hostile(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_hostile(one) for one in value]
    return value + HOSTILE if isinstance(value, str) and value not in ("APPROVED", "REFERRED", "PENDING") else value


def test_forged_decisions_are_shown_or_left_out(whole: Path, tmp_path: Path, ask: Ask) -> None:
    shutil.copyfile(whole, tmp_path / "santunan.db")
    data = {"decided_at": "2026-11-28", "claim_id": f"F1{HOSTILE}", "revision": 1, "outcome": "APPROVED"}
    whole_data = data | {"reason_codes": [f"OK{HOSTILE}"], "total": 5}
    forged = [{"data": whole_data}, {"data": data}, {"data": whole_data | {"outcome": MARKUP}}, {}, [], None]
    values = [json.dumps(one, ensure_ascii=False).encode() for one in forged] + [b"", b"\xff\x1b[2J", b"{"]
    values.append(b'{"data":\r\n' + json.dumps(whole_data).encode() + b"\n}")
    log = Log(tmp_path / "santunan.db")
    log.append([Message(topics.DECISIONS, b"k", value) for value in values])
    log.close()
    status, printed = ask("decisions")
    require_shown(printed)
    assert status == 0 and printed.count("is no decision, and is left out") == 8
    status, printed = ask("decisions", "--json")
    require_shown(printed)
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [row["data"]["claim_id"] for row in rows[-2:]] == [f"F1{HOSTILE}"] * 2


@pytest.mark.parametrize("command", ["submit", "assess"])
def test_a_file_is_refused_without_being_obeyed(command: str, tmp_path: Path, ask: Ask) -> None:
    lines = [
        e.raw(e.accident() | {"id": HOSTILE}),
        e.raw(e.accident() | {HOSTILE: 1}),
        e.raw(e.accident(f"K{HOSTILE}")),
        e.raw(e.accident(accident={"occurred_at": HOSTILE})),
        HOSTILE.encode(),
    ]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    status, printed = ask(command, "events.jsonl")
    require_shown(printed)
    assert status == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("jatuh dari atap\n\tkedua", "jatuh dari atap\n\tkedua"),
        ("Rp5 · Siti Nurhaliza, é", "Rp5 · Siti Nurhaliza, é"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b2J\u202e\u2028", "\\x9b2J\\u202e\\u2028"),
        ("\U000e0041\ud800", "\\U000e0041\\ud800"),
    ],
)
def test_text_is_shown_as_it_is_but_for_what_a_terminal_would_obey(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["a", HOSTILE, "\U000e0041", "é", "\n\t"])
def test_json_keeps_its_meaning_on_one_line(text: str) -> None:
    found = plain_json(json.dumps({"a": text}, ensure_ascii=False, indent=1).encode())
    assert json.loads(found) == {"a": text} and b"\n" not in found
    assert not {one for one in found.decode() if unicodedata.category(one) in OBEYED}
