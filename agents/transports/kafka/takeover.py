"""Takes newly assigned partitions over from the workers that held them before.

In this order: a new transactional producer (open transactions of the predecessors end, and they can publish no more),
then the committed positions, then the stored outputs beyond them are published, then reading begins. Positions read
before the fence could still move; what was stored and not published would be lost if reading began first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from faust.types import TP

from agents.transports.kafka.fetcher import Thread
from agents.transports.kafka.publisher import Publisher
from pipeline.errors import NotReady
from pipeline.messages.records import Chunk, Message

Publish = Callable[[Sequence[Chunk], Sequence[Message]], Awaitable[None]]


async def take_over(app: Any, thread: Thread, publisher: Publisher, publish: Publish) -> dict[TP, int]:
    """Take the partitions of the assignment over and begin to read them; returns the offsets at which reading begins.

    `app`: the App, which knows the store. Raises NotReady, Transient and the errors of both Kafka clients.
    """
    assignment = thread.assigned
    assigned = sorted(assignment.partitions)
    await publisher.fence({tp.partition for tp in assigned}, assignment.member)
    committed = await thread.committed(assigned)
    # Kafka forgets positions of a group that was away for long; the store does not.
    published = await asyncio.to_thread(app.published_positions)
    await asyncio.to_thread(app.note_published, {(tp.topic, tp.partition): at for tp, at in committed.items()})
    found = await thread.earliest_offsets(*(TopicPartition(*tp) for tp in assigned))
    earliest = {tp: found[TopicPartition(*tp)] for tp in assigned}
    _require_own_database(committed, published, earliest)
    start = {tp: max(committed.get(tp, earliest[tp]), published.get((tp.topic, tp.partition), 0)) for tp in assigned}
    left, outputs = await asyncio.to_thread(app.take_over, start)
    if left:
        await publish(left, outputs)
        start |= {TP(chunk.topic, chunk.partition): chunk.end for chunk in left}
    await thread.read_from(start)
    return start


def _require_own_database(
    committed: Mapping[TP, int], published: Mapping[tuple[str, int], int], earliest: Mapping[TP, int]
) -> None:
    """An empty database would else begin in the middle, and earlier events would never be decided. Raises NotReady."""
    for tp, at in committed.items():
        if (tp.topic, tp.partition) not in published and at > earliest[tp]:
            raise NotReady(
                f"{tp.topic}/{tp.partition}: the broker says that this group has processed it up to offset {at}, "
                "but the database holds nothing of it: point the worker at the database that belongs to this "
                "broker, or give it a group of its own; nothing was stored"
            )
