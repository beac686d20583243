"""Members written out as the sheet that an import reads: what came in goes out, and coming in again changes nothing."""

import datetime as dt
import io
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from agents.imports.intake import Desk
from agents.imports.reader import read_sheet
from agents.imports.tables import csv_of, xlsx_of
from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.enrolment.columns import BY_NAME, COLUMNS, SPELLED, spelling_of
from pipeline.enrolment.rows import read_row
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.member_export import export_members
from pipeline.sheets.headers import normal
from pipeline.store.access_rows import AuditRecord
from tests.contract.conftest import MakeSite
from tests.support import events as e
from tests.support.front import front_of
from tests.support.member_sheets import as_csv, good_rows, nik_of
from tests.support.site import Site

COOPERATIVE, RIVAL = new_principal("cooperative", "maju"), new_principal("cooperative", "jaya")
OFFICE, OFFICER = new_principal("office", "tangerang"), new_principal("officer", "rina")
BPU = {
    "name": "Siti",
    "segment": "BPU",
    "declared_income": 2_000_000,
    "programs": [{"program": "JKK", "since": "2019-11-01"}, {"program": "JKM", "since": "2019-11-01"}],
    "registered_on": "2019-11-01",
}
NOT_KEPT = {"sex", "decision"}
_turns = count()
Values = dict[str, Any]


def imported(front: FrontOffice, data: bytes, by: Any = COOPERATIVE) -> dict[str, Any]:
    with read_sheet(data, COLUMNS) as sheet:
        return Desk(front, by, confirms=True).check(sheet, "id")


def exported(front: FrontOffice, kind: str = "csv", by: Any = COOPERATIVE, **asked: Any) -> bytes:
    found = export_members(front, by, **asked)
    return csv_of(found.titles, found.rows) if kind == "csv" else xlsx_of("Daftar", found.titles, found.rows)


def values_in(data: bytes) -> list[Values]:
    """What an import reads, row by row."""
    with read_sheet(data, COLUMNS) as sheet:
        return [read_row(row, sheet.american).values for row in sheet.rows()]


def sheet_of(rows: list[Values]) -> bytes:
    """As a program writes it: every text harmless, so that one that begins with `=` is read as it is."""
    return csv_of([BY_NAME[name].title for name in BY_NAME], [[row.get(name) for name in BY_NAME] for row in rows])


def choices(column: str) -> st.SearchStrategy[str | None]:
    words = sorted({spelling_of(column, value, "id") for value in SPELLED[column].values()})
    return st.none() | st.sampled_from(words)


LETTERS = st.characters(categories=("L", "Nd", "Zs"), include_characters="=+-@'\"#;,.()/&!\t")
TEXTS = st.text(LETTERS, min_size=1, max_size=30).filter(lambda text: normal(text) != "" and text.strip()[:1] != "#")
INCOMES = st.integers(1, 10**11)


@st.composite
def persons(draw: st.DrawFn, at: int) -> Values:
    """The `at`-th person of a sheet: good, and with whatever the columns take; without numbers."""
    born, sex = dt.date(1970, 1, 1) + dt.timedelta(days=37 * at + draw(st.integers(0, 30))), draw(st.sampled_from("LP"))
    segment = draw(st.sampled_from(("BPU", "PU", "JAKON", "PMI")))
    row: Values = {
        "nik": sex,
        "name": draw(TEXTS),
        "birth_date": born,
        "sex": draw(st.sampled_from((None, sex))),
        "segment": segment,
        "registered_on": dt.date(2025, 7, 1) + dt.timedelta(days=draw(st.integers(0, 60))),
        "programs": draw(st.sampled_from(("JKK, JKM", "JKM + JKK"))),
        "wage_basis": draw(choices("wage_basis")),
        "sector": draw(choices("sector")),
        "funded_by": draw(choices("funded_by")),
        "risk_class": draw(choices("risk_class")),
        "employer_number": draw(st.none() | st.from_regex(r"[0-9A-Z]{8}", fullmatch=True)),
        "employer_name": draw(st.none() | TEXTS),
        "channel": draw(st.none() | TEXTS),
        "region": draw(st.none() | TEXTS),
        "decision": "tetap",
    }
    if segment != "PMI":
        row["income"] = draw(INCOMES)
    if segment == "PU":
        row |= {"scale": "menengah", "programs": "JKK, JKM, JHT, JP"}
    return row


@pytest.fixture(scope="module")
def one_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(f"sqlite:///{tmp_path_factory.mktemp('export')}/santunan.db")
    yield site
    site.close()


PEOPLE = st.integers(1, 5).flatmap(lambda size: st.tuples(*(persons(at) for at in range(size))).map(list))


@given(rows=PEOPLE, kind=st.sampled_from(("csv", "xlsx")), turn=st.randoms(use_true_random=False))
@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
def test_an_export_gives_the_sheet_back_and_changes_nothing(
    one_site: Site, rows: list[Values], kind: str, turn: Any
) -> None:
    number, front = next(_turns), front_of(one_site)
    by = new_principal("cooperative", f"maju-{number}")  # of its own each time, so that one store does for all
    for at, row in enumerate(rows, number * 10):
        row |= {"member_number": f"{19_110_000_000 + at}", "nik": nik_of(row["birth_date"], row["nik"], at + 1)}
    turn.shuffle(rows)
    data = sheet_of(rows)
    found = imported(front, data, by)
    assert found["counts"]["good"] == len(rows), found["faults"]
    one_site.run()
    written = [{name: value for name, value in row.items() if name not in NOT_KEPT} for row in values_in(data)]
    back = exported(front, kind, by)
    assert values_in(back) == sorted(written, key=lambda row: str(row["member_number"]))
    again = imported(front, back, by)
    assert again["counts"]["unchanged"] == len(rows) and again["sent"]["taken"] == 0, again["faults"]
    assert again["unread"] == []
    one_site.run()
    assert values_in(exported(front, "csv", by)) == values_in(back)


def test_a_cooperative_gets_its_own_members_alone_and_each_time_is_on_record(make_site: MakeSite) -> None:
    site, records = make_site(), list[AuditRecord]()
    front = front_of(site, records=records)
    for by, rows in ((COOPERATIVE, good_rows(3)), (RIVAL, good_rows(2, 50)), (OFFICE, good_rows(1, 90))):
        imported(front, as_csv(rows), by)
    site.run()
    numbers = {by.name: [row["member_number"] for row in values_in(exported(front, by=by))]
               for by in (COOPERATIVE, RIVAL, OFFICE)}  # fmt: skip
    assert [len(found) for found in numbers.values()] == [3, 2, 1]
    assert len({one for found in numbers.values() for one in found}) == 6
    assert values_in(exported(front, by=OFFICE, cooperative="jaya")) == []
    assert [(one.action, one.who) for one in records] == [("members.export", by.name) for by in
            (COOPERATIVE, RIVAL, OFFICE, OFFICE)]  # fmt: skip
    with pytest.raises(Denied):
        export_members(front, OFFICER)
    assert len(records) == 4


def test_a_row_that_cannot_hold_all_is_left_out_when_it_comes_back(make_site: MakeSite) -> None:
    """Another payer of a village, a program since another day, and one who has left."""
    site = make_site()
    front = front_of(site)
    site.run(
        e.registered(**BPU),
        e.registered("19110000012", "3603014101900001", **BPU, payer={"kind": "village", "name": "Desa Maju"}),
        e.registered("19110000013", "3603014101900002", **BPU),
        e.event("member.ended", {"member_number": "19110000013", "ended_on": "2024-01-31"}),
    )
    found = values_in(exported(front, by=OFFICE))  # whose events these are
    assert {row["member_number"]: row.get("decision") for row in found} == {
        e.NUMBER: None,
        "19110000012": "leave",
        "19110000013": "leave",
    }
    back = imported(front, exported(front, by=OFFICE), OFFICE)
    assert back["counts"]["left_out"] == 2 and back["sent"]["taken"] == 0


def test_what_somebody_has_decided_is_not_asked_again_when_it_comes_back(make_site: MakeSite) -> None:
    """One person with two numbers, and a date of birth that differs from the NIK; who is not registered is asked."""
    site = make_site()
    front = front_of(site)
    rows = good_rows(4)
    rows[1]["Tanggal lahir"] = "31/12/1999"
    second = rows[0] | {"Nomor KPJ": "19119999999"}
    for part in (rows[:3], [second]):
        imported(front, as_csv([row | {"Keputusan": "tetap"} for row in part]))
        site.run()
    back = imported(front, exported(front))
    assert (back["counts"]["unchanged"], back["fault_count"]) == (4, 0), back["faults"]
    new = [rows[3], second | {"Nomor KPJ": "19118888888"}, rows[1] | {"Penghasilan": "9000000"}]
    asked = imported(front, as_csv(new))["faults"]
    assert [(one["row"], one["code"]) for one in asked] == [(3, "NIK_REGISTERED"), (4, "NIK_BIRTH_DATE")]


def test_a_name_that_begins_like_a_formula_becomes_none_and_comes_back(one_site: Site) -> None:
    names = ["=1+1", "+62 Siti", "-Budi", "@Agus", "'Umar"]
    by, front = new_principal("cooperative", "rumus"), front_of(one_site)
    rows = [row | {"Nama": f"'{name}"} for row, name in zip(good_rows(5, 9_000), names, strict=True)]
    imported(front, as_csv(rows), by)
    one_site.run()
    written = exported(front, "csv", by).decode("utf-8-sig").splitlines()[1:]
    assert [row.split(";")[1] for row in written] == [f"'{name}" for name in names]
    book = load_workbook(io.BytesIO(exported(front, "xlsx", by)))
    cells = [row[1] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert [(cell.value, cell.data_type) for cell in cells] == [(name, "s") for name in names]
    for kind in ("csv", "xlsx"):
        assert [row["name"] for row in values_in(exported(front, kind, by))] == names
        assert imported(front, exported(front, kind, by), by)["counts"]["unchanged"] == 5
