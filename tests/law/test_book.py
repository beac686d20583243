import datetime as dt
import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.errors import BadRuleBook, NoLaw
from pipeline.law.book import FIRST_DAY, PARAMETERS, Book
from pipeline.law.declarations import SHAPES, Law
from pipeline.law.parameter_file import ParameterFile
from tests.support.parameters import FUNERAL, FUNERAL_B1, FUNERAL_B2, funeral_file

BOOK = Book.load()
day = dt.date.fromisoformat


def faults_of(name: str, change: Callable[[str], str]) -> list[str]:
    """The faults of the tests' funeral.yaml, or of one of our files, after a change."""
    before = FUNERAL if name == "funeral" else (PARAMETERS / f"{name}.yaml").read_text(encoding="utf-8")
    after = change(before)
    assert after != before, "the change changes nothing"
    return ParameterFile(name, after, FIRST_DAY).faults


def replacing(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


# A slip in funeral.yaml, and the words that the sentence about it must hold.
PLANTED = {
    "late start": (replacing("2015-07-01", "2015-07-02"), "2015-07-02", "starts late"),
    "early start": (replacing("2015-07-01", "2015-06-30"), "2015-06-30", "lies before"),
    "double date": (replacing("2019-12-02", "2015-07-01"), "line 5", "2015-07-01 stands twice"),
    "unordered dates": (
        lambda text: text.replace(FUNERAL_B1 + FUNERAL_B2, FUNERAL_B2 + FUNERAL_B1),
        "2015-07-01",
        "stands after 2019-12-02",
    ),
    "no reference": (replacing('reference: "PP 82/2019 art 25, 34", ', ""), "2019-12-02", "reference is missing"),
    "empty reference": (replacing('"PP 82/2019 art 25, 34"', '" "'), "2019-12-02", "reference is missing"),
    "no marker": (replacing(", marker: VERIFIED-2}\nchecked", "}\nchecked"), "2019-12-02", "marker is missing"),
    "unknown marker": (replacing("marker: VERIFIED-2}\nchecked", "marker: SURE}\nchecked"), "2019-12-02", "SURE"),
    "wrong unit": (replacing("unit: rupiah", "unit: months"), "file", "must be `rupiah`"),
    "no unit": (replacing("unit: rupiah\n", ""), "file", "must be `rupiah`"),
    "float": (replacing("10_000_000", "10_000_000.5"), "2019-12-02 (line 5)", "float"),
    "a number as text": (replacing("10_000_000", '"10000000"'), "2019-12-02", "whole rupiah"),
    "a truth value": (replacing("10_000_000", "true"), "2019-12-02", "whole rupiah"),
    "negative": (replacing("10_000_000", "-1"), "2019-12-02", "whole rupiah"),
    "more than the wire lets in": (replacing("10_000_000", "1_000_000_000_001"), "2019-12-02", "whole rupiah"),
    "octal": (replacing("10_000_000", "010"), "2019-12-02 (line 5)", "cannot be read"),
    "minutes instead of a number": (replacing("10_000_000", "10:30"), "2019-12-02 (line 5)", "cannot be read"),
    "a month that is not": (replacing("2019-12-02", "2019-13-02"), "line 5", "no day of the calendar"),
    "a day that is not": (replacing("2019-12-02", "2019-02-29"), "line 5", "no day of the calendar"),
    "a digit short": (replacing("2019-12-02", "2019-12-2"), "2019-12-2", "no date"),
    "a year far off": (replacing("2019-12-02", "2109-12-02"), "2109-12-02", "year"),
    "duplicate key": (replacing("unit: rupiah", "unit: rupiah\nunit: rupiah"), "line 3", "stands twice"),
    "duplicate key of a value": (
        replacing("{value: 10_000_000", "{value: 1, value: 10_000_000"),
        "2019-12-02 (line 5)",
        "value stands twice",
    ),
    "unknown key": (replacing("unit:", "remark: soon more\nunit:"), "file", "remark"),
    "unknown key of a value": (
        replacing("{value: 10_000_000", "{valid: true, value: 10_000_000"),
        "2019-12-02",
        "valid",
    ),
    "no checked_on": (replacing("checked_on: 2026-11-22\n", ""), "file", "checked_on"),
    "checked_on no date": (replacing("checked_on: 2026-11-22", "checked_on: lately"), "file", "checked_on"),
    "no description": (lambda text: text.split("\n", 1)[1], "file", "description"),
    "no value": (replacing("value: 10_000_000, ", ""), "2019-12-02", "value is missing"),
    "absent, where it cannot be": (replacing("value: 10_000_000", "absent: true"), "2019-12-02", "cannot be absent"),
    "absent and a value": (replacing("value: 10_000_000", "value: 10_000_000, absent: true"), "2019-12-02", "either"),
    "no values": (lambda text: text.split("values:")[0] + "checked_on: 2026-11-22\n", "file", "values"),
    "not YAML": (replacing("unit: rupiah", "unit: [rupiah"), "line", "not YAML"),
    "an anchor": (replacing("value: 10_000_000", "value: &a 10_000_000"), "line 5", "anchors and aliases"),
    "an anchor of a mapping": (replacing("values:", "values: &a"), "line 3", "anchors and aliases"),
    "an alias of nothing": (replacing("value: 10_000_000", "value: *a"), "line 5", "anchors and aliases"),
    "an alias as a key": (replacing("unit: rupiah", "unit: &u rupiah\n*u : x"), "line 2", "anchors and aliases"),
    "a list that holds itself": (replacing("unit: rupiah", "unit: &u [*u]"), "line 2", "anchors and aliases"),
    "a few that unfold without end": (
        lambda text: (
            text
            + "a0: &a0 [1, 1]\n"
            + "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 30))
        ),
        "line",
        "anchors and aliases",
    ),
    "a nest without end": (replacing("unit: rupiah", f"unit: {'[' * 999}{']' * 999}"), "file", "nested deeper"),
    "a nest beyond YAML's own": (replacing("unit: rupiah", f"unit: {'[' * 99_999}"), "line", "not YAML"),
    "a character YAML forbids": (replacing("unit: rupiah", "unit: rupiah\x07"), "", "YAML"),
}


@pytest.mark.parametrize("slip", PLANTED)
def test_the_loader_finds_a_planted_fault_and_says_where_and_what_to_do(slip: str) -> None:
    change, place, word = PLANTED[slip]
    found = faults_of("funeral", change)
    assert [fault for fault in found if fault.startswith(f"funeral.yaml, {place}") and word in fault], found
    for fault in found:
        assert "\n" not in fault and re.search(r"[;:] \S", fault), "one sentence with what to do"


TABLE_SLIPS = {
    "a percentage as a float": ("disability_table", replacing('percent: "4.5"', "percent: 4.5"), "float"),
    "a percentage with a comma": ("disability_table", replacing('"4.5"', '"4,5"'), "percentage"),
    "a percentage above 100": ("disability_table", replacing('"4.5"', '"145"'), "at most 100"),
    "a mirror that names another row": (
        "disability_table",
        replacing("mirror: thumb_right", "mirror: big_toe"),
        "mirror",
    ),
    "a row's marker unknown": ("disability_table", replacing("marker: RECALLED", "marker: SURE"), "one of"),
    "a row's kind unknown": ("disability_table", replacing("kind: range", "kind: guess"), "one of"),
    "an income bound that falls": ("bpu_income_table", replacing("from: 1_300_000", "from: 1_000_000"), "rise"),
    "a table that does not begin at 0": ("bpu_income_table", replacing("{from: 0,", "{from: 1,"), "from: 0"),
    "an unknown key of a row": ("bpu_income_table", replacing("base: 1_000_000}", "base: 1_000_000, tax: 1}"), "tax"),
    "a level of schooling left out": ("scholarship_yearly", lambda text: re.sub(r"      SMP.*\n", "", text), "SMP"),
    "a holiday of another year": ("public_holidays", replacing("- 2019-12-25", "- 2018-12-25"), "order"),
    "a holiday twice": ("public_holidays", replacing("- 2019-12-25", "- 2019-11-09"), "once"),
    "a holiday that is no date": ("public_holidays", replacing("- 2019-12-25", "- Christmas"), "dates"),
    "a year without holidays": (
        "public_holidays",
        lambda text: re.sub(r"  2019-01-01:\n(    .*\n)+", "", text),
        "the dates of 2019 are missing",
    ),
    "the holidays of next year not known": (
        "public_holidays",
        lambda text: re.sub(r"  2027-01-01:\n(    .*\n)+", "", text),
        "the dates of 2027 are missing",
    ),
    "a list instead of a table": (
        "contribution_rate_jkk",
        lambda text: re.sub(r"value:\n(      .*\n)+", "value: [1]\n", text),
        "mapping",
    ),
}


@pytest.mark.parametrize("slip", TABLE_SLIPS)
def test_the_loader_finds_a_fault_inside_a_table(slip: str) -> None:
    name, change, word = TABLE_SLIPS[slip]
    found = faults_of(name, change)
    assert [fault for fault in found if word in fault], found


def test_a_holiday_filed_under_the_wrong_year_is_found() -> None:
    found = faults_of("public_holidays", replacing("- 2019-01-01", "- 2018-12-31"))
    assert any("2018-12-31 does not lie in 2019" in fault for fault in found), found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PARAMETERS, tmp_path / "parameters"))


def test_a_bad_book_names_every_fault_of_every_file_at_once(copy: Path) -> None:
    (copy / "funeral.yaml").write_text("unit: rupees\n", encoding="utf-8")
    (copy / "jkm_death.yaml").unlink()
    (copy / "bonus.yaml").write_text("unit: rupiah\n", encoding="utf-8")
    (copy / "glasses_cap.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadRuleBook) as error:
        Book.load(copy)
    report = "\n".join(error.value.faults)
    for word in ("funeral.yaml", "jkm_death.yaml, file: it is missing", "bonus.yaml", "glasses_cap.yaml"):
        assert word in report and word in str(error.value)


def test_every_declaration_has_its_file_and_every_file_its_declaration() -> None:
    files = {path.stem for path in PARAMETERS.glob("*.yaml")}
    declared = {one.name for one in fields(Law) if one.init}
    assert declared == set(SHAPES) == files == set(BOOK.parameters)


def test_a_law_holds_each_value_under_the_name_of_its_file() -> None:
    law = BOOK.on(day("2024-07-07"))
    for name, parameter in BOOK.parameters.items():
        assert getattr(law, name) is parameter.on(day("2024-07-07"))


def test_every_parameter_answers_on_every_day_to_the_end_of_next_year() -> None:
    assert BOOK.through == day("2027-12-31")
    on = BOOK.first_day
    while on <= BOOK.through:
        law = BOOK.on(on)
        for name in SHAPES:
            value = getattr(law, name)
            assert value.since <= on and value.absent is (value.value is None)
        on += dt.timedelta(days=1)


def test_a_value_is_in_force_from_its_start_day_and_not_before() -> None:
    for parameter in BOOK.parameters.values():
        for before, after in zip(parameter.values, parameter.values[1:], strict=False):
            assert getattr(BOOK.on(after.since), parameter.name) is parameter.on(after.since) is after
            assert parameter.on(after.since - dt.timedelta(days=1)) is before


def test_before_the_book_begins_the_law_has_a_version_and_no_values() -> None:
    assert BOOK.rule_version(day("2015-06-30")) == "B0_PP14_1993"
    assert BOOK.find(day("2015-06-30")) is None
    with pytest.raises(NoLaw, match="2015-06-30"):
        BOOK.on(day("2015-06-30"))
    for name, parameter in BOOK.parameters.items():
        with pytest.raises(NoLaw, match=f"no value of {name} on 2015-06-30"):
            parameter.on(day("2015-06-30"))


@pytest.mark.parametrize(
    ("on", "version"),
    [
        ("2015-06-30", "B0_PP14_1993"),
        ("2015-07-01", "B1_PP44+P1_PMK26_2015"),
        ("2015-07-02", "B1_PP44+P1_PMK26_2015"),
        ("2019-12-01", "B1_PP44+P1_PMK26_2015"),
        ("2019-12-02", "B2_PP82+P1_PMK26_2015"),
        ("2019-12-03", "B2_PP82+P1_PMK26_2015"),
        ("2021-03-31", "B2_PP82+P1_PMK26_2015"),
        ("2021-04-01", "B2_PP82+P2_PMK5_2021"),
        ("2021-04-02", "B2_PP82+P2_PMK5_2021"),
        ("2025-02-23", "B2_PP82+P2_PMK5_2021"),
        ("2025-02-24", "B2_PP82+P3_PMK1_2025"),
        ("2025-02-25", "B2_PP82+P3_PMK1_2025"),
    ],
)
def test_the_rule_version_names_both_layers_of_the_day(on: str, version: str) -> None:
    assert BOOK.rule_version(day(on)) == version


def test_a_benefit_that_did_not_exist_is_absent_and_not_zero() -> None:
    for name in ("hearing_aid_cap", "glasses_cap", "homecare_cap", "homecare_max_months", "scholarship_yearly"):
        parameter = BOOK.parameters[name]
        assert parameter.on(day("2019-12-01")).absent and not parameter.on(day("2019-12-02")).absent
    assert not BOOK.on(day("2019-12-01")).scholarship_flat.absent
    assert BOOK.on(day("2019-12-02")).scholarship_flat.absent


def test_the_tables_hold_what_the_annexes_say() -> None:
    law = BOOK.on(day("2024-07-07"))
    table = law.disability_table.value
    assert len(table) == 46 and sorted(row["row"] for row in table.values()) == list(range(1, 47))
    assert table["index_first_phalanx_right"]["percent"] == 450
    assert (table["scalp_avulsion"]["min"], table["scalp_avulsion"]["max"]) == (1000, 3000)
    assert table["impotence"]["kind"] == "always_refer"
    incomes = law.bpu_income_table.value
    assert len(incomes) == 33 and incomes[0] == {"from": 0, "base": 1_000_000}
    assert incomes[-1] == {"from": 20_200_000, "base": 20_700_000}


def test_the_sums_of_the_law_add_up_as_published() -> None:
    for on, jkm_total in (("2019-12-01", 24_000_000), ("2019-12-02", 42_000_000)):
        law = BOOK.on(day(on))
        periodic = law.periodic_months.value * law.periodic_monthly.value
        assert law.jkm_death.value + periodic + law.funeral.value == jkm_total
    law = BOOK.on(day("2024-01-01"))
    cap_child, cap_total = law.scholarship_cap_child.value, law.scholarship_cap_total.value
    assert law.scholarship_max_children.value * cap_child == cap_total
    levels = [law.scholarship_yearly.value[level] for level in ("SD", "SMP", "SMA", "PT")]
    assert sum(level["amount"] * level["max_years"] for level in levels) == cap_child


def test_a_file_can_replace_the_one_of_its_name_to_try_a_change(tmp_path: Path) -> None:
    other = Book.load(instead=funeral_file(tmp_path, 12_000_000))
    assert other.on(day("2024-01-01")).funeral.value == 12_000_000
    assert Book.load().on(day("2024-01-01")).funeral.value == 10_000_000
    assert other.fingerprint != BOOK.fingerprint
    untouched, own = other.parameters["jkm_death"].values, BOOK.parameters["jkm_death"].values
    assert [(one.value, one.since) for one in untouched] == [(one.value, one.since) for one in own]


def test_the_fingerprint_is_that_of_the_files(copy: Path) -> None:
    assert Book.load(copy).fingerprint == BOOK.fingerprint
    assert len(bytes.fromhex(BOOK.fingerprint)) == hashlib.sha256().digest_size
    with (copy / "funeral.yaml").open("a", encoding="utf-8") as file:
        file.write("# seen\n")
    assert Book.load(copy).fingerprint != BOOK.fingerprint


def test_the_own_book_is_read_once_and_a_day_costs_a_look_up() -> None:
    assert Book.load() is BOOK
    assert BOOK.on(day("2024-01-01")) is BOOK.on(day("2024-01-01"))


def test_reading_the_whole_book_is_quick() -> None:
    started = time.perf_counter()
    Book.load(PARAMETERS)
    assert time.perf_counter() - started < 1.5  # measured at 0.02 s; wide, since the machine may be busy


def test_a_sign_of_an_alias_inside_a_text_is_none() -> None:
    assert faults_of("funeral", replacing("unit: rupiah", "unit: rupiah  # R&D *a")) == []
    assert faults_of("funeral", lambda text: re.sub("description: .*", "description: 'cost & *care*'", text)) == []
