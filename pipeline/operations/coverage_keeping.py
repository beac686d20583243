"""Keeps the counts of coverage: follows what became known of members, and counts each person concerned again."""

import datetime as dt
from typing import Final

from pipeline.coverage.groups import Listed, group_of, owner_of
from pipeline.coverage.groups import cooperative_of as named
from pipeline.coverage.people import changes_of, first_missing_month
from pipeline.errors import NotReady, Poison
from pipeline.law.book import Book
from pipeline.law.calendar import month_start
from pipeline.membership.member import Member
from pipeline.operations.front_office import FrontOffice
from pipeline.store.coverage_book import CoverageBook, CoverageWriter
from pipeline.store.coverage_rows import MemberRow, PersonCounts
from schemas.clock import JAKARTA
from schemas.decisions import FieldError

AT_ONCE: Final = 1_000  # persons in one transaction, which holds an embedded store for a quarter of a second
MOST_WAITED_FOR: Final = 20_000  # persons that somebody who asks for the picture waits for: about four seconds


def coverage_book_of(front: FrontOffice) -> CoverageBook:
    """Raises NotReady where this process keeps none."""
    if front.coverage is None:
        raise NotReady("the counts of coverage are not kept by this process; ask at the gateway or the command line")
    return front.coverage


def require_day(front: FrontOffice, day: dt.date | None) -> dt.date:
    """Today where none is asked for. Raises Poison where the law of the day is not known."""
    found = day or front.now().astimezone(JAKARTA).date()
    if not front.book.first_day <= found <= front.book.through:
        message = f"the law is known from {front.book.first_day} through {front.book.through}; give a day between"
        raise Poison("INVALID", FieldError("day", message))
    return found


def keep(coverage: CoverageBook, book: Book, most: int | None = None) -> int:
    """Counts all who have changed; returns how many persons. `most` None: until none is left.

    Raises NotReady where more than `most` have changed: what was counted until then stays counted.
    """
    done = 0
    if coverage.is_current(book.fingerprint):
        return done  # so that who only looks does not wait for who writes
    while True:
        with coverage.writing() as writer:
            writer.begin_anew_if(book.fingerprint)
            persons = writer.next_persons(AT_ONCE)
            if persons:
                _count(writer, persons, book)
        if persons is None:
            return done
        done += len(persons)
        if most is not None and done > most:
            raise NotReady(
                "more members have changed than one waits for; run `santunan coverage --keep`, then ask again"
            )


def count_again(coverage: CoverageBook, persons: list[str], book: Book) -> None:
    """Of these persons, whose list or verdict has changed."""
    for start in range(0, len(persons), AT_ONCE):
        with coverage.writing() as writer:
            _count(writer, persons[start : start + AT_ONCE], book)


def _count(writer: CoverageWriter, persons: list[str], book: Book) -> None:
    found: dict[str, PersonCounts] = {}
    rows: list[MemberRow] = []
    for person, members, known in writer.concerned(persons):
        listed = sorted(known, key=lambda one: (one.listed_on, one.id))
        group = group_of(members, [Listed(one.nik, one.region, one.sector, one.cooperative) for one in listed])
        changes = changes_of(members, listed[0].listed_on if listed else None, book)
        found[person] = PersonCounts(group, changes)
        rows += [_row(person, member, book) for member in members if member.enrolments]

    writer.count(found, rows)


def _row(person: str, member: Member, book: Book) -> MemberRow:
    enrolment = member.enrolments[-1]
    month = first_missing_month(member, book)
    call_from = month_start(month).toordinal() if month is not None else None
    born = enrolment.birth_date.isoformat()
    writer = enrolment.writer or ""
    return MemberRow(member.number, person, born, owner_of(enrolment), writer, named(enrolment), call_from)
