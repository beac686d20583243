"""Imports: a sheet of members, payments or claims checked row by row, for who may send it. Sends nothing itself.

A door shows what the check says, and hands in the events of the good rows by `reports.submit_events`, as any others.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant, grant_of
from pipeline.claim_sheets.check import STATUSES as CLAIM_STATUSES
from pipeline.claim_sheets.check import ClaimCheck, Looked, Made
from pipeline.claim_sheets.columns import BY_NAME as CLAIM_TITLES
from pipeline.claim_sheets.columns import COLUMNS as CLAIM_COLUMNS
from pipeline.claim_sheets.columns import kind_of
from pipeline.claims.parties import is_over
from pipeline.enrolment.check import MemberCheck, Rows
from pipeline.enrolment.payments import STATUSES as PAYMENT_STATUSES
from pipeline.enrolment.payments import PaymentCheck, require_person
from pipeline.enrolment.registry import PREFIX_DIGITS, Found
from pipeline.enrolment.report import CheckedRow, SheetReport
from pipeline.enrolment.rows import MemberRow
from pipeline.errors import NotReady, Poison
from pipeline.membership.member import Member
from pipeline.operations.coverage_keeping import keep
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import is_own_member, was_own_member
from pipeline.operations.submission import admitted
from pipeline.queries.coverage_counts import members_born_on
from pipeline.queries.pages import NotFound
from pipeline.queries.registry import members_among, names_of, neighbours_of
from pipeline.queries.submissions import sent_before
from schemas.clock import JAKARTA

_GROUPS = (0, 8, 16, 24)
_MOST_COUNTED = 5_000  # persons that a check of a sheet waits for: about one second


class MemberSheet(Rows, Protocol):
    """`digest`: SHA-256 of the file. `skipped`: rows that are nobody, by reason, when all were read."""

    digest: bytes
    skipped: dict[str, list[int]]

    @property
    def columns_found(self) -> Sequence[str]: ...

    @property
    def unread(self) -> Sequence[str]: ...

    def place(self, row: int, name: str) -> str: ...


def import_members(
    front: FrontOffice, principal: Principal, sheet: MemberSheet, each: Callable[[CheckedRow], Any] | None = None
) -> SheetReport:
    """What is in the sheet, and what is wrong with it; `each` gets every row in its order, with its events.

    Raises Denied; Transient where the store is away.
    """
    grant = grant_of(principal, "import_members")
    _count_new(front)
    now = front.now()

    def ask(rows: Sequence[MemberRow]) -> Found:
        return _known(front, principal, grant, rows)

    today = now.astimezone(JAKARTA).date()
    check = MemberCheck(sheet, principal.name, front.book, ask, now, today)
    return _reported(SheetReport(_import_id(principal, sheet), today=today), check.rows(), sheet, each)


def import_contributions(
    front: FrontOffice, principal: Principal, sheet: MemberSheet, each: Callable[[CheckedRow], Any] | None = None
) -> SheetReport:
    """Payments in the sheet, reconciled with what was owed; as `import_members`.

    Raises Denied; SheetRefused where the sheet does not say who paid; Transient where the store is away.
    """
    grant = grant_of(principal, "import_contributions")
    require_person(sheet.columns_found)
    now = front.now()

    def ask(rows: Sequence[MemberRow]) -> Found:
        return _known(front, principal, grant, rows)

    check = PaymentCheck(sheet, principal.name, front.book, ask, now, now.astimezone(JAKARTA).date())
    return _reported(SheetReport(_import_id(principal, sheet), PAYMENT_STATUSES), check.rows(), sheet, each)


def import_claims(
    front: FrontOffice, principal: Principal, sheet: MemberSheet, each: Callable[[CheckedRow], Any] | None = None
) -> SheetReport:
    """Accidents or deaths in the sheet, for who may report these one by one; as `import_members`.

    Raises Denied; SheetRefused where the sheet does not say who or when; Transient where the store is away.
    """
    grant_of(principal, "import_claims")
    require_person(sheet.columns_found)
    kind = kind_of(sheet.columns_found)
    grant = grant_of(principal, f"report_{kind}")

    def ask(rows: Sequence[MemberRow]) -> Found:
        return _members(front, principal, grant, rows, was_own_member)

    def look(made: Sequence[Made]) -> list[Looked]:
        return _looked(front, principal, made)

    check = ClaimCheck(sheet, kind, principal.name, ask, look, front.now())
    report = _reported(SheetReport(_import_id(principal, sheet), CLAIM_STATUSES), check.rows(), sheet, each)
    of_kind = {one.name for one in CLAIM_COLUMNS[kind]}
    report.unread += [CLAIM_TITLES[name].title for name in sheet.columns_found if name not in of_kind]
    return report


def _looked(front: FrontOffice, principal: Principal, made: Sequence[Made]) -> list[Looked]:
    """As each event would be received on its own."""
    ids, claims = [one.event_id for one in made], [one.claim_id for one in made]
    known_ids, known_claims = sent_before(front.store, principal.name, ids, claims)
    found = []
    for one in made:
        if one.event_id in known_ids or front.recent.get(principal.name, one.event_id) is not None:
            found.append(Looked("reported"))
            continue
        refused = None
        try:
            admitted(front, principal, one.document)
        except Poison as poison:
            refused = "NOT_TAKEN", ", ".join(error.field.removeprefix("data.") for error in poison.errors)
        except NotFound:
            refused = "PERSON_OF_OTHERS", ""
        is_known = one.claim_id in known_claims or front.recent.of_claim(principal.name, one.claim_id) is not None
        found.append(Looked("changed" if is_known else "new", refused))
    return found


def _reported(
    report: SheetReport, rows: Iterator[CheckedRow], sheet: MemberSheet, each: Callable[[CheckedRow], Any] | None
) -> SheetReport:
    for row in rows:
        places: dict[str | None, str] = {None: str(row.number)}
        places |= {fault.column: sheet.place(row.number, fault.column) for fault in row.faults if fault.column}
        report.add(row, places)
        if each is not None:
            each(row)
    report.skipped = dict(sheet.skipped)
    report.unread = list(sheet.unread)
    return report


def _import_id(principal: Principal, sheet: MemberSheet) -> str:
    """The same file of the same sender has the same id. In groups, for sixteen digits in a row could be a NIK."""
    digest = hashlib.sha256(principal.name.encode() + b"\n" + sheet.digest).digest()
    letters = base64.b32encode(digest).decode()
    return "-".join(letters[at : at + 8] for at in _GROUPS)


def _members(
    front: FrontOffice,
    principal: Principal,
    grant: Grant,
    rows: Sequence[MemberRow],
    is_own: Callable[[Principal, Member], bool] = is_own_member,
) -> Found:
    """Whom the rows name."""
    numbers = sorted({row.get("member_number") for row in rows} - {None})
    niks = sorted({row.get("nik") for row in rows} - {None})
    members = members_among(front.store, numbers, niks)
    own = frozenset(one.number for one in members if grant.reach == "all" or is_own(principal, one))
    of_nik: dict[str, list[str]] = {}
    for one in members:
        if one.nik is not None:
            of_nik.setdefault(one.nik, []).append(one.number)
    left = frozenset(one.number for one in members if one.is_registered and is_over(one))
    return Found({one.number: one for one in members if one.is_registered}, of_nik, own, left)


def _known(front: FrontOffice, principal: Principal, grant: Grant, rows: Sequence[MemberRow]) -> Found:
    """Whom the rows name, and who is next to them by a NIK."""
    found = _members(front, principal, grant, rows)
    niks = sorted({row.get("nik") for row in rows} - {None})
    beside = [
        one
        for one in neighbours_of(front.store, sorted({nik[:PREFIX_DIGITS] for nik in niks}))
        if one[1] not in found.numbers_of_nik
    ]
    born = _born_with(front, [row for row in rows if row.get("nik") not in found.numbers_of_nik])
    names = names_of(front.store, [number for number, _ in [*beside, *born]]) if beside or born else {}
    neighbours: dict[str, list[tuple[str, str, str | None]]] = {}
    for number, nik in beside:
        neighbours.setdefault(nik[:PREFIX_DIGITS], []).append((number, nik, names.get(number)))
    same_day: dict[str, list[tuple[str, str]]] = {}
    for number, day in born:
        if number in names:
            same_day.setdefault(day, []).append((number, names[number]))
    return replace(found, neighbours=neighbours, same_day=same_day)


def _born_with(front: FrontOffice, rows: Sequence[MemberRow]) -> list[tuple[str, str]]:
    """(number, day of birth) of members who were born on the day of one of these rows; of those who were counted."""
    days = {row.values["birth_date"].isoformat() for row in rows if {"nik", "name", "birth_date"} <= row.values.keys()}
    if front.coverage is None or not days:
        return []
    with front.coverage.reading() as connection:
        return members_born_on(connection, days)


def _count_new(front: FrontOffice) -> None:
    """Who was registered since is looked for by day of birth as well, once it is counted.

    Where very many are not, `santunan coverage --keep` counts them; until then those are found by their NIK alone.
    """
    if front.coverage is not None:
        with suppress(NotReady):
            keep(front.coverage, front.book, _MOST_COUNTED)
