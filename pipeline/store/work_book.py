"""The book of work: which officer has which open referral. An assignment is a note among colleagues: whoever may rule
still may, and the worker never reads it.

It lapses after a time, and with the referral it was made for: another question is free again. The gateway writes it,
each change with its audit record.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, PrimaryKeyConstraint, Table, Text, delete, select, text

from pipeline.errors import EXIT_REFUSED, SantunanError
from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import AuditRecord, write_record
from pipeline.store.access_tables import principals
from pipeline.store.tables import metadata
from schemas.clock import clock_of, microseconds

HOLD_HOURS: Final = 48  # unless a setting says otherwise

work_holders: Final = Table(
    "work_holders",
    metadata,
    Column("claim_id", Text, nullable=False),
    Column("referral_id", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("given_by", Text, nullable=False),  # the principal himself, or who handed it over
    Column("taken_at", BigInteger, nullable=False),
    Column("lapses_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("claim_id"),
)
# One statement, so that of two officers at once one gets it and the other learns that he did not.
_TAKE: Final = text(
    "INSERT INTO work_holders (claim_id, referral_id, principal, given_by, taken_at, lapses_at) "
    "VALUES (:claim_id, :referral_id, :principal, :given_by, :taken_at, :lapses_at) "
    "ON CONFLICT (claim_id) DO UPDATE SET referral_id = excluded.referral_id, principal = excluded.principal, "
    "given_by = excluded.given_by, taken_at = excluded.taken_at, lapses_at = excluded.lapses_at "
    "WHERE work_holders.principal = :given_by OR work_holders.referral_id <> excluded.referral_id "
    "OR work_holders.lapses_at <= excluded.taken_at"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a claim, since when and until when; `given_by`: who handed it over, or the holder himself."""

    principal: str
    given_by: str
    taken_at: dt.datetime
    lapses_at: dt.datetime


class Held(SantunanError):
    """Another officer has the claim."""

    exit_code = EXIT_REFUSED

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"{holder.principal} has this claim; ask for it to be handed over, or wait until it is free")
        self.holder = holder


class WorkBook:
    """Closed with the book of access. May be used by several threads."""

    def __init__(self, access: AccessBook, hours: int = HOLD_HOURS) -> None:
        self._access = access
        self._lasts = dt.timedelta(hours=hours)

    def give(self, claim_id: str, referral_id: str, to: str, hand: str, now: dt.datetime) -> Holder:
        """To oneself (`hand` is `to`), or what one has to another. Raises Held where somebody else has it."""
        made = Holder(to, hand, now, now + self._lasts)
        row = {
            "claim_id": claim_id,
            "referral_id": referral_id,
            "principal": to,
            "given_by": hand,
            "taken_at": microseconds(now),
            "lapses_at": microseconds(made.lapses_at),
        }
        with self._access.transaction() as transaction:
            connection = transaction.connection
            if not connection.execute(_TAKE, row).rowcount:
                other = _holder(connection, claim_id)
                assert other is not None  # its row is why nothing was written
                raise Held(other)
            action = "work.take" if to == hand else "work.hand_over"
            write_record(connection, AuditRecord(now, hand, action, claim_id, reason=None if to == hand else to))
            transaction.commit()
        return made

    def release(self, claim_id: str, hand: str, now: dt.datetime) -> bool:
        """Whether `hand` had it."""
        own = (work_holders.c.claim_id == claim_id, work_holders.c.principal == hand)
        with self._access.transaction() as transaction:
            had = transaction.connection.execute(delete(work_holders).where(*own)).rowcount > 0
            if had:
                write_record(transaction.connection, AuditRecord(now, hand, "work.release", claim_id))
                transaction.commit()
        return had

    def holder(self, claim_id: str, referral_id: str | None, now: dt.datetime) -> Holder | None:
        """Who has this referral now."""
        with self._access.reading() as connection:
            found = _holder(connection, claim_id, referral_id)
        return None if found is None or found.lapses_at <= now else found

    def officers(self) -> tuple[str, ...]:
        """Who may be handed something, by name."""
        kind = principals.c.name.like("urn:santunan:officer:%")
        wanted = select(principals.c.name).where(kind, principals.c.disabled_at.is_(None)).order_by(principals.c.name)
        with self._access.reading() as connection:
            return tuple(connection.execute(wanted).scalars())


def _holder(connection: Connection, claim_id: str, referral_id: str | None = None) -> Holder | None:
    wanted = select(work_holders).where(work_holders.c.claim_id == claim_id)
    if referral_id is not None:
        wanted = wanted.where(work_holders.c.referral_id == referral_id)
    row: Any = connection.execute(wanted).first()
    if row is None:
        return None
    return Holder(row.principal, row.given_by, clock_of(row.taken_at), clock_of(row.lapses_at))
