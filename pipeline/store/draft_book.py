"""The book of drafts: reports that a person has begun in a browser and not sent yet.

Answers are personal data, so they are kept for as short a time as the work needs: they go when the report is applied,
when they are discarded, or when nobody has changed them for `keeps`. The gateway alone reads and writes them. A draft
belongs to a principal; another's is as if it were not there.
"""

import datetime as dt
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, delete, insert, select, update

from pipeline.store.access_book import AccessBook
from pipeline.store.tables import metadata
from schemas.clock import clock_of, microseconds

MOST_DRAFTS: Final = 200  # of one principal: a hospital with many clerks behind one; beyond it the oldest goes
ASKED: Final = "asked"  # in place of a kind of report: a question of `pipeline.store.asked_book`
_NOTHING: Final = "{}"

# `answers`: JSON, lists of texts by the field's path. `event_id`: of the report, the same however often it is sent.
# `sending_at`: when it was first sent. `receipt`: JSON, of the report that was received.
drafts: Final = Table(
    "report_drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("sending_at", BigInteger),
    Column("receipt", Text),
    Index(None, "principal"),
    Index(None, "changed_at"),
)

Lists = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """`step`: the last one that was answered. `receipt`: its fields as JSON has them; None: it was not received."""

    id: str
    principal: str
    kind: str
    step: str
    answers: dict[str, list[str]]
    event_id: str
    changed_at: dt.datetime
    sending_at: dt.datetime | None
    receipt: dict[str, Any] | None

    def __repr__(self) -> str:
        return f"Draft({self.id})"  # answers shall not reach a log


class DraftBook:
    """Closed with the book of access. May be used by several threads."""

    def __init__(self, access: AccessBook, keeps: dt.timedelta) -> None:
        self._access = access
        self.keeps = keeps

    def get(self, owner: str, draft_id: str, now: dt.datetime) -> Draft | None:
        """None: there is none, it is too old, or it is another's."""
        with self._access.reading() as connection:
            found = connection.execute(select(drafts).where(*self._is_own(owner, draft_id, now))).first()
        return None if found is None else _draft(found)

    def all(self, owner: str, now: dt.datetime) -> list[Draft]:
        """The one that was changed last comes first. What is too old, of anybody, is deleted."""
        is_own = (drafts.c.principal == owner, drafts.c.kind != ASKED, drafts.c.changed_at > self._oldest(now))
        statement = select(drafts).where(*is_own).order_by(drafts.c.changed_at.desc(), drafts.c.id)
        is_old = select(drafts.c.id).where(drafts.c.changed_at <= self._oldest(now)).limit(1)
        with self._access.reading() as connection:
            found = [_draft(row) for row in connection.execute(statement)]
            has_old = connection.execute(is_old).first() is not None
        if has_old:
            with self._access.transaction() as transaction:
                transaction.connection.execute(delete(drafts).where(drafts.c.changed_at <= self._oldest(now)))
                transaction.commit()
        return found

    def save(
        self, owner: str, draft_id: str, kind: str, step: str, names: Collection[str], answers: Lists, now: dt.datetime
    ) -> Draft | None:
        """Replace the answers to these names, and no others: so two tabs at two steps do not lose each other's. A draft
        that was received stays as it is. None: the id is another principal's."""
        moment = microseconds(now)
        with self._access.transaction() as transaction:
            connection = transaction.connection
            connection.execute(delete(drafts).where(drafts.c.changed_at <= self._oldest(now)))
            found = connection.execute(select(drafts).where(drafts.c.id == draft_id).with_for_update()).first()
            if found is not None and (found.principal, found.kind) != (owner, kind):
                return None
            if found is not None and found.receipt is not None:
                return _draft(found)
            before = orjson.loads(found.answers) if found is not None else {}
            kept = {name: values for name, values in before.items() if name not in names}
            kept |= {name: list(answers[name]) for name in names if any(answers.get(name, ()))}
            values = {"answers": orjson.dumps(kept).decode(), "step": step, "changed_at": moment}
            if found is not None:
                connection.execute(update(drafts).where(drafts.c.id == draft_id).values(values))
            else:
                own = {"id": draft_id, "principal": owner, "kind": kind, "event_id": _new_id(), "created_at": moment}
                connection.execute(insert(drafts), [own | values])
                _drop_oldest(connection, owner)
            saved = _draft(connection.execute(select(drafts).where(drafts.c.id == draft_id)).one())
            transaction.commit()
        return saved

    def begin_sending(self, owner: str, draft_id: str, now: dt.datetime) -> Draft | None:
        """The draft with the moment at which it was first sent, which a second click does not move."""
        is_first = (*self._is_own(owner, draft_id, now), drafts.c.sending_at.is_(None))
        with self._access.transaction() as transaction:
            transaction.connection.execute(update(drafts).where(*is_first).values(sending_at=microseconds(now)))
            transaction.commit()
        return self.get(owner, draft_id, now)

    def stop_sending(self, owner: str, draft_id: str) -> None:
        """It was refused, so it may be corrected and is then another report, with an id of its own."""
        self._change(owner, draft_id, event_id=_new_id(), sending_at=None, receipt=None)

    def received(self, owner: str, draft_id: str, receipt: Mapping[str, Any]) -> None:
        self._change(owner, draft_id, receipt=orjson.dumps(receipt).decode())

    def forget_answers(self, owner: str, draft_id: str) -> None:
        """The report is applied. The receipt stays, so that *back* and a second click find what was sent."""
        self._change(owner, draft_id, answers=_NOTHING)

    def discard(self, owner: str, draft_id: str) -> None:
        with self._access.transaction() as transaction:
            transaction.connection.execute(delete(drafts).where(drafts.c.id == draft_id, drafts.c.principal == owner))
            transaction.commit()

    def _change(self, owner: str, draft_id: str, **values: Any) -> None:
        is_own = (drafts.c.id == draft_id, drafts.c.principal == owner)
        with self._access.transaction() as transaction:
            transaction.connection.execute(update(drafts).where(*is_own).values(values))
            transaction.commit()

    def _is_own(self, owner: str, draft_id: str, now: dt.datetime) -> tuple[Any, ...]:
        is_own = (drafts.c.id == draft_id, drafts.c.principal == owner, drafts.c.kind != ASKED)
        return *is_own, drafts.c.changed_at > self._oldest(now)

    def _oldest(self, now: dt.datetime) -> int:
        return microseconds(now - self.keeps)


def _drop_oldest(connection: Connection, owner: str) -> None:
    is_own = (drafts.c.principal == owner, drafts.c.kind != ASKED)
    newest = select(drafts.c.id).where(*is_own).order_by(drafts.c.changed_at.desc(), drafts.c.id)
    too_many = connection.execute(newest.offset(MOST_DRAFTS)).scalars().all()
    if too_many:
        connection.execute(delete(drafts).where(drafts.c.id.in_(too_many)))


def _new_id() -> str:
    return secrets.token_urlsafe(16)


def _draft(row: Any) -> Draft:
    return Draft(
        row.id,
        row.principal,
        row.kind,
        row.step,
        orjson.loads(row.answers),
        row.event_id,
        clock_of(row.changed_at),
        clock_of(row.sending_at) if row.sending_at is not None else None,
        orjson.loads(row.receipt) if row.receipt is not None else None,
    )
