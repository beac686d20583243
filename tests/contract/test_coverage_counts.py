"""Counts of coverage on both engines: kept as members change, they are those of a slow count over all histories."""

import datetime as dt
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.access.principals import new_principal
from pipeline.coverage.people import MEASURES
from pipeline.coverage.suppression import added
from pipeline.membership.member import Member
from pipeline.operations.coverage_keeping import coverage_book_of, keep
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.coverage import members_in
from pipeline.queries.coverage_counts import counts_by_group, counts_by_month
from pipeline.store.coverage_rows import KnownWorker
from tests.support import events as e
from tests.support.coverage import FIRST, LAST, lives, plain_counts
from tests.support.front import NOW, front_of
from tests.support.site import Site

OFFICE = new_principal("office", "tangerang")
NIKS = [f"36710101018{number:05}" for number in range(1, 9)]


def numbers_of(site: Site, front: FrontOffice, day: dt.date) -> list[int]:
    with coverage_book_of(front).reading() as connection:
        return list(added(counts_by_group(connection, day).values()))


def persons_of(events: list[Any]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in members_in([e.raw(one) for one in events]):
        if member.nik is not None:
            found.setdefault(member.nik, []).append(member)
    return found


def add_known(front: FrontOffice, known: dict[str, dt.date]) -> None:
    with coverage_book_of(front).writing() as writer:
        for nik, day in known.items():
            one = KnownWorker(f"id-{nik}", nik, "Nama", None, "3671", "dagang", "Kop A", "tangerang", day)
            writer.add_list(f"list-{nik}", "tangerang", day, [one], OFFICE.name, NOW)


@settings(max_examples=4, deadline=None, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.data(), st.randoms(use_true_random=False))
def test_kept_counts_are_those_of_a_slow_count_on_every_day(
    make_site: Any, data: st.DataObject, random: Random
) -> None:
    site = make_site()
    front = front_of(site)
    known = {nik: FIRST + dt.timedelta(days=random.randrange(700)) for nik in NIKS[4:]}
    add_known(front, known)
    events = [one for at, nik in enumerate(NIKS[:6]) for one in data.draw(lives(f"2000000{at:04}", nik))]
    events += data.draw(lives("20000009999", NIKS[0]))  # one person with two numbers
    events.sort(key=lambda one: (one["time"], one["id"]))
    half = len(events) // 2
    for some in (events[:half], events[half:]):
        site.run(*some)
        keep(coverage_book_of(front), front.book)
    persons = persons_of(events)
    for offset in range(0, (LAST - FIRST).days + 100, 23):
        day = FIRST + dt.timedelta(days=offset)
        assert numbers_of(site, front, day) == plain_counts(persons, known, day, front.book), day
    with coverage_book_of(front).reading() as connection:
        months = counts_by_month(connection, LAST)
    for month, counts in months:
        last = dt.date(month // 12 + month % 12 // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)
        assert list(counts) == plain_counts(persons, known, last, front.book)


def test_a_changed_law_or_another_nik_counts_anew(site: Site) -> None:
    front = front_of(site)
    book = coverage_book_of(front)
    site.run(*e.member())
    assert keep(book, front.book) == 1 and keep(book, front.book) == 0
    before = numbers_of(site, front, dt.date(2024, 1, 1))
    site.run(e.registered(nik=NIKS[3], time="2024-02-01T08:00:00"))  # the office corrects the NIK
    assert keep(book, front.book) == 2, "who it was, and who it is"
    assert numbers_of(site, front, dt.date(2024, 1, 1)) == before
    with book.writing() as writer:
        writer.begin_anew_if("another law")
    assert numbers_of(site, front, dt.date(2024, 1, 1)) == [0] * len(MEASURES)
    assert keep(book, front.book) == 1
    assert numbers_of(site, front, dt.date(2024, 1, 1)) == before


def test_nothing_is_written_where_nothing_changed(site: Site) -> None:
    front = front_of(site)
    site.run(*e.member())
    keep(coverage_book_of(front), front.book)
    assert coverage_book_of(front).is_current(front.book.fingerprint)
    site.run(e.paid("2027-01", "2027-01", "2026-01-01"))
    assert not coverage_book_of(front).is_current(front.book.fingerprint)
