"""The coverage picture and the calls, as operations: what they say, and to whom."""

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.imports.reader import read_sheet
from pipeline.access.principals import new_principal
from pipeline.errors import Poison
from pipeline.operations.coverage_calls import list_calls
from pipeline.operations.coverage_picture import CoverageRow, Picture, read_coverage
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.known_workers import (
    KNOWN_COLUMNS,
    KnownReport,
    decide_known_match,
    import_known,
    list_known_matches,
)
from pipeline.queries.pages import NotFound
from tests.bench.coverage import fill, picture_of, timed
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

OFFICE, COOP = new_principal("office", "tangerang"), new_principal("cooperative", "maju")
DAY = dt.date(2026, 7, 20)
LISTED = dt.date(2026, 1, 1)
_numbers = itertools.count(1)


def self_employed(
    paid_until: str | None, *, name: str = "Siti", born: str = "1980-01-01", source: str = COOP.name, nik: str = ""
) -> list[object]:
    number = f"2100000{next(_numbers):04}"
    first = e.registered(
        number, nik or f"36710101018{number[-5:]}", time="2026-01-02T08:00:00", segment="BPU",
        registered_on="2026-01-02", name=name, birth_date=born, declared_income=2_000_000, channel="Kop Maju",
        region="Kota Tangerang",
    )  # fmt: skip
    del first["data"]["employer"]
    first["source"] = source
    return [first, *([e.paid("2026-01", paid_until, "2026-01-02", number)] if paid_until else [])]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    yield opened
    opened.close()


@pytest.fixture
def front(site: Site) -> FrontOffice:
    return front_of(site)


def known(front: FrontOffice, rows: str, *, confirm: bool = True, listed_on: dt.date = LISTED) -> KnownReport:
    data = f"Nama;NIK;Tanggal lahir;Kabupaten;Sektor;Koperasi\n{rows}".encode()
    with read_sheet(data, KNOWN_COLUMNS) as sheet:
        return import_known(front, OFFICE, sheet, listed_on=listed_on, confirm=confirm)


def rows_of(picture: Picture, table: str) -> dict[str, CoverageRow]:
    return {row.key: row for row in picture.rows if row.table == table}


def test_the_picture_says_known_registered_and_covered(site: Site, front: FrontOffice) -> None:
    lines = "".join(f"Ali {at:02};36710202029{at:05};;Kota Tangerang;dagang;Kop Maju\n" for at in range(1, 31))
    assert known(front, lines).new == 30
    niks = [f"36710202029{at:05}" for at in range(1, 21)]
    site.run(
        *(event for at, nik in enumerate(niks) for event in self_employed("2026-08" if at < 10 else "2026-01", nik=nik))
    )
    picture = read_coverage(front, OFFICE, day=DAY)
    total = picture.total
    assert (total.known, total.registered, total.covered, total.lapsed, total.never) == (30, 20, 10, 10, 10)
    assert (total.jkk, total.jkm, total.jht) == (10, 10, 0)
    assert rows_of(picture, "regencies")["3671"].covered == 10 == rows_of(picture, "sectors")["dagang"].covered
    assert rows_of(picture, "cooperatives")["Kop Maju"].people == 30
    assert [row.key for row in picture.months] == [f"2026-0{month}" for month in range(1, 7)]
    assert read_coverage(front, OFFICE, day=dt.date(2026, 1, 1)).total.never == 30


def test_small_counts_are_left_out_and_zero_is_not(site: Site, front: FrontOffice) -> None:
    site.run(*(event for _ in range(3) for event in self_employed("2026-08")))
    assert read_coverage(front, OFFICE, day=DAY).total.people is None
    assert read_coverage(front, OFFICE, day=dt.date(2025, 1, 1)).total.people == 0


def test_the_same_list_again_changes_nothing_and_an_earlier_one_counts(front: FrontOffice) -> None:
    lines = "Ani;3671020202900001;;Kota Tangerang;;\nBudi;;05/05/1990;3603;;\n"
    assert (known(front, lines).new, known(front, lines).new) == (2, 0)
    assert known(front, lines, listed_on=dt.date(2025, 6, 1)).new == 0
    again = [one.new for one in (known(front, f"Cici {at};36710202029010{at:02};;;;\n") for at in range(4))]
    assert again == [1, 1, 1, 1]
    assert read_coverage(front, OFFICE, day=dt.date(2026, 1, 2)).total.known == 6
    with pytest.raises(Poison):
        known(front, lines, listed_on=dt.date(2099, 1, 1))


def test_faults_of_a_list_are_named_and_good_rows_are_kept(front: FrontOffice) -> None:
    found = known(
        front,
        "Ani;36710202;;;;\n;3671020202900001;;;;\nBudi;;;;;\nCici;3671020202900003;;Atlantis;;\nDedi;3671020202900004;;;;\n",
    )
    codes = [(one.place, one.code) for one in found.faults]
    assert codes == [("B2", "NIK_DIGITS"), ("A3", "EMPTY"), ("B4", "NIK_OR_BIRTH_DATE"), ("D5", "REGION_UNKNOWN")]
    assert (found.rows, found.good, found.new) == (5, 1, 1)
    assert known(front, "Emi;3671020202900005;;;;\n", confirm=False).new is None


def test_a_list_says_what_was_not_read_and_reads_a_day_behind_its_place(front: FrontOffice) -> None:
    data = b"Nama;Tempat/Tgl Lahir;Nomor HP\nAni;Tangerang, 05-03-1975;0812\nJumlah;1;\n"
    with read_sheet(data, KNOWN_COLUMNS) as sheet:
        found = import_known(front, OFFICE, sheet, listed_on=LISTED, confirm=False)
    assert (found.good, found.fault_count, found.skipped, found.unread) == (1, 0, {"total": [3]}, ["Nomor HP"])


def test_a_person_decides_whether_a_known_worker_is_a_member(site: Site, front: FrontOffice) -> None:
    site.run(*self_employed("2026-08", name="Siti Aminah", born="1990-05-05"))
    site.run(*(event for _ in range(9) for event in self_employed("2026-08")))
    known(front, "SITTI AMINAH;;05/05/1990;;;\nAndi;;05/05/1990;;;\n")
    [found] = list_known_matches(front, OFFICE).rows
    assert (found.name, found.member_name) == ("SITTI AMINAH", "Siti Aminah")
    before = read_coverage(front, OFFICE, day=DAY).total.people
    decide_known_match(front, OFFICE, known_id=found.known_id, member_number=found.member_number, verdict="same")
    assert (before, read_coverage(front, OFFICE, day=DAY).total.people) == (12, 11), "two became one"
    assert list_known_matches(front, OFFICE).rows == ()
    with pytest.raises(NotFound):
        decide_known_match(front, OFFICE, known_id="0" * 64, member_number=found.member_number, verdict="same")


@pytest.mark.parametrize(
    ("paid_until", "kind", "months", "until"),
    [
        ("2026-07", None, (), None),
        ("2026-06", "arrears", ("2026-07",), "2026-09-30"),
        ("2026-05", "arrears", ("2026-06", "2026-07"), "2026-08-31"),
        ("2026-04", "lapses", ("2026-05", "2026-06", "2026-07"), "2026-07-31"),
        ("2026-03", "lapsed", ("2026-07",), None),
        (None, "first", ("2026-07",), None),
    ],
)
def test_a_call_says_what_to_pay_until_when(
    paid_until: str | None, kind: str | None, months: tuple[str, ...], until: str | None, site: Site, front: FrontOffice
) -> None:
    site.run(*self_employed(paid_until))
    found = list_calls(front, COOP, day=DAY).rows
    if kind is None:
        assert found == ()
        return
    [row] = found
    assert (row.kind, row.months, row.until and row.until.isoformat()) == (kind, months, until)
    # income 2,000,000 is row 6 of the table: 26,800 a month, and half of it by PP 50/2025 from 2026-04 on
    assert row.amount == 13_400 * len(months)
    assert "Siti" in row.message and len(row.message) < 700 and "jangan ke rekening pribadi" in row.message


def test_a_call_asks_for_all_programs(site: Site, front: FrontOffice) -> None:
    """JHT is 2 % of the base income of 2,000,000 a month."""
    two, three = self_employed("2026-03"), self_employed("2026-03", name="Budi", born="1981-01-01")
    three[0]["data"]["programs"].append({"program": "JHT", "since": "2026-01-02"})  # type: ignore[index]
    site.run(*two, *three)
    found = {one.name: (one.amount or 0, len(one.months)) for one in list_calls(front, COOP, day=DAY).rows}
    (less, months), (more, _) = found["Siti"], found["Budi"]
    assert more - less == 40_000 * months and months > 0


def test_before_the_due_day_the_month_is_only_due(site: Site, front: FrontOffice) -> None:
    site.run(*self_employed("2026-06"))
    kinds = [list_calls(front, COOP, day=dt.date(2026, 7, day)).rows[0].kind for day in (14, 15, 16)]
    assert kinds == ["due", "due", "arrears"]


def test_a_cooperative_sees_its_own_members_alone_and_the_office_sees_all(site: Site, front: FrontOffice) -> None:
    site.run(*self_employed("2026-04"), *self_employed("2026-04", source="urn:santunan:cooperative:lain"))
    counts = [len(list_calls(front, who, day=DAY).rows) for who in (COOP, new_principal("cooperative", "lain"), OFFICE)]
    assert counts == [1, 1, 2]
    assert list_calls(front, new_principal("cooperative", "asing"), day=DAY).rows == ()
    assert len(list_calls(front, OFFICE, day=DAY, cooperative="Kop Maju").rows) == 2
    assert list_calls(front, COOP, day=DAY, cooperative="lain").rows == ()


def test_claims_refused_for_want_of_cover_are_counted_with_what_families_went_without(
    site: Site, front: FrontOffice
) -> None:
    for at in range(5):
        nik = f"36710303039{at:05}"
        site.run(e.death(f"D{at}", "2024-07-07", member={"nik": nik, "name": "Nama"}, number=None))
    found = read_coverage(front, OFFICE, day=DAY).refused
    assert (found.claims, found.deaths, found.amount) == (5, 5, 5 * 42_000_000)
    assert read_coverage(front, OFFICE, day=dt.date(2024, 7, 6)).refused.claims == 0


def test_a_picture_of_many_people_is_a_few_sums(front: FrontOffice) -> None:
    fill(front, 20_000)
    picture, seconds = timed(lambda: picture_of(front))
    assert picture.total.people == 20_000
    assert seconds < 2
