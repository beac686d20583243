"""Contributions by the sheet on both engines: reconciled with what was owed, and taken once."""

from typing import Any

import pytest

from agents.imports.intake import CONTRIBUTIONS, Desk
from agents.imports.reader import read_sheet
from agents.imports.writer import Corrected, template_csv, template_xlsx
from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.law.calendar import month_index
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.registry import members_among
from pipeline.sheets.cells import SheetRefused
from tests.contract.conftest import MakeSite
from tests.contract.test_member_import import COOPERATIVE, RIVAL, imported
from tests.support.front import front_of
from tests.support.member_sheets import as_csv, good_row, good_rows
from tests.support.site import Site

OWED = 11_400  # JKK and JKM of an income of 1,500,000 (base 1,600,000), halved by PP 50/2025
HEAD = "Nomor KPJ;NIK;Nama;Bulan iuran;Jumlah;Tanggal bayar"
FIRST, SECOND = good_row(0), good_row(7)  # both with an income of 1,500,000


def reconciled(front: FrontOffice, *lines: str, confirms: bool = False, by: Any = COOPERATIVE) -> dict[str, Any]:
    data = "\n".join([HEAD, *lines]).encode()
    with read_sheet(data, CONTRIBUTIONS.columns) as sheet:
        return Desk(front, by, CONTRIBUTIONS, confirms=confirms).check(sheet, "id")


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    made = make_site()
    imported(front_of(made), as_csv(good_rows(12)), confirms=True)
    made.run()
    return made


def line(kpj: str = "", nik: str = "", month: str = "2026-07", amount: int = OWED, day: str = "10/07/2026") -> str:
    return f"{kpj};{nik};;{month};{amount};{day}"


def test_each_payment_is_matched_too_much_too_little_or_unknown(site: Site) -> None:
    front, kpj = front_of(site), [good_row(at)["Nomor KPJ"] for at in range(12)]
    lines = (
        line(kpj[0]),
        line("", SECOND["NIK"]),
        line(kpj[1], amount=13_399),  # of 13,400: 2,000,000 is row 6
        line(kpj[2], amount=99_999),
        line("19990000000"),
        line(kpj[3], month="2026-06"),
        line(kpj[4], day="10/08/2026"),
        line(kpj[5]),
        line(kpj[5], amount=OWED + 1),
        line(kpj[0]),
        line(),
    )
    found = reconciled(front, *lines, confirms=True)
    assert [(one["place"], one["code"]) for one in found["faults"]] == [
        ("E4", "PAID_SHORT"),
        ("E5", "PAID_OVER"),
        ("A6", "UNKNOWN_MEMBER"),
        ("D7", "MONTH_NOT_OWED"),
        ("F8", "PAID_LATER"),
        ("D9", "MONTH_TWICE"),
        ("D10", "MONTH_TWICE"),
        ("A12", "EMPTY"),
    ]
    assert "Kurang Rp1; iurannya Rp13.400." in found["faults"][0]["detail"]
    expected = dict(matched=2, over=1, short=1, unknown=1, recorded=0, repeated=1, faulty=5)
    assert found["counts"] == expected and found["paid"] == 2 * OWED + 99_999
    assert found["sent"]["taken"] == 3
    site.run()
    month = month_index("2026-07")
    paid = {one.number for one in members_among(site.store, kpj, []) if one.payments.paid_on(month) is not None}
    assert paid == {kpj[0], SECOND["Nomor KPJ"], kpj[2]}
    again = reconciled(front, *lines, confirms=True)
    assert again["counts"] == expected | {"matched": 0, "over": 0, "recorded": 3} and again["sent"]["taken"] == 0
    other_day = reconciled(front, line(kpj[0], day="11/07/2026"))
    assert [one["code"] for one in other_day["faults"]] == ["MONTH_PAID"]


# JHT 5.7 % and JP 3 % of 2,500,000 are 217,500, paid together with JKK and JKM.
WITH_SAVINGS = ((247_249, "over"), (247_250, "matched"), (247_251, "over"), (247_845, "matched"))


def test_an_employers_late_payment_is_matched_with_its_fine_and_without(make_site: MakeSite) -> None:
    """A wage of 2,500,000 at a medium risk: 0.89 % and 0.30 %. May is due on 15 June; in July 2 % more is due."""
    site = make_site()
    employee = good_row(9) | {"Tanggal daftar": "01/05/2026"}
    imported(front_of(site), as_csv([employee]), confirms=True)
    site.run()
    for amount, status in (
        (29_749, "short"),
        (29_750, "matched"),
        (29_751, "over"),
        (30_345, "matched"),
        *WITH_SAVINGS,
    ):
        payment = line(employee["Nomor KPJ"], month="2026-05", amount=amount)
        assert reconciled(front_of(site), payment)["counts"][status] == 1, amount


def test_anothers_member_is_as_unknown_as_nobody(site: Site) -> None:
    found = reconciled(front_of(site), line(FIRST["Nomor KPJ"]), line("", FIRST["NIK"]), line("19990000000"), by=RIVAL)
    assert [one["code"] for one in found["faults"]] == ["UNKNOWN_MEMBER"] * 3
    bank = reconciled(front_of(site), line(FIRST["Nomor KPJ"]), by=new_principal("payments", "bank"))
    assert bank["counts"]["matched"] == 1
    with pytest.raises(Denied):
        reconciled(front_of(site), line(), by=new_principal("clinic", "satu"))


def test_a_sheet_that_does_not_say_who_paid_is_refused(site: Site) -> None:
    data = b"Nama;Bulan iuran;Jumlah;Tanggal bayar\nSiti;2026-07;11400;10/07/2026\n"
    with pytest.raises(SheetRefused, match="COLUMN_MISSING"), read_sheet(data, CONTRIBUTIONS.columns) as sheet:
        Desk(front_of(site), COOPERATIVE, CONTRIBUTIONS).check(sheet, "id")


@pytest.mark.parametrize("language", ["id", "en"])
def test_templates_and_corrected_sheets_of_contributions_are_read_back(site: Site, language: Any) -> None:
    for made in (template_xlsx(language, CONTRIBUTIONS.columns), template_csv(language, CONTRIBUTIONS.columns)):
        with read_sheet(made, CONTRIBUTIONS.columns) as sheet:
            assert list(sheet.header.places) == [column.name for column in CONTRIBUTIONS.columns]
    data = "\n".join([HEAD, line(FIRST["Nomor KPJ"], amount=1)]).encode()
    with read_sheet(data, CONTRIBUTIONS.columns) as sheet:
        desk = Desk(front_of(site), COOPERATIVE, CONTRIBUTIONS, corrects=True)
        before = desk.check(sheet, language)
        corrected = Corrected(sheet, desk.notes, language)
        for made in (corrected.xlsx(), corrected.csv()):
            with read_sheet(made, CONTRIBUTIONS.columns) as back:
                after = Desk(front_of(site), COOPERATIVE, CONTRIBUTIONS).check(back, language)
            assert after["counts"] == before["counts"] and after["unread"] == []
