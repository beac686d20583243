"""Imports of claims on both engines: every planted fault found, every good row reported in its sender's name, once."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from agents.imports.intake import CLAIMS, Desk
from agents.imports.reader import read_sheet
from agents.imports.writer import Corrected
from pipeline.access.principals import Principal, new_principal
from pipeline.access.roles import Denied
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.submissions import claim_file
from pipeline.store.tables import cases
from schemas.clock import local_day
from tests.contract.conftest import MakeSite
from tests.contract.test_member_import import COOPERATIVE, RIVAL
from tests.contract.test_member_import import imported as members_imported
from tests.support import member_sheets
from tests.support.claim_sheets import DIALECTS, as_csv, good_rows, planted
from tests.support.front import front_of
from tests.support.site import Site

CLINIC = new_principal("clinic", "plkk-0012")
HOSPITAL = new_principal("hospital", "rs-01")
ROWS = 300
WAYS = [*(("sqlite", dialect) for dialect in DIALECTS), ("postgresql", next(iter(DIALECTS)))]


def imported(
    front: FrontOffice, data: bytes, *, confirms: bool = False, by: Principal = CLINIC, lang: Any = "id"
) -> dict[str, Any]:
    with read_sheet(data, CLAIMS.columns) as sheet:
        return Desk(front, by, CLAIMS, confirms=confirms).check(sheet, lang)


def site_with_members(make_site: MakeSite, count: int = ROWS) -> Site:
    site = make_site()
    members_imported(front_of(site), member_sheets.as_csv(member_sheets.good_rows(count)), confirms=True)
    site.run()
    return site


def opened_by(site: Site) -> dict[str, str | None]:
    """Who has opened each claim."""
    with site.store.reader() as connection:
        found = [row.claim_id for row in connection.execute(select(cases.c.claim_id))]
    files = [claim_file(site.store, one) for one in found]
    return {one.claim_id: one.events[0][0].source for one in files if one is not None}


@pytest.mark.parametrize(("engine_name", "dialect"), WAYS)
def test_seventy_planted_faults_are_found_and_the_good_rows_reported(dialect: str, make_site: MakeSite) -> None:
    site, write = site_with_members(make_site), DIALECTS[dialect]
    front, good = front_of(site), good_rows(ROWS)
    bad, faults = planted(good, write.first_row)
    assert len(faults) >= 60 and len({one.code for one in faults}) >= 30
    found = imported(front, write.write(bad), confirms=True)
    said = {(one["place"], one["code"]) for one in found["faults"] if one["weight"] != "hint"}
    assert {tuple(one) for one in faults} == said
    assert all(one["detail"].endswith(".") for one in found["faults"])
    rows = {int("".join(filter(str.isdigit, one.place))) for one in faults}
    counts = {"ready": ROWS - len(rows), "reported": 0, "repeated": 0, "left_out": 0, "faulty": len(rows)}
    assert found["counts"] == counts
    site.run()
    assert Counter(opened_by(site).values()) == {CLINIC.name: ROWS - len(rows)}
    again = imported(front_of(site), write.write(good), confirms=True)
    assert (again["counts"]["ready"], again["counts"]["reported"]) == (len(rows), ROWS - len(rows))
    site.run()
    assert len(opened_by(site)) == ROWS
    third = imported(front_of(site), write.write(good), confirms=True)
    assert third["counts"]["reported"] == ROWS and third["sent"]["taken"] == 0


def test_a_row_that_was_changed_changes_its_claim_and_opens_no_second_one(make_site: MakeSite) -> None:
    site, rows = site_with_members(make_site, 4), good_rows(4)
    first = imported(front_of(site), as_csv(rows), confirms=True)
    site.run()
    rows[0]["Diagnosis"] = "patah tulang"
    rows[1]["NIK"] = ""  # the same person
    found = imported(front_of(site), as_csv(rows), confirms=True)
    assert [one["code"] for one in found["faults"]] == ["CLAIM_CHANGED"] * 2
    assert first["claims"][0]["claim_id"] in found["faults"][0]["detail"]
    site.run()
    assert found["claims"] == first["claims"] and len(opened_by(site)) == 4
    file = claim_file(site.store, first["claims"][0]["claim_id"])
    assert file is not None and [one.data.medical.diagnosis for one, _ in file.events] == ["memar", "patah tulang"]


def test_before_a_worker_has_read_it_the_same_sheet_doubles_nothing(make_site: MakeSite) -> None:
    site = site_with_members(make_site, 30)
    front, sheet = front_of(site), as_csv(good_rows(30))
    first, second = (imported(front, sheet, confirms=True) for _ in range(2))
    assert (first["sent"]["taken"], second["counts"]["reported"]) == (30, 30)
    imported(front_of(site), sheet, confirms=True)  # another process, which remembers no receipt
    site.run()
    assert len(opened_by(site)) == 30


def test_a_person_is_one_by_number_and_by_nik(make_site: MakeSite) -> None:
    site = site_with_members(make_site, 2)
    row, member = good_rows(1)[0], member_sheets.good_row(0)
    by_nik = row | {"Nomor KPJ": "", "NIK": member["NIK"], "Diagnosis": "patah"}
    found = imported(front_of(site), as_csv([row, by_nik]))
    assert [(one["place"], one["code"]) for one in found["faults"]] == [("A3", "CLAIM_TWICE")]
    unknown = row | {"Nomor KPJ": "", "NIK": member["NIK"][:12] + "7777", "Keputusan": "tetap"}
    taken = imported(front_of(site), as_csv([unknown]))
    assert taken["counts"]["ready"] == 1 and taken["faults"] == []


def test_who_may_not_report_it_alone_may_not_report_it_by_the_sheet(make_site: MakeSite) -> None:
    site = site_with_members(make_site, 3)
    front = front_of(site)
    deaths = b"Nomor KPJ;Tanggal meninggal;Sebab meninggal\n19110000000;05/07/2026;sakit\n"
    with pytest.raises(Denied, match="report_death"):
        imported(front, deaths)
    assert imported(front, deaths, by=HOSPITAL)["counts"]["ready"] == 1
    with pytest.raises(Denied, match="report_accident"):
        imported(front, as_csv(good_rows(1)), by=new_principal("desk", "tangerang"))
    with pytest.raises(Denied, match="import_claims"):
        imported(front, as_csv(good_rows(1)), by=new_principal("officer", "siti"))


def test_an_employer_reports_its_own_workers_alone_and_no_finding_of_a_doctor(make_site: MakeSite) -> None:
    front = front_of(site_with_members(make_site, 3))
    title, row = "Nomor KPJ;Tanggal kecelakaan;Jam;Jenis kejadian;Keadaan;Diagnosis;Tanggal lapor\n", good_rows(1)[0]
    line = f"{row['Nomor KPJ']};01/07/2026;08:00;cedera;di tempat kerja;"
    own, rival = (imported(front, (title + line + ";02/07/2026\n").encode(), by=one) for one in (COOPERATIVE, RIVAL))
    assert own["counts"]["ready"] == 1 and own["faults"] == []
    assert [(one["place"], one["code"]) for one in rival["faults"]] == [("A2", "PERSON_OF_OTHERS")]
    found = imported(front, (title + line + "patah;30/06/2026\n" + line + ";\n").encode(), by=COOPERATIVE)
    assert {(one["place"], one["code"]) for one in found["faults"]} == {
        *[("B2", "CLAIM_TWICE"), ("B3", "CLAIM_TWICE"), ("F2", "NOT_YOURS_TO_SAY")],
        *[("G2", "REPORTED_BEFORE"), ("G3", "EMPTY")],
    }


def test_what_is_written_to_correct_is_read_back_with_the_numbers_of_claims(make_site: MakeSite) -> None:
    front = front_of(site_with_members(make_site))
    bad, _ = planted(good_rows(ROWS))
    for write in (as_csv, DIALECTS["Excel dates"].write):
        with read_sheet(write(bad), CLAIMS.columns) as sheet:
            desk = Desk(front, CLINIC, CLAIMS, corrects=True)
            before = desk.check(sheet, "id")
            corrected = Corrected(sheet, desk.notes, "id")
            for data in (corrected.xlsx(), corrected.csv()):
                assert before["claims"][0]["claim_id"].encode() in data or data.startswith(b"PK")
                assert imported(front, data)["counts"] == before["counts"]


def test_a_sheet_of_makassar_opens_claims_in_its_own_time_and_comes_back_so(make_site: MakeSite) -> None:
    """At half past midnight in Makassar it is the day before in Jakarta: the day that is written counts."""
    site = site_with_members(make_site, 3)
    front = front_of(site)
    rows = [row | {"Jam kecelakaan": "00.30"} for row in good_rows(3)]
    data = as_csv(rows).replace(b"Jam kecelakaan", b"Jam (WITA)")
    with read_sheet(data, CLAIMS.columns) as sheet:
        corrected = Corrected(sheet, None, "id").csv()
    for one in (data, corrected):
        found = imported(front, one, confirms=True)
        assert found["counts"]["faulty"] == 0, found["faults"]
        site.run()
    days = {dt.datetime.strptime(row["Tanggal kecelakaan"], "%d/%m/%Y").date() for row in rows}
    files = [claim_file(site.store, claim) for claim in opened_by(site)]
    events = [one.events for one in files if one is not None]
    moments = [one[0][0].data.accident.occurred_at for one in events]  # type: ignore[union-attr]
    assert len(events) == 3 and all(
        len(one) == 1 for one in events
    )  # what was corrected is the same, and not sent again
    assert {one.utcoffset() for one in moments} == {dt.timedelta(hours=8)}
    assert {local_day(one) for one in moments} == days
