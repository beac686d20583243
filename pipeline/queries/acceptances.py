"""Acceptances as sentences: what operators went on without, who and when. Never writes."""

from typing import Any

from sqlalchemy import select

from pipeline.store.origins import GAP, GROUP
from pipeline.store.readable import Readable
from pipeline.store.tables import acceptances
from schemas.clock import JAKARTA, clock_of


def accepted(store: Readable) -> list[str]:
    """One sentence each, in their order."""
    with store.reader() as connection:
        rows = connection.execute(select(acceptances).order_by(acceptances.c.number)).all()
    return [f"{_what(row)}, by {row.accepted_by} at {_when(row.accepted_at)}" for row in rows]


def _what(row: Any) -> str:
    place = f"{row.topic}/{row.partition}"
    if row.kind == GAP:
        return f"{place}: {row.next - row.first} offsets from {row.first} to {row.next - 1} were missing"
    if row.kind == GROUP:
        return f"the group {row.topic} got another name"
    return f"{place} was made again: its offset {row.next} is {row.first} here"


def _when(clock: int) -> str:
    return clock_of(clock).astimezone(JAKARTA).isoformat(" ", "minutes")
