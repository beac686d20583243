"""The members that a cooperative, an employer or an office registered, as the sheet that an import reads. In full, and
on record: NIKs are shown to who wrote them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.coverage.people import state_on
from pipeline.enrolment.export import EXPORTED, spelled_in, values_of, would_change
from pipeline.errors import NotReady, Poison
from pipeline.explain import Language
from pipeline.explain.sheets import sheet_text
from pipeline.membership.member import Member
from pipeline.operations.coverage_keeping import MOST_WAITED_FOR, coverage_book_of, keep
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import is_own_member, own_members
from pipeline.queries.coverage_counts import members_listed
from pipeline.queries.registry import members_among, registrations_of
from pipeline.store.access_rows import AuditRecord
from schemas.clock import JAKARTA
from schemas.decisions import FieldError
from schemas.membership import MemberRegistered

MOST_EXPORTED: Final = 100_000  # members; an import reads no more
_TOGETHER: Final = 500  # asked of the store at once
Cell = str | int | dt.date | None


@dataclass(frozen=True, slots=True)
class MemberSheet:
    """`rows`: read while they are asked for, once; by membership number. The last two cells: `lewati` and why, of a row
    that an import must leave out. `count`: of members."""

    titles: tuple[str, ...]
    rows: Iterator[list[Cell]]
    count: int


def export_members(
    front: FrontOffice, principal: Principal, *, cooperative: str | None = None, language: Language = "id"
) -> MemberSheet:
    """`cooperative`: as the picture names it, or its number. Each gets the members that it registered itself; an
    employer or a cooperative also those whose registration names its number.

    The audit record is written first. Raises Denied; Poison (cooperative) where there are too many members; NotReady
    where nothing is put on record, or too many members wait to be counted.
    """
    grant_of(principal, "export_members")
    if front.put_on_record is None:
        raise NotReady("nothing is put on record here, so no list of members is given out")
    coverage = coverage_book_of(front)
    keep(coverage, front.book, MOST_WAITED_FOR)
    with coverage.reading() as connection:
        numbers = members_listed(connection, own_members(principal), cooperative, MOST_EXPORTED + 1)
    if len(numbers) > MOST_EXPORTED:
        message = f"more than {MOST_EXPORTED} members; ask for one cooperative"
        raise Poison("INVALID", FieldError("cooperative", message))
    front.put_on_record(AuditRecord(front.now(), principal.name, "members.export", None, reason=f"{len(numbers)} KPJ"))
    titles = (*(one.titled(language) for one in EXPORTED), sheet_text(language, "columns", "note"))
    return MemberSheet(titles, _rows(front, principal, numbers, language), len(numbers))


def _rows(front: FrontOffice, principal: Principal, numbers: list[str], language: Language) -> Iterator[list[Cell]]:
    today = front.now().astimezone(JAKARTA).date()
    for at in range(0, len(numbers), _TOGETHER):
        members = members_among(front.store, numbers[at : at + _TOGETHER], [])
        told = registrations_of(front.store, [one.number for one in members])
        for member in members:
            if member.is_registered and is_own_member(principal, member):
                yield _row(front, principal, member, told.get(member.number, []), today, language)


def _row(
    front: FrontOffice,
    principal: Principal,
    member: Member,
    told: list[MemberRegistered],
    today: dt.date,
    language: Language,
) -> list[Cell]:
    values, note = values_of(member, told), None
    if state_on([member], today, front.book) == "left":
        note = "left"
    elif would_change(member, values, principal.name, front.now()):
        note = "not_whole"
    if note is not None:
        values["decision"] = "leave"
    shown = spelled_in(values, language)
    return [*(shown.get(one.name) for one in EXPORTED), sheet_text(language, "export", note) if note else None]
