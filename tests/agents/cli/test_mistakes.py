"""Commands typed wrong, settings that are wrong, stores that are not there: a sentence and a status, no traceback."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, accident, environment, santunan
from tests.support.parameters import funeral_file


@pytest.mark.parametrize(
    "arguments",
    [
        ("demoo",),
        ("assess",),
        ("assess", "no-such-file"),
        ("assess", "."),
        ("decisions", "--outcome", "NO"),
        ("cover", "unknown"),
        ("cover", "19110000001", "--on", "2199-01-01"),
        ("rules", "show", "--on", "2010-01-01"),
        ("rules", "show", "funeral", "--on", "2010-01-01"),
        ("rules", "diff", "2010-01-01", "2020-01-01"),
        ("replay", "--from", "2026-01-01", "--until", "2025-01-01"),
        ("rules", "show", "--on", "2199-01-01"),
        ("rules", "diff", "2020-01-01", "2199-01-01"),
        ("rules", "check", "--in", "no-such-folder"),
    ],
)
def test_a_command_typed_wrong_ends_with_two(arguments: tuple[str, ...]) -> None:
    ran = santunan(*arguments)
    assert ran.status == 2 and "Traceback" not in ran.err and ran.err and "Value error" not in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("cover", "1", "--on"),
        ("replay", "--from"),
        ("tick",),
        ("rules", "show", "--on"),
        ("rules", "diff"),
    ],
)
def test_a_day_that_is_none_is_shown_how_to_write(arguments: tuple[str, ...]) -> None:
    ran = santunan(*arguments, "20.11.2026")
    assert ran.status == 2 and "20.11.2026 is no day; write it as 2026-11-20" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("decisions",), "There is no such decision"),
        (("referrals",), "Nothing waits"),
        (("dead-letters", "list"), "No refused event is left"),
        (("dead-letters", "list", "--all"), "Nothing was refused"),
    ],
)
def test_where_nothing_was_decided_yet_it_is_said_in_words(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    assert santunan("submit", "-", cwd=tmp_path, given=accident()).status == 0
    ran = santunan(*arguments, cwd=tmp_path)
    assert ran.status == 0 and said in ran.out + ran.err and "─" not in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "JKK-1"),
        ("review", "JKK-1"),
        ("replay",),
        ("dead-letters", "list"),
        ("cover", "19110000001"),
        ("decisions",),
        ("decisions", "--json"),
        ("referrals",),
        ("tick",),
        ("decisions", "--follow"),
        ("dead-letters", "retry", "claims.accidents/0/1"),
        ("dead-letters", "show", "claims.accidents/0/1", "--original"),
        ("login", "officer:siti"),
        ("rules", "impact", "funeral.yaml"),
    ],
)
def test_without_a_store_one_sentence_says_so_and_nothing_is_made(arguments: tuple[str, ...], tmp_path: Path) -> None:
    changed = funeral_file(tmp_path)
    ran = santunan(*arguments, cwd=tmp_path)
    assert (ran.status, ran.out) == (78, "")
    assert len(ran.err.splitlines()) == 1 and "santunan submit" in ran.err
    assert list(tmp_path.iterdir()) == [changed]


def test_an_empty_file_holds_nothing_yet_either(tmp_path: Path) -> None:
    (tmp_path / "santunan.db").touch()
    ran = santunan("decisions", cwd=tmp_path, SANTUNAN_DATABASE_URL="sqlite:///santunan.db")
    assert ran.status == 78 and "is empty, so nothing was submitted yet" in ran.err


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    ran = santunan("doctor", cwd=tmp_path, SANTUNAN_PARTITIONS="many")
    assert ran.status == 78 and "SANTUNAN_PARTITIONS" in ran.err and "Traceback" not in ran.err
    (tmp_path / "santunan.toml").write_text("partition = 1\n")
    assert "partition in santunan.toml): no such setting; correct" in santunan("doctor", cwd=tmp_path).err


def test_a_misspelt_variable_is_found(tmp_path: Path) -> None:
    assert santunan("submit", "-", cwd=tmp_path, given=accident()).status == 0
    well = santunan("doctor", cwd=tmp_path)
    assert well.status == 0 and "1 event waits to be decided" in well.out
    ran = santunan("doctor", cwd=tmp_path, SANTUNAN_BROKER="kafka+chunks://127.0.0.1:1")
    assert ran.status == 1 and "SANTUNAN_BROKER: no such setting" in ran.out


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    ran = santunan(
        "doctor",
        cwd=tmp_path,
        SANTUNAN_DATABASE_URL="postgresql://me:hush-hush@127.0.0.1:1/x",
        SANTUNAN_BROKER_URL="kafka+chunks://127.0.0.1:1",
    )
    assert ran.status != 0 and "hush-hush" not in ran.out + ran.err


@pytest.mark.parametrize("command", ["create", "check"])
def test_the_embedded_file_has_no_topics_to_make(command: str, tmp_path: Path) -> None:
    ran = santunan("topics", command, cwd=tmp_path)
    assert ran.status == 78 and ran.err.startswith("the embedded file makes its topics itself")


@pytest.mark.parametrize("revision", ["9999", "", "-1", "000"])  # as Alembic has it, the last two are revisions
def test_an_unknown_revision_is_named(revision: str, tmp_path: Path) -> None:
    ran = santunan("migrate", "--to", revision, cwd=tmp_path)
    assert (ran.status, ran.out) == (78, "") and revision in ran.err and "the newest revision is" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("submit", "-"),
        ("migrate",),
        ("worker",),
        ("schemas", "--write", "file"),
        ("schemas", "--asyncapi", "file/asyncapi.json"),
        ("services", "up", "--in", "file"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no directory")
    settings = {} if len(arguments) > 2 else {"SANTUNAN_DATABASE_URL": "sqlite:///file/santunan.db"}
    ran = santunan(*arguments, cwd=tmp_path, given=accident(), **settings)
    assert ran.status == 78 and "Traceback" not in ran.err
    assert re.search(r"\bfile(/asyncapi.json)?: (File exists|Not a directory); ", ran.err), ran.err


def test_a_full_disk_is_no_bug() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(  # noqa: S603
            [*PROGRAM, "rules", "show"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env=environment(),
        )
    assert done.returncode == 75 and "Traceback" not in done.stderr
    assert done.stderr.startswith("the disk is full") and done.stderr.count("\n") == 1


def test_a_day_that_is_not_over_cannot_be_ticked(tmp_path: Path) -> None:
    assert santunan("submit", "-", cwd=tmp_path, given=accident()).status == 0
    ran = santunan("tick", "2099-01-01", cwd=tmp_path)
    assert ran.status == 78 and "not over yet" in ran.err
