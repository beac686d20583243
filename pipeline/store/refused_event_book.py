"""The book of refused events: who asked to see one, who agreed, who sent it again. Each step is an audit record."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import insert, select

from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import AuditRecord, write_record
from pipeline.store.refused_event_tables import refused_event_steps
from schemas.clock import clock_of, microseconds

StepName = Literal["asked", "approved", "retried", "corrected"]
_ACTIONS = {
    "asked": "dead-letter.ask",
    "approved": "dead-letter.approve",
    "retried": "dead-letter.retry",
    "corrected": "dead-letter.correct",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done with a refused event. `who`: a principal, or the user of the machine."""

    step: StepName
    clock: dt.datetime
    who: str
    reason: str | None


class RefusedEventBook:
    """Closed with the book of access. May be used by several threads."""

    def __init__(self, access: AccessBook) -> None:
        self._access = access

    def steps(self, topic: str, partition: int, offset: int) -> list[Step]:
        """The oldest first."""
        table = refused_event_steps.c
        is_here = (table.topic == topic, table.partition == partition, table.offset == offset)
        statement = select(refused_event_steps).where(*is_here).order_by(table.number)
        with self._access.reading() as connection:
            return [Step(row.step, clock_of(row.clock), row.who, row.reason) for row in connection.execute(statement)]

    def add(self, place: tuple[str, int, int], step: Step) -> None:
        topic, partition, offset = place
        row = {
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "step": step.step,
            "clock": microseconds(step.clock),
            "who": step.who,
            "reason": step.reason,
        }
        record = AuditRecord(step.clock, step.who, _ACTIONS[step.step], f"{topic}/{partition}/{offset}")
        with self._access.transaction() as transaction:
            transaction.connection.execute(insert(refused_event_steps), [row])
            write_record(transaction.connection, record)
            transaction.commit()

    def note(self, record: AuditRecord) -> None:
        self._access.write(record)
