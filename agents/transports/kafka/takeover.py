"""Takes newly assigned partitions over from the workers that held them before.

In this order: a new transactional producer (open transactions of the predecessors end, and they can publish no more),
then the committed positions, then the stored outputs beyond them are published, then reading begins. Positions read
before the fence could still move; what was stored and not published would be lost if reading began first.

The store alone says where to read on (`pipeline/store/resumption.py`). The group's positions say what is published,
where they are ours; where they are not, the topics are looked through for what the store holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faust.types import TP

from agents.kafka.inspector import Inspector
from agents.transports.kafka.fetcher import Thread
from agents.transports.kafka.publisher import Publisher
from pipeline.messages.published import digest_of
from pipeline.messages.records import Chunk, Message
from pipeline.store.origins import Origin
from pipeline.store.resumption import BrokerState

Publish = Callable[[Sequence[Chunk], Sequence[Message]], Awaitable[None]]


async def take_over(
    app: Any, thread: Thread, publisher: Publisher, publish: Publish, inspector: Inspector
) -> dict[TP, int]:
    """Take the partitions of the assignment over and begin to read them; returns the offsets at which reading begins.

    `app`: the App, which knows the store. Raises NotReady, Transient and the errors of both Kafka clients.
    """
    await asyncio.to_thread(inspector.require_partitions)
    assignment = thread.assigned
    assigned = sorted(assignment.partitions)
    await publisher.fence({tp.partition for tp in assigned}, assignment.member)
    committed = await thread.committed(assigned)
    cluster, ids = await asyncio.to_thread(inspector.identity)
    bounds = await asyncio.to_thread(inspector.bounds, [(tp.topic, tp.partition) for tp in assigned])
    broker = BrokerState(Origin(cluster, app.settings.group, ids), bounds, committed)
    resumption = await asyncio.to_thread(app.resume, broker, inspector.newest_outputs)
    thread.offsets = publisher.offsets = resumption.offsets
    left, outputs = await asyncio.to_thread(app.take_over, resumption.published)
    if outputs and any((chunk.topic, chunk.partition) in resumption.doubtful for chunk in left):
        outputs = await asyncio.to_thread(_lacking, outputs, inspector)
    start = {tp: resumption.published[tp.topic, tp.partition] for tp in assigned}
    if left:
        await publish(left, outputs)
        start |= {TP(chunk.topic, chunk.partition): chunk.end for chunk in left}
    await thread.read_from(start)
    return start


def _lacking(outputs: Sequence[Message], inspector: Inspector) -> list[Message]:
    """Those that are in no topic yet."""
    wanted = {digest_of(one.topic, one.value) for one in outputs}
    for page in inspector.outputs():
        wanted -= {one.digest for one in page}
    return [one for one in outputs if digest_of(one.topic, one.value) in wanted]
