"""The last day that has passed, as the ledger knows it. Never writes."""

import datetime as dt
import re
from typing import Final

from sqlalchemy import func, select

from pipeline.store.readable import Readable
from pipeline.store.tables import ledger, topics
from schemas.days import CLOCK_SOURCE
from schemas.topics import MEMBERS

# In which every partition has had a day. One without, such as a new one, begins there again: a day twice does no harm.
WINDOW: Final = dt.timedelta(days=40)
_EVENT_ID: Final = re.compile(r"day-([0-9]{4}-[0-9]{2}-[0-9]{2})/[0-9]+@([0-9]+)")


def last_day_passed(store: Readable, partitions: int, today: dt.date) -> dt.date | None:
    """The last day before `today` that has passed in every partition; None: none yet. `partitions`: of a topic on
    Kafka; an embedded log knows its own."""
    ids = ledger.c.event_id
    of_clock = (ledger.c.source == CLOCK_SOURCE, ids.like("day-____-__-__/%@%"), ids < f"day-{today}")
    with store.reader() as connection:
        if store.is_embedded:
            number = select(topics.c.partitions).where(topics.c.name == MEMBERS)
            partitions = connection.execute(number).scalar() or partitions
        newest = _place(connection.execute(select(func.max(ids)).where(*of_clock)).scalar())
        if newest is None:
            return None
        since = newest[0] - WINDOW
        recent = connection.execute(select(ids).where(*of_clock, ids >= f"day-{since}")).scalars()
        places = sorted(place for one in recent if (place := _place(one)) is not None)
    last = dict.fromkeys(range(partitions), since) | {partition: day for day, partition in places}
    return min(last[partition] for partition in range(partitions))


def _place(event_id: str | None) -> tuple[dt.date, int] | None:
    """(day, partition) of an event of the daily clock."""
    found = _EVENT_ID.fullmatch(event_id or "")
    return (dt.date.fromisoformat(found[1]), int(found[2])) if found else None
