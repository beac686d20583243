"""Whose members are whose: a cooperative or an employer sees the same ones at every door."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.access.principals import Principal, new_principal
from pipeline.operations.cover import check_cover
from pipeline.operations.coverage_calls import list_calls
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.member_export import export_members
from pipeline.operations.protection import list_protection
from pipeline.operations.reading import read_claim
from pipeline.queries.pages import NotFound
from tests.contract.conftest import MakeSite
from tests.contract.test_contribution_import import line, reconciled
from tests.contract.test_member_import import imported
from tests.support import events as e
from tests.support.front import front_of
from tests.support.member_sheets import as_csv, good_row
from tests.support.site import Site

MAJU, JAYA = new_principal("cooperative", "maju"), new_principal("cooperative", "jaya")
EMPLOYER, NAMESAKE = new_principal("employer", "tng00001"), new_principal("employer", "maju")
OFFICE = new_principal("office", "tangerang")
TODAY = dt.date(2026, 7, 20)
OWN, UNDER, THEIRS, MOVED, NOBODYS = NUMBERS = [f"2100000000{at}" for at in range(1, 6)]
SEEN = {MAJU.name: [OWN, UNDER], EMPLOYER.name: [UNDER, THEIRS], JAYA.name: [MOVED], NAMESAKE.name: []}


def registered(number: str, by: Principal, day: str = "2026-03-01", employer: str | None = None) -> Any:
    """Self-employed; with a number, as somebody whose registration names an employer."""
    born = dt.date(1980, 1, int(number[-1])).isoformat()
    nik = f"367101{born[8:]}0180000{number[-1]}"
    programs = [{"program": name, "since": day} for name in ("JKK", "JKM")]
    one = e.registered(
        number, nik, time=f"{day}T08:00:00", segment="BPU", registered_on=day, programs=programs,
        birth_date=born, name="Siti Aminah", declared_income=2_000_000,
    )  # fmt: skip
    del one["data"]["employer"]
    if employer is not None:
        one["data"]["employer"] = {"number": employer}
    return one | {"source": by.name}


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    made = make_site()
    ended = {"member_number": MOVED, "ended_on": "2026-05-31"}
    made.run(
        registered(OWN, MAJU),
        registered(UNDER, MAJU, employer="TNG00001"),
        registered(THEIRS, EMPLOYER, employer="TNG00001"),
        registered(MOVED, MAJU),
        e.event("member.ended", ended, source=MAJU.name, time="2026-05-31T08:00:00"),
        registered(MOVED, JAYA, day="2026-06-01"),
        registered(NOBODYS, OFFICE),
        *(e.paid("2026-03", "2026-05", "2026-03-02", number) for number in NUMBERS),
    )
    return made


def on_protection(front: FrontOffice, by: Principal) -> list[str]:
    return [one.member_number for one in list_protection(front, by, day=TODAY).rows]


def on_calls(front: FrontOffice, by: Principal) -> list[str]:
    return [one.member_number for one in list_calls(front, by, day=TODAY).rows]


def in_the_export(front: FrontOffice, by: Principal) -> list[str]:
    found = export_members(front, by)
    rows = [str(row[found.titles.index("Nomor KPJ")]) for row in found.rows]
    assert len(rows) == found.count  # as it is put on record
    return rows


def by_cover(front: FrontOffice, by: Principal) -> list[str]:
    def may_ask(number: str) -> bool:
        try:
            check_cover(front, by, member=number, program="JKK", day=TODAY, language="id")
        except NotFound:
            return False
        return True

    return list(filter(may_ask, NUMBERS))


def in_a_sheet_of_members(front: FrontOffice, by: Principal) -> list[str]:
    rows = [good_row(at) | {"Nomor KPJ": number} for at, number in enumerate(NUMBERS)]
    faults = imported(front, as_csv(rows), by=by)["faults"]
    codes = {NUMBERS[one["row"] - 2]: one["code"] for one in faults if one["place"].startswith("E")}
    return [number for number in NUMBERS if codes[number] != "NUMBER_OF_OTHERS"]


def in_a_sheet_of_contributions(front: FrontOffice, by: Principal) -> list[str]:
    lines = [line(number, month="2026-07") for number in NUMBERS]
    unknown = {one["row"] for one in reconciled(front, *lines, by=by)["faults"] if one["code"] == "UNKNOWN_MEMBER"}
    return [number for row, number in enumerate(NUMBERS, 2) if row not in unknown]


DOORS = [
    *(on_protection, on_calls, in_the_export, by_cover, in_a_sheet_of_members, in_a_sheet_of_contributions)
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS, ids=lambda one: one.__name__)
def test_everybody_sees_whom_it_registered_or_whose_registration_names_its_number(
    door: Callable[[FrontOffice, Principal], list[str]], site: Site
) -> None:
    front = front_of(site)
    found = {by.name: sorted(door(front, by)) for by in (MAJU, EMPLOYER, JAYA, NAMESAKE)}
    assert found == SEEN


def test_claims_are_seen_by_who_was_responsible_on_the_day(site: Site) -> None:
    front = front_of(site)
    day = "2026-05-10"
    site.run(*(e.accident(f"K-{one}", day, one, source=OFFICE.name, time="2026-07-01T08:00:00") for one in NUMBERS))

    def seen(by: Principal) -> list[str]:
        def may_read(number: str) -> bool:
            try:
                read_claim(front, by, f"K-{number}", "id")
            except NotFound:
                return False
            return True

        return list(filter(may_read, NUMBERS))

    assert seen(MAJU) == [OWN, UNDER, MOVED]
    assert seen(EMPLOYER) == [UNDER, THEIRS]
    assert seen(JAYA) == seen(NAMESAKE) == []


def test_who_has_left_another_employer_is_registered_anew_from_a_later_day(site: Site) -> None:
    front = front_of(site)
    ended = {"member_number": MOVED, "ended_on": "2026-06-30"}
    site.run(e.event("member.ended", ended, source=JAYA.name, time="2026-06-30T08:00:00"))
    row = good_row(1) | {"Nomor KPJ": MOVED, "NIK": "3671010401800004", "Tanggal lahir": "04/01/1980"}
    row |= {"Jenis kelamin": "", "Nama": "Siti Aminah"}
    codes = {}
    for day in ("30/06/2026", "01/07/2026"):
        found = imported(front, as_csv([row | {"Tanggal daftar": day}]), by=EMPLOYER)
        codes[day] = [one["code"] for one in found["faults"]]
    assert codes == {"30/06/2026": ["NUMBER_OF_OTHERS"], "01/07/2026": []}
    another = row | {"NIK": good_row(1)["NIK"], "Tanggal lahir": good_row(1)["Tanggal lahir"]}
    found = imported(front, as_csv([another | {"Tanggal daftar": "01/07/2026"}]), by=EMPLOYER)
    assert [one["code"] for one in found["faults"]] == ["NUMBER_OF_OTHERS"]
    imported(front, as_csv([row | {"Tanggal daftar": "01/07/2026"}]), confirms=True, by=MAJU)
    site.run()
    assert set(on_protection(front, MAJU)) == {OWN, UNDER, MOVED}
    assert on_protection(front, JAYA) == []
