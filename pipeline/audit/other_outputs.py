"""Payouts and referrals of a replay: those that are made again beside those that were published.

Kept as digests in a temporary file without a name, as the state is (`state.py`): each is noted once as made and once
as published, and what is left at the end differs.
"""

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, zip_longest
from types import TracebackType
from typing import Any, Final, Self

import orjson

from pipeline.audit.state import temporary_file
from schemas import topics

KINDS: Final = {topics.PAYOUTS: "payout", topics.REFERRALS: "referral"}
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class OtherOutput:
    """`amount`: rupiah that it moves to the family; what is asked back is negative. `what`: one sentence."""

    topic: str
    identity: str
    claim_id: str
    revision: int
    clock: dt.datetime
    amount: int
    what: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class OutputDifference:
    """`was`, `would_be`: None where there is none."""

    was: OtherOutput | None
    would_be: OtherOutput | None

    @property
    def any(self) -> OtherOutput:
        found = self.was or self.would_be
        assert found is not None, "one of both differs from the other"
        return found


def read_output(topic: str, value: bytes) -> OtherOutput:
    """From its bytes. Raises ValueError, KeyError or TypeError where they are no payout and no referral."""
    document: dict[str, Any] = orjson.loads(value)
    data, amount = document["data"], 0
    if topic == topics.PAYOUTS:
        amount = data["amount"] if data["direction"] == "pay" else -data["amount"]
        what = f"{data['direction']} Rp{data['amount']:,} to {data['payee']} by {data['pay_by']}"
    elif "state" in data:
        what = f"{data['state']} {','.join(data['codes'])}"
    else:
        what = f"waits {data['reason']}"
    digest = hashlib.blake2b(value, digest_size=_DIGEST_BYTES).digest()
    clock = dt.datetime.fromisoformat(document["time"])
    return OtherOutput(topic, document["id"], data["claim_id"], data["revision"], clock, amount, what, digest)


class OtherOutputs:
    """`count`: of those that were made."""

    def __init__(self) -> None:
        self.count = 0
        self._file = sqlite3.connect("", isolation_level=None)
        for statement in _PREPARE:
            self._file.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def made(self, outputs: Collection[OtherOutput]) -> None:
        self.count += len(outputs)
        self._note(outputs, 1)

    def published(self, outputs: Collection[OtherOutput]) -> None:
        self._note(outputs, -1)

    def _note(self, outputs: Iterable[OtherOutput], sign: int) -> None:
        rows = [
            (
                one.topic,
                one.identity,
                one.digest,
                one.claim_id,
                one.revision,
                one.clock.isoformat(),
                one.amount,
                one.what,
                sign,
            )
            for one in outputs
        ]
        with temporary_file():
            self._file.executemany(_NOTE, rows)

    def differences(self) -> Iterator[OutputDifference]:
        """What was published otherwise, not at all, or more often than once; claim by claim."""
        with temporary_file():
            found = self._file.execute(_LEFT).fetchall()
        for _, rows in groupby(found, key=lambda row: row[:2]):
            sides: dict[bool, list[OtherOutput]] = {True: [], False: []}
            for topic, identity, digest, claim_id, revision, clock, amount, what, balance in rows:
                at = dt.datetime.fromisoformat(clock)
                output = OtherOutput(topic, identity, claim_id, revision, at, amount, what, digest)
                sides[balance > 0] += [output] * abs(balance)
            for was, would_be in zip_longest(sides[False], sides[True]):
                yield OutputDifference(was, would_be)


_PREPARE: Final = (
    "PRAGMA journal_mode = OFF",  # nothing is rolled back: a replay that fails begins again
    "CREATE TABLE beside (topic, id, digest, claim_id, revision, clock, amount, what, balance, "
    "PRIMARY KEY (topic, id, digest)) WITHOUT ROWID",
    "BEGIN",  # one transaction, never committed: without it each statement would write its pages
)
_NOTE: Final = (
    "INSERT INTO beside VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET balance = balance + excluded.balance"
)
_LEFT: Final = (
    "SELECT topic, id, digest, claim_id, revision, clock, amount, what, balance FROM beside WHERE balance <> 0 "
    "ORDER BY topic, id, digest"
)
