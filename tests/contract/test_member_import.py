"""Imports of members on both engines: every planted fault found, every good row taken, nothing doubled."""

import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from agents.imports.intake import Desk
from agents.imports.reader import read_sheet
from agents.imports.writer import Corrected
from pipeline.access.principals import new_principal
from pipeline.enrolment.columns import COLUMNS
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.registry import members_among
from pipeline.store.tables import ledger, members
from tests.contract.conftest import MakeSite
from tests.support.front import front_of
from tests.support.member_sheets import DIALECTS, Cells, as_csv, good_rows, planted
from tests.support.site import Site

COOPERATIVE = new_principal("cooperative", "maju")
RIVAL = new_principal("cooperative", "jaya")
OFFICE = new_principal("office", "tangerang")


def imported(front: FrontOffice, data: bytes, *, confirms: bool = False, by: Any = COOPERATIVE) -> dict[str, Any]:
    with read_sheet(data, COLUMNS) as sheet:
        return Desk(front, by, confirms=confirms).check(sheet, "id")


def registered(site: Site) -> dict[str, int]:
    """How many registrations each member has."""
    with site.store.reader() as connection:
        numbers = [row.number for row in connection.execute(select(members.c.number))]
    return {one.number: len(one.enrolments) for one in members_among(site.store, numbers, []) if one.is_registered}


def event_count(site: Site) -> int:
    with site.store.reader() as connection:
        return connection.execute(select(func.count()).select_from(ledger)).scalar() or 0


WAYS = [
    *(("sqlite", dialect) for dialect in DIALECTS),
    ("postgresql", next(iter(DIALECTS))),
]  # a store knows no dialect


@pytest.mark.parametrize(("engine_name", "dialect"), WAYS)
def test_sixty_planted_faults_are_found_and_the_good_rows_taken(dialect: str, make_site: MakeSite) -> None:
    site, write = make_site(), DIALECTS[dialect]
    front = front_of(site)
    good = good_rows(1000)
    bad, faults = planted(good, write.first_row)
    assert len(faults) >= 60 and len({one.code for one in faults}) >= 30
    found = imported(front, write.write(bad), confirms=True)
    said = {(one["place"], one["code"]) for one in found["faults"] if one["weight"] != "hint"}
    assert {tuple(one) for one in faults} == said
    assert all(one["detail"].endswith(".") for one in found["faults"])
    rows = {int("".join(filter(str.isdigit, one.place))) for one in faults}
    assert found["counts"]["faulty"] == len(rows) and found["counts"]["good"] == 1000 - len(rows)
    site.run()
    assert len(registered(site)) == 1000 - len(rows)
    again = imported(front, write.write(good), confirms=True)
    assert again["counts"]["good"] == len(rows) and again["counts"]["unchanged"] == 1000 - len(rows)
    site.run()
    assert Counter(registered(site).values()) == {1: 1000}
    third = imported(front, write.write(good), confirms=True)
    assert third["counts"]["unchanged"] == 1000 and third["sent"]["taken"] == 0


def test_before_a_worker_has_read_it_the_same_sheet_doubles_nothing(make_site: MakeSite) -> None:
    site = make_site()
    front, sheet = front_of(site), as_csv(good_rows(30))
    first, second = (imported(front, sheet, confirms=True)["sent"] for _ in range(2))
    assert (first["taken"], second["taken"], second["repeated"]) == (33, 0, 33)
    imported(front_of(site), sheet, confirms=True)  # another process, which remembers no receipt
    site.run()
    assert Counter(registered(site).values()) == {1: 30} and event_count(site) == 33


def test_the_store_is_asked_for_many_rows_at_once(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site, asked = make_site(), []
    front, reader = front_of(site), site.store.reader
    monkeypatch.setattr(type(site.store), "reader", lambda store: asked.append(1) or reader())
    assert imported(front, as_csv(good_rows(400)), confirms=True)["sent"]["taken"] == 440
    assert 0 < len(asked) < 40


def test_any_order_and_any_split_of_the_rows_makes_the_same_members(make_site: MakeSite) -> None:
    rows = good_rows(60)
    rows[20] |= {key: rows[10][key] for key in ("Tanggal lahir", "Nama", "Jenis kelamin")}
    rows[20]["NIK"] = rows[10]["NIK"][:12] + "4321"
    draw = random.Random(7)
    documents = []
    for way in range(3):
        site, shuffled = make_site(), list(rows)
        front = front_of(site)
        if way:
            draw.shuffle(shuffled)
        cuts = [0, 60] if way < 2 else [0, 17, 41, 60]
        parts: list[list[Cells]] = [shuffled[one:other] for one, other in zip(cuts, cuts[1:], strict=False)]
        if way == 2:  # who is likely the same stays together, or the registry asks
            apart = [row for row in rows if row is rows[10] or row is rows[20]]
            parts = [[row for row in part if row not in apart] for part in parts] + [apart]
        for part in parts:
            imported(front, as_csv(part), confirms=True)
            site.run()
        found = sorted(members_among(site.store, [row["Nomor KPJ"] for row in rows], []), key=lambda one: one.number)
        documents.append([(one.number, one.enrolments[0]._replace(known=0)) for one in found])
    assert documents[0] == documents[1] == documents[2] and len(documents[0]) == 58


def test_the_registry_is_asked_about_each_row(make_site: MakeSite) -> None:
    site = make_site()
    front = front_of(site)
    rows = good_rows(8)
    imported(front, as_csv(rows), confirms=True)
    site.run()
    changed = [dict(row) for row in rows]
    changed[0]["Nomor KPJ"] = "19119999999"  # the same person again under a new number
    changed[1]["Nomor KPJ"] = ""
    changed[2]["NIK"] = changed[2]["NIK"][:12] + "8888"  # a slip in the NIK, under a new number
    changed[2]["Nomor KPJ"] = "19118888888"
    changed[3]["NIK"] = good_rows(1, 500)[0]["NIK"]  # another person under a number that is taken
    changed[3] |= {key: good_rows(1, 500)[0][key] for key in ("Tanggal lahir", "Jenis kelamin", "Nama")}
    changed[4]["Tanggal daftar"] = "15/07/2026"
    changed[5]["Penghasilan"] = "9000000"
    found = imported(front, as_csv(changed))
    assert [(one["place"], one["code"], one["weight"]) for one in found["faults"]] == [
        ("A2", "NIK_REGISTERED", "question"),
        ("E3", "NUMBER_KNOWN", "fault"),
        ("B4", "LIKELY_REGISTERED", "question"),
        ("E5", "NUMBER_OF_ANOTHER", "fault"),
        ("G6", "REGISTERED_BEFORE", "question"),
    ]
    assert (found["counts"]["good"], found["counts"]["unchanged"]) == (1, 2)  # a corrected income; two as before
    for row in (changed[0], changed[2], changed[4]):
        row["Keputusan"] = "tetap"
    changed[1]["Keputusan"] = "lewati"
    decided = imported(front, as_csv(changed))
    assert {one["code"] for one in decided["faults"]} == {"NUMBER_OF_ANOTHER"}
    assert (decided["counts"]["good"], decided["counts"]["left_out"]) == (4, 1)


def test_a_slip_anywhere_in_a_nik_is_found_by_day_of_birth_and_name(make_site: MakeSite) -> None:
    site = make_site()
    front, rows = front_of(site), good_rows(3)
    imported(front, as_csv(rows), confirms=True)
    site.run()
    rows[0] |= {"NIK": "3671" + rows[0]["NIK"][4:], "Nomor KPJ": "19118888881"}  # another regency
    rows[1] |= {"NIK": "3671" + rows[1]["NIK"][4:], "Nomor KPJ": "19118888882", "Nama": "Zulkifli Harahap"}
    found = imported(front, as_csv(rows))
    assert [(one["place"], one["code"]) for one in found["faults"]] == [("B2", "LIKELY_REGISTERED")]
    rows[0]["Keputusan"] = "tetap"
    assert imported(front, as_csv(rows))["counts"] == found["counts"] | {"good": 2, "faulty": 0}


def test_anothers_member_is_not_changed_and_not_shown(make_site: MakeSite) -> None:
    site = make_site()
    front = front_of(site)
    imported(front, as_csv(good_rows(3)), confirms=True)
    site.run()
    rows = good_rows(3)
    rows[1]["Nomor KPJ"] = ""
    found = imported(front, as_csv(rows), by=RIVAL)
    assert [(one["place"], one["code"]) for one in found["faults"]] == [
        ("E2", "NUMBER_OF_OTHERS"),
        ("A3", "NIK_REGISTERED"),
        ("E4", "NUMBER_OF_OTHERS"),
    ]
    assert not any(row["Nomor KPJ"] in str(found) for row in good_rows(3))
    assert imported(front, as_csv(good_rows(3)), by=OFFICE)["counts"]["faulty"] == 0


def test_what_is_written_to_correct_is_read_back_as_it_was(make_site: MakeSite) -> None:
    front = front_of(make_site())
    bad, faults = planted(good_rows(300))
    bad[0]["Nama"], bad[1]["Nama"] = "+Siti", "'Aisyah"
    for write in (as_csv, DIALECTS["Excel"].write, DIALECTS["Excel dates"].write):
        bad[2]["Nama"] = "@Budi" if write is as_csv else "=HYPERLINK(1)"
        before = imported(front, write(bad))
        with read_sheet(write(bad), COLUMNS) as sheet:
            cells = [row.cells for row in sheet.rows()]
            desk = Desk(front, COOPERATIVE, corrects=True)
            desk.check(sheet, "id")
            made = Corrected(sheet, desk.notes, "id")
            for data in (made.xlsx(), made.csv()):
                with read_sheet(data, COLUMNS) as back:
                    assert [_as_text(row.cells) for row in back.rows()] == [_as_text(one) for one in cells]
                    titles = [*back.header.others.values()]
                assert titles == ["Kesalahan", "Iuran sebulan"] and imported(front, data)["counts"] == before["counts"]


def _as_text(cells: Any) -> dict[str, str]:
    """A date is one, whether it is a cell of Excel or typed."""
    found = {}
    for name, cell in cells.items():
        year, *rest = cell.text.split("-")
        found[name] = "/".join([*reversed(rest), year]) if cell.kind == "date" else cell.text
    return found
