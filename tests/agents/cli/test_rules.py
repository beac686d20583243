"""`santunan rules`: the law, checked, shown and compared."""

from pathlib import Path

import pytest

from pipeline.law.book import PARAMETERS
from tests.support.command_line import WIDTH, santunan


def test_the_rule_book_is_sound() -> None:
    ran = santunan("rules", "check", "--json")
    assert ran.status == 0 and ran.rows[0]["parameters"] > 50


def test_a_fault_is_reported_without_a_traceback(tmp_path: Path) -> None:
    for file in PARAMETERS.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    changed = tmp_path / "funeral.yaml"
    changed.write_text(changed.read_text().replace("rupiah", "dollars", 1))
    ran = santunan("rules", "check", "--in", str(tmp_path))
    assert ran.status == 78 and "funeral.yaml" in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("day", "amount"),
    [
        ("2019-12-01", 3_000_000),
        ("2019-12-02", 10_000_000),
        ("2019-12-03", 10_000_000),
    ],
)
def test_a_parameter_is_shown_as_it_was_on_a_day(day: str, amount: int) -> None:
    assert santunan("rules", "show", "funeral", "--on", day, "--json").rows[0]["value"] == amount


def test_a_misspelt_parameter_is_guessed() -> None:
    assert "did you mean funeral?" in santunan("rules", "show", "funerall").err


def test_two_days_of_different_law_differ() -> None:
    names = {row["name"] for row in santunan("rules", "diff", "2019-12-01", "2019-12-02", "--json").rows}
    assert {"funeral", "jkm_death", "stmb_tranches"} <= names


def test_the_day_after_a_change_nothing_changes() -> None:
    assert santunan("rules", "diff", "2019-12-02", "2019-12-03", "--json").rows == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("show",),
        ("diff", "2019-12-01", "2019-12-02"),
        ("show", "disability_table"),
    ],
)
def test_tables_fit_eighty_columns(arguments: tuple[str, ...]) -> None:
    lines = santunan("rules", *arguments).out.splitlines()
    assert max(len(line.rstrip()) for line in lines if "  " in line.strip()) <= WIDTH
