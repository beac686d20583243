"""Imports: a sheet of members or of contributions checked row by row, for who may send them. Sends nothing by itself.

A door shows what the check says, and hands in the events of the good rows by `reports.submit_events`, as any others.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant, grant_of
from pipeline.enrolment.check import MemberCheck, Rows
from pipeline.enrolment.payments import STATUSES as PAYMENT_STATUSES
from pipeline.enrolment.payments import PaymentCheck, require_person
from pipeline.enrolment.registry import PREFIX_DIGITS, Found
from pipeline.enrolment.report import CheckedRow, SheetReport
from pipeline.enrolment.rows import MemberRow
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import is_own_member
from pipeline.queries.registry import members_among, names_of, neighbours_of
from schemas.clock import JAKARTA

_GROUPS = (0, 8, 16, 24)


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
    now = front.now()

    def ask(rows: Sequence[MemberRow]) -> Found:
        return _known(front, principal, grant, rows)

    check = MemberCheck(sheet, principal.name, front.book, ask, now, now.astimezone(JAKARTA).date())
    return _reported(SheetReport(_import_id(principal, sheet)), check.rows(), sheet, each)


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


def _known(front: FrontOffice, principal: Principal, grant: Grant, rows: Sequence[MemberRow]) -> Found:
    numbers = sorted({row.get("member_number") for row in rows} - {None})
    niks = sorted({row.get("nik") for row in rows} - {None})
    members = members_among(front.store, numbers, niks)
    own = frozenset(one.number for one in members if grant.reach == "all" or is_own_member(principal, one))
    of_nik: dict[str, list[str]] = {}
    for one in members:
        if one.nik is not None:
            of_nik.setdefault(one.nik, []).append(one.number)
    beside = [
        one for one in neighbours_of(front.store, sorted({nik[:PREFIX_DIGITS] for nik in niks})) if one[1] not in of_nik
    ]
    names = names_of(front.store, [number for number, _ in beside]) if beside else {}
    neighbours: dict[str, list[tuple[str, str, str | None]]] = {}
    for number, nik in beside:
        neighbours.setdefault(nik[:PREFIX_DIGITS], []).append((number, nik, names.get(number)))
    return Found({one.number: one for one in members if one.is_registered}, of_nik, own, neighbours)
