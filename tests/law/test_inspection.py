"""The logic behind `santunan rules`."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from pipeline.errors import BadRuleBook, NoLaw, NotReady
from pipeline.law.book import PARAMETERS, Book
from pipeline.law.inspection import check, differences, faults, parameter, values_of
from tests.support.parameters import funeral_file

BOOK = Book.load()
day = dt.date.fromisoformat


def names(first: str, second: str) -> list[str]:
    return [one.name for one in differences(BOOK, day(first), day(second))]


def test_a_sound_book_says_what_was_checked() -> None:
    found = check()
    assert faults() == ()
    assert (found.first, found.last, found.days) == (day("2015-07-01"), day("2027-12-31"), 4567)
    assert found.parameters == len(BOOK.parameters) and found.values > found.parameters


def test_an_unsound_book_reports_its_faults_and_is_not_used(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(PARAMETERS, tmp_path / "parameters"))
    path = copy / "funeral.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("rupiah", "rupees"), encoding="utf-8")
    (fault,) = faults(copy)
    assert fault == "funeral.yaml, file: the unit is rupees; it must be `rupiah`"
    with pytest.raises(BadRuleBook):
        check(copy)


def test_a_parameter_is_shown_through_time_or_on_one_day(tmp_path: Path) -> None:
    own = Book.load(instead=funeral_file(tmp_path))
    assert [value.value for value in values_of("funeral", own)] == [3_000_000, 10_000_000]
    for text, amount in (("2019-12-01", 3_000_000), ("2019-12-02", 10_000_000), ("2019-12-03", 10_000_000)):
        assert [value.value for value in values_of("funeral", BOOK, day(text))] == [amount]
    with pytest.raises(NoLaw):
        values_of("funeral", BOOK, day("2015-06-30"))


def test_a_name_that_is_nearly_right_is_answered_with_the_near_ones() -> None:
    assert parameter("funeral", BOOK).unit == "rupiah"
    with pytest.raises(NotReady, match="did you mean funeral"):
        parameter("funerals", BOOK)
    with pytest.raises(NotReady, match="lists them all"):
        parameter("zzz", BOOK)


def test_the_amendment_of_2019_changed_what_it_is_known_for_on_its_first_day() -> None:
    assert names("2019-12-01", "2019-12-02") == [
        "benefit_layer",
        "denture_cap",
        "funeral",
        "glasses_cap",
        "hearing_aid_cap",
        "homecare_cap",
        "homecare_max_months",
        "jkk_death_minimum",
        "jkk_expiry_years",
        "jkm_death",
        "jkm_lines_once_a_person",
        "periodic_monthly",
        "scholarship_cap_child",
        "scholarship_cap_total",
        "scholarship_flat",
        "scholarship_max_children",
        "scholarship_tenure_months",
        "scholarship_yearly",
        "stmb_tranches",
        "transport_cap_air",
        "transport_cap_land",
        "transport_cap_sea",
    ]
    assert names("2019-11-30", "2019-12-01") == names("2019-12-02", "2019-12-03") == []


def test_the_ministers_rule_of_2025_changed_the_procedure_alone() -> None:
    assert names("2025-02-23", "2025-02-24") == [
        "bpu_wait_months",
        "child_work_exceptions",
        "late_report_liability",
        "procedure_layer",
    ]


def tranche(days: int | None, percent: int, marker: str | None = None) -> dict[str, object]:
    return {"days": days, "percent": percent} | ({"marker": marker} if marker else {})


def test_a_difference_has_both_sides_with_references_and_table_rows() -> None:
    found = {one.name: one for one in differences(BOOK, day("2019-12-01"), day("2019-12-02"))}
    funeral = found["funeral"]
    assert (funeral.before.value, funeral.after.value, funeral.entries) == (3_000_000, 10_000_000, ())
    assert funeral.after.reference == "PP 82/2019 art 25, 34"
    assert found["glasses_cap"].before.absent and found["scholarship_flat"].after.absent
    tranches = found["stmb_tranches"].entries
    assert tranches == (
        ("1", tranche(180, 100, "VERIFIED-2"), tranche(360, 100)),
        ("2", tranche(180, 75), tranche(None, 50)),
        ("3", tranche(None, 50), None),
    )
    due = {one.name: one for one in differences(BOOK, day("2020-07-31"), day("2020-08-01"))}["contribution_due_day"]
    before = {"day": 15, "months_after": 1, "moves": "to_the_next_working_day"}
    after = {"day": 30, "months_after": 1, "moves": "to_the_working_day_before"}
    assert due.entries == (("PU", before, after),)


def test_the_law_does_not_differ_from_itself_nor_reach_before_it_began() -> None:
    assert names("2024-07-07", "2024-07-07") == []
    with pytest.raises(NoLaw):
        differences(BOOK, day("2015-06-30"), day("2015-07-01"))


def test_a_percentage_is_shown_as_one_and_not_in_basis_points() -> None:
    [rate, *_] = values_of("contribution_rate_jkk", BOOK)
    assert (rate.value["very_low"], rate.written["very_low"]) == (24, "0.24")
    change = {one.name: one for one in differences(BOOK, day("2020-07-31"), day("2020-08-01"))}["late_fine_percent"]
    assert change.entries == (("PU", "2", "0.5"),)
