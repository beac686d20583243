"""How much there is: rows of the tables, claims by outcome, how far intake was read."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select

from pipeline.store.tables import cases, dead_letters, decisions, ledger, positions


def counts(store: Any) -> dict[str, int]:
    """Rows of the tables that tell how much there is."""
    with store.reader() as connection:
        return {
            one.name: connection.execute(select(func.count()).select_from(one)).scalar_one()
            for one in (ledger, cases, decisions, dead_letters)
        }


def outcomes(store: Any) -> Counter[str]:
    """Claims by the outcome of their latest decision."""
    with store.reader() as connection:
        rows = connection.execute(select(cases.c.outcome, func.count()).group_by(cases.c.outcome))
        return Counter({outcome: count for outcome, count in rows if outcome})


def events_read(store: Any, group: str, topic: str) -> int:
    """How many records of a topic a group has read, over all partitions."""
    done = select(func.sum(positions.c.next)).where(positions.c.group_name == group, positions.c.topic == topic)
    with store.reader() as connection:
        return connection.execute(done).scalar() or 0
