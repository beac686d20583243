"""What the commands read from the store: the decision that stands, what was paid, what was refused. Never writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from pipeline.errors import EXIT_REFUSED, SantunanError
from pipeline.explain import Payment
from pipeline.membership.member import Member
from pipeline.queries import history
from pipeline.store.tables import cases, dead_letters, log
from pipeline.store.tables import members as member_table
from schemas.decisions import Decision
from schemas.events import parse
from schemas.payouts import PayoutSettled

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from sqlalchemy import Connection


class NotFound(SantunanError):
    """Nothing of that name is there; the message says how to find it."""

    exit_code = EXIT_REFUSED


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """A claim as it stands: its latest decision, what was settled, what waits for an officer."""

    decision: Decision
    payments: tuple[Payment, ...]
    open_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. `place`: topic/partition/offset, which is its name."""

    place: str
    reason: str
    errors: list[dict[str, str]]
    source: str | None
    event_id: str | None
    is_retried: bool
    received_ms: int | None  # None: its clock is its own `time`
    original: bytes | None


_END: Final = 1 << 62  # after every row of the ledger


def status_of(store: Any, claim_id: str) -> ClaimStatus:
    """Raises NotFound where the claim is not known, or not opened."""
    with store.reader() as connection:
        published = history.published_decisions(connection, [claim_id], is_embedded=store.is_embedded)
        if not published:
            known = connection.execute(select(cases.c.claim_id).where(cases.c.claim_id == claim_id)).scalar()
            why = "only evidence came, not yet the claim" if known else "`santunan decisions` shows what there is"
            raise NotFound(f"there is no decision on the claim {claim_id}: {why}")
        progress = connection.execute(select(cases.c.progress).where(cases.c.claim_id == claim_id)).scalar_one()
        decision = read_decision(published[max(published)])
        return ClaimStatus(decision, tuple(_payments(connection, claim_id)), _open_codes(progress))


def members(store: Any, *, number: str | None = None, nik: str | None = None) -> list[Member]:
    """By membership number, or every membership of a NIK."""
    wanted = member_table.c.number == number if number is not None else member_table.c.nik == nik
    with store.reader() as connection:
        documents = connection.execute(select(member_table.c.document).where(wanted).order_by(member_table.c.number))
        return [Member.from_json(document.encode()) for document in documents.scalars()]


def letters(store: Any, *, with_retried: bool = False) -> list[DeadLetter]:
    """Every dead letter, the oldest first; without those that were retried."""
    statement = select(dead_letters).order_by(dead_letters.c.chunk, dead_letters.c.topic, dead_letters.c.offset)
    if not with_retried:
        statement = statement.where(dead_letters.c.is_retried.is_(False))
    with store.reader() as connection:
        return [_letter(connection, row) for row in connection.execute(statement)]


def letter(store: Any, place: str) -> DeadLetter:
    """Raises NotFound where there is none of that name."""
    topic, partition, offset = split_place(place)
    statement = select(dead_letters).where(
        dead_letters.c.topic == topic, dead_letters.c.partition == partition, dead_letters.c.offset == offset
    )
    with store.reader() as connection:
        row = connection.execute(statement).first()
        if row is None:
            raise NotFound(f"there is no dead letter {place}; `santunan dead-letters list` names them")
        return _letter(connection, row)


def split_place(place: str) -> tuple[str, int, int]:
    """`claims.accidents/0/17` -> its parts. Raises NotFound."""
    parts = place.rsplit("/", 2)
    if len(parts) != 3 or not all(one.isdecimal() and len(one) < 19 for one in parts[1:]):
        raise NotFound(f"{place} names no dead letter: write topic/partition/offset, as `dead-letters list` shows it")
    return parts[0], int(parts[1]), int(parts[2])


def read_decision(document: bytes) -> Decision:
    """The decision in a published event."""
    import orjson

    return _decision_reader().validate_json(orjson.dumps(orjson.loads(document)["data"]))


@cache
def _decision_reader() -> "TypeAdapter[Decision]":
    from pydantic import TypeAdapter

    return TypeAdapter(Decision)


def _payments(connection: "Connection", claim_id: str) -> Iterator[Payment]:
    for _, _, raw in history.events_of(connection, [claim_id], before=_END):
        event = parse(bytes(raw))
        if isinstance(event, PayoutSettled):
            yield Payment(event.data.amount, event.data.paid_on)


def _open_codes(progress: str) -> tuple[str, ...]:
    import orjson

    return tuple(orjson.loads(progress).get("referral_codes", ()))


def _letter(connection: "Connection", row: Any) -> DeadLetter:
    import orjson

    original = row.original
    if original is None:
        statement = select(log.c.value).where(
            log.c.topic == row.topic, log.c.partition == row.partition, log.c.offset == row.offset
        )
        original = connection.execute(statement).scalar()
    return DeadLetter(
        f"{row.topic}/{row.partition}/{row.offset}",
        row.reason,
        orjson.loads(row.errors),
        row.source,
        row.event_id,
        row.is_retried,
        row.received_ms,
        None if original is None else bytes(original),
    )
