"""`santunan members import`: who says who he is, what is written where, and what is refused."""

import stat
from pathlib import Path

import pytest

from agents.imports.reader import read_sheet
from pipeline.enrolment.columns import COLUMNS
from tests.support.command_line import santunan
from tests.support.member_sheets import as_csv, good_rows

AS = ("--as", "cooperative:maju")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a FILE"),
        (("anggota.csv",), "say who you are"),
        (("anggota.csv", "--as", "maju"), "is no kind of principal"),
        (("anggota.csv", "--as", "clinic:maju"), "NOT_ALLOWED"),
        (("nowhere.csv", *AS), "no such file"),
    ],
)
def test_what_is_missing_is_said(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "anggota.csv").write_bytes(as_csv(good_rows(2)))
    ran = santunan("members", "import", *arguments, cwd=tmp_path)
    assert ran.status in (1, 2) and said in " ".join(ran.err.split())


def test_a_picture_is_refused_with_a_sentence_in_the_language_asked_for(tmp_path: Path) -> None:
    (tmp_path / "anggota.xlsx").write_bytes(b"\x89PNG\r\n")
    for language, said in (("id", "bukan daftar Excel"), ("en", "no Excel or CSV list")):
        ran = santunan("members", "import", "anggota.xlsx", *AS, "--lang", language, cwd=tmp_path)
        assert ran.status == 1 and said in ran.err and ran.out == ""


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_template_has_every_column_that_is_read(ending: str, language: str, tmp_path: Path) -> None:
    file = tmp_path / f"t.{ending}"
    assert santunan("members", "import", "--template", str(file), "--lang", language, cwd=tmp_path).status == 0
    with read_sheet(file.read_bytes(), COLUMNS) as sheet:
        assert list(sheet.header.places) == [column.name for column in COLUMNS] and list(sheet.rows()) == []


def test_the_sheet_to_correct_is_of_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "anggota.csv").write_bytes(as_csv(good_rows(3)))
    assert santunan("members", "import", "anggota.csv", *AS, "--faults-to", "p.csv", cwd=tmp_path).status == 0
    assert stat.S_IMODE((tmp_path / "p.csv").stat().st_mode) == 0o600


def test_each_row_is_a_line_of_json_with_the_contribution_to_expect(tmp_path: Path) -> None:
    (tmp_path / "anggota.csv").write_bytes(as_csv(good_rows(12)))
    ran = santunan("members", "import", "anggota.csv", *AS, "--json", cwd=tmp_path)
    *rows, report = ran.rows
    assert [row["row"] for row in rows] == list(range(2, 14)) and {row["status"] for row in rows} == {"good"}
    assert sum(row["expected"]["amount"] for row in rows) == report["contributions"]["amount"] > 0
    assert all(one["Nomor KPJ"] not in ran.out and one["NIK"] not in ran.out for one in good_rows(12))


def test_without_the_extra_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ran = santunan("members", "import", "--template", "t.csv", cwd=tmp_path)
    assert ran.status == 78 and "santunan[sheets]" in ran.err
