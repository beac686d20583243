"""The yardstick of the worker: Faust as its tutorial shows it. One event, one SQL transaction, one send.

    python -m tests.bench.idiomatic_faust COUNT

The same parser, rules and tables, written the way one would begin: no chunks, no stored outputs, no position in the
database, no lock on the person. So it promises less, too: after a crash a decision may be sent twice, or never. Ends
after COUNT claims; its last line is a JSON object with the rate.
"""

import json
import os
import sys
import time
from typing import Any, Final

import faust
import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Table

from agents.settings import read_settings
from pipeline.claims.desk import Desk
from pipeline.law.book import Book
from pipeline.messages.intake import Arrival, read
from pipeline.messages.records import Message, Record
from pipeline.store.loader import summary_of
from pipeline.store.rows import case_row, decision_row, members_of, payout_row
from pipeline.store.tables import cases, decisions, ledger, payouts
from schemas import topics
from schemas.clock import microseconds

FIRST_SEQ: Final = 1 << 60  # above whatever the members' events have
MEMBER: Final = "SELECT number, version, document, recent FROM members WHERE number = %s"
MONTHS: Final = "SELECT number, version, months FROM member_months WHERE number = %s ORDER BY version"
SUMMARIES: Final = "SELECT * FROM cases WHERE member_number = %s OR nik = %s"

settings = read_settings()
app = faust.App(
    settings.group,
    broker=f"kafka://{settings.kafka_bootstrap}",
    store="memory://",
    web_enabled=False,
    topic_partitions=settings.partitions,
    topic_disable_leader=True,
    topic_allow_declare=False,
    consumer_auto_offset_reset="earliest",
)
outputs = {name: app.topic(name, key_serializer="raw", value_serializer="raw") for name in topics.OUTPUT}
accidents = app.topic(topics.ACCIDENTS, key_type=bytes, value_type=bytes, value_serializer="raw")
deaths = app.topic(topics.DEATHS, key_type=bytes, value_type=bytes, value_serializer="raw")


class Clerk:
    """Decides one claim in one transaction."""

    def __init__(self) -> None:
        self._book = Book.load()
        options: dict[str, Any] = {"autocommit": True, "row_factory": namedtuple_row}
        self._connection: psycopg.Connection[Any] = psycopg.connect(settings.database_url, **options)
        self._seq = FIRST_SEQ

    def decide(self, record: Record, topic: str, partition: int) -> list[Message]:
        arrival = read(record, topic, partition)
        assert isinstance(arrival, Arrival), "every claim of the measurement can be read"
        self._seq += 1
        with self._connection.transaction(), self._connection.cursor() as cursor:
            data: Any = arrival.event.data
            number = data.member.member_number
            new = (
                self._seq,
                *arrival.identity,
                arrival.digest,
                topic,
                partition,
                record.offset,
                microseconds(arrival.clock),
                False,
                data.claim_id,
                number,
                record.value,
            )
            if cursor.execute(INSERT_EVENT, new).rowcount == 0:
                return []
            desk = Desk(self._book)
            heads = cursor.execute(MEMBER, (number,)).fetchall()
            for member in members_of(heads, cursor.execute(MONTHS, (number,)).fetchall()):
                desk.add_member(member)
            nik = desk.members[number].nik if number in desk.members else None
            for row in cursor.execute(SUMMARIES, (number, nik)).fetchall():
                desk.add_summary(summary_of(row))
            messages = desk.take(arrival.event, arrival.clock, order=self._seq, partition=partition)
            case = desk.cases[data.claim_id]
            cursor.execute(INSERT_CASE, case_row(case, desk.summaries.get(case.claim_id), 1))
            for decision in desk.made_decisions:
                cursor.execute(INSERT_DECISION, decision_row(decision, self._seq))
            for payout in desk.made_payouts:
                cursor.execute(INSERT_PAYOUT, payout_row(payout))
        return messages


class Stopwatch:
    """From the first claim done to the last that is wanted; then the process ends."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = 0
        self._started = 0.0

    def note(self) -> None:
        self._done += 1
        if self._done == 1:
            self._started = time.perf_counter()
        elif self._done == self._count:
            seconds = time.perf_counter() - self._started
            print(json.dumps({"claims_per_second": (self._count - 1) / seconds}), flush=True)
            os._exit(0)  # Faust would go on through the rest of the topic while it stops


@app.agent(accidents)  # type: ignore[untyped-decorator]
async def assess_accidents(stream: Any) -> None:
    async for event in stream.events():
        await assess(event.message)


@app.agent(deaths)  # type: ignore[untyped-decorator]
async def assess_deaths(stream: Any) -> None:
    async for event in stream.events():
        await assess(event.message)


async def assess(message: Any) -> None:
    record = Record(message.offset, int(message.timestamp * 1000), message.key, message.value)
    for output in clerk.decide(record, message.topic, message.partition):
        await outputs[output.topic].send(key=output.key, value=output.value)
    stopwatch.note()


def _insert(table: Table) -> str:
    columns = ", ".join(f'"{one.name}"' for one in table.columns)
    return f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join(['%s'] * len(table.columns))})"  # noqa: S608


INSERT_EVENT: Final = f"{_insert(ledger)} ON CONFLICT DO NOTHING"
INSERT_CASE: Final = _insert(cases)
INSERT_DECISION: Final = _insert(decisions)
INSERT_PAYOUT: Final = _insert(payouts)

if __name__ == "__main__":
    clerk = Clerk()
    stopwatch = Stopwatch(int(sys.argv[1]))
    worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()
