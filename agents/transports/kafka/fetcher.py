"""Reads Kafka. aiokafka maintains group membership, in a thread under Faust, and reports end offsets. librdkafka
fetches, and reports committed positions, because it waits for open transactions.

Offsets that come and go here are the store's (`pipeline/store/origins.py`); committed positions are the broker's.

Fast: see docs/performance.md. Never decides which chunk goes next.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords
from confluent_kafka import Consumer as Fetcher
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import TopicPartition as Place
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents.kafka.security import aiokafka_security, librdkafka_options
from agents.transports.kafka.assignor import ByNumber
from agents.transports.kafka.publisher import GroupMember
from agents.transports.kafka.queue import MEMBERSHIP
from pipeline.messages.records import RECEIVED_AT, Record
from pipeline.store.origins import Offsets
from schemas import topics

FETCH_WAIT_MS: Final = 10  # the broker gathers records for so long, so that they are not fetched one by one
FETCH_BYTES: Final = 64 * 1024  # with so much it does not wait
QUEUE_KIBIBYTES: Final = 16 * 1024  # fetched ahead, of all partitions together
QUEUE_FULL_MS: Final = 20  # pause before it fetches again; by default a second, in which a worker would idle
POLL_SECONDS: Final = 0.2  # longest wait of a new assignment for a poll that finds nothing
AWAY_SECONDS: Final = 1.0  # between two metadata requests while no broker answers
# Python 3.11 calls `message.headers()` without looking whether it failed, and then falls over what is in the list.
_ASK_HEADERS: Final = methodcaller("headers")
HOLE_BYTES: Final = 1 << 20  # of a log, asked for at once to see what lies in a hole
HOLE_TRIES: Final = 20  # while a partition gets a new leader
HOLE_WAIT_MS: Final = 500
OUT_OF_RANGE: Final = 1  # the error code of an offset that the log does not have


@dataclass(frozen=True, slots=True)
class Fetched:
    """`ends`: where membership ended after the records were fetched; `positions`: how far partitions were read to their
    end, past offsets without a record."""

    records: Mapping[TP, Sequence[Record]]
    ends: Mapping[TP, int]
    positions: Mapping[TP, int]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Partitions, and the member of the group that got them. One value, since the group may form anew at any moment."""

    partitions: frozenset[TP]
    member: GroupMember


class Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """aiokafka's consumer with the settings that Faust does not offer, a second one that only asks for end offsets, and
    the fetcher: a consumer that never joins the group, with partitions assigned by hand."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        settings, conf = self.app.settings, self.app.conf
        self._most = settings.chunk_records
        self._asks_headers = settings.attestation_key_file is not None
        self._fetcher = Fetcher(
            {
                **librdkafka_options(settings),
                "group.id": settings.group,
                "isolation.level": "read_committed",  # holds for positions, too
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",  # input that is gone is never skipped in silence
                "enable.partition.eof": True,
                "fetch.wait.max.ms": FETCH_WAIT_MS,
                "fetch.min.bytes": FETCH_BYTES,
                "fetch.message.max.bytes": conf.consumer_max_fetch_size,
                "queued.min.messages": settings.chunk_records,
                "queued.max.messages.kbytes": QUEUE_KIBIBYTES,
                "fetch.queue.backoff.ms": QUEUE_FULL_MS,
            }
        )
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="fetch")  # one call at a time, in their order
        self._reads: set[TP] = set()
        self.offsets = Offsets()
        self._ends: Any = None
        self.assigned = Assignment(frozenset(), GroupMember(-1, ""))
        self._paused: set[TP] = set()

    def _shared(self) -> dict[str, Any]:
        settings, conf = self.app.settings, self.app.conf
        return {
            "bootstrap_servers": settings.kafka_bootstrap.split(","),
            "client_id": settings.group,
            "isolation_level": "read_committed",
            "enable_auto_commit": False,
            "request_timeout_ms": int(conf.broker_request_timeout * 1000),
            "retry_backoff_ms": 50,
            **aiokafka_security(settings),
        }

    def _create_worker_consumer(self, transport: Any) -> Any:
        settings, conf = self.app.settings, self.app.conf
        return aiokafka.AIOKafkaConsumer(
            **self._shared(),
            group_id=settings.group,
            group_instance_id=settings.instance_id,
            partition_assignment_strategy=[ByNumber],
            auto_offset_reset="none",
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
        )

    async def on_start(self) -> None:
        await super().on_start()
        _throttle_metadata_updates(self._consumer)
        # It is never asked for records. The watchdog judges whether the worker still reads.
        self._consumer._subscription.fetch_context().__enter__()
        # Nor does it fetch: it would ask without a pause for the leader of a partition that has none.
        self._consumer._fetcher._fetch_task.cancel()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """In aiokafka's thread, before the group can form anew: partitions and generation belong together."""
        self.assigned = Assignment(
            frozenset(assigned), GroupMember(generation_id, self._consumer._coordinator.member_id)
        )
        await super().on_partitions_assigned(assigned, generation_id)

    async def read_from(self, offsets: Mapping[TP, int]) -> None:
        """Read these partitions from these offsets on, and nothing else."""
        if self._ends is None:  # in the loop that asks it; fast: see docs/performance.md
            self._ends = aiokafka.AIOKafkaConsumer(group_id=None, **self._shared())
            await self._ends.start()
        await self._on_fetcher(self._assign, offsets)

    def _assign(self, offsets: Mapping[TP, int]) -> None:
        self._reads, self._paused = set(offsets), set()
        # Connect first: a partition whose leader is not known is looked at again only most of a second later.
        self._fetcher.list_topics(timeout=self.app.settings.kafka_request_seconds)
        self._fetcher.assign([Place(*tp, self.offsets.at_broker(tp, offset)) for tp, offset in offsets.items()])

    async def seek_wait(self, offsets: Mapping[TP, int]) -> None:
        """Continue at these offsets; other partitions continue where they are."""
        await self._on_fetcher(self._seek, offsets)

    def _seek(self, offsets: Mapping[TP, int]) -> None:
        for tp, offset in offsets.items():
            self._fetcher.seek(Place(*tp, self.offsets.at_broker(tp, offset)))

    async def fetch(self, asked: set[TP], seconds: float) -> Fetched:
        """Waits for records of these partitions. Raises KafkaException."""
        records, positions = await self._on_fetcher(self._poll, asked, min(seconds, POLL_SECONDS))
        partitions = {tp.partition for tp in records if tp.topic != topics.MEMBERS}
        about = [TopicPartition(name, partition) for name in MEMBERSHIP for partition in sorted(partitions)]
        ends = await self._ends.end_offsets(about) if about else {}
        return Fetched(records, {TP(*tp): self.offsets.in_store(tp, end) for tp, end in ends.items()}, positions)

    def _poll(self, asked: set[TP], seconds: float) -> tuple[dict[TP, list[Record]], dict[TP, int]]:
        self._pause(self._reads - asked)
        records: dict[TP, list[Record]] = {}
        positions: dict[TP, int] = {}
        first = self._fetcher.poll(seconds)
        for one in (first, *self._fetcher.consume(self._most, 0)) if first is not None else ():
            tp, error = TP(one.topic(), one.partition()), one.error()
            offset = self.offsets.in_store(tp, one.offset())
            if error is None:
                _, stamp = one.timestamp()
                record = Record(offset, stamp, one.key(), one.value() or b"", _headers(one, are_all=self._asks_headers))
                records.setdefault(tp, []).append(record)
            elif error.code() == KafkaError._PARTITION_EOF:
                positions[tp] = offset
            elif not error.retriable():
                raise KafkaException(error)
        return records, positions

    def _pause(self, full: set[TP]) -> None:
        """A pause throws away what was fetched ahead of a partition, so only those are paused that must be."""
        if full != self._paused:
            self._fetcher.resume([Place(*tp) for tp in self._paused - full])
            self._fetcher.pause([Place(*tp) for tp in full - self._paused])
            self._paused = full

    async def _on_fetcher(self, call: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    def stable_ends(self) -> dict[TP, int]:
        """End offsets, as of the last fetch of each partition."""
        found = {tp: self._fetcher.get_watermark_offsets(Place(*tp), cached=True)[1] for tp in self._reads}
        return {tp: self.offsets.in_store(tp, end) for tp, end in found.items() if end >= 0}

    async def hole(self, tp: TP, start: int, end: int) -> tuple[int, int] | None:
        """The first offsets between these two that no batch of the log covers; None: it has all of them.

        Without compaction a batch covers its offsets for ever: what a reader of committed records does not see of them
        are marks of transactions and aborted records. Raises KafkaError.
        """
        at, last = self.offsets.at_broker(tp, start), self.offsets.at_broker(tp, end)
        for _ in range(HOLE_TRIES):
            batches = await self._batches(tp, at)
            for first, following in batches or ():
                if first > at:
                    return self.offsets.in_store(tp, at), self.offsets.in_store(tp, min(first, last))
                at = max(at, following)
                if at >= last:
                    return None
            if batches is None:
                await asyncio.sleep(HOLE_WAIT_MS / 1000)
        raise KafkaTimeoutError

    async def _batches(self, tp: TP, offset: int) -> list[tuple[int, int]] | None:
        """First offset of each batch from this one on, and the one after it; None: ask again."""
        client, place = self._ends._client, TopicPartition(*tp)
        await self._ends.end_offsets([place])  # knows the leader afterwards
        leader = client.cluster.leader_for_partition(place)
        parts = [(tp.topic, [(tp.partition, offset, HOLE_BYTES)])]
        answer = await client.send(leader, FetchRequest(HOLE_WAIT_MS, 1, HOLE_BYTES, 0, parts, rack_id=""))
        _, code, *_, raw = answer.topics[0][1][0]
        if code == OUT_OF_RANGE:
            earliest = (await self._ends.beginning_offsets([place]))[place]
            return [(earliest, earliest + 1)]
        if code:
            error = for_code(code)
            if not error.retriable:
                raise error
            await client.force_metadata_update()
            return None
        records, found = MemoryRecords(bytes(raw or b"")), []
        while records.has_next():
            batch = records.next_batch()
            found.append((batch.base_offset, batch.next_offset))
        return found or None

    async def committed(self, tps: Sequence[TP]) -> dict[tuple[str, int], tuple[int, str]]:
        """Positions of the group and the note beside each; only those that were ever committed. Waits for open
        transactions, so that afterwards only a member of the group can move a position. Raises KafkaException."""
        return await self._on_fetcher(self._committed, tps)  # type: ignore[no-any-return]

    def _committed(self, tps: Sequence[TP]) -> dict[tuple[str, int], tuple[int, str]]:
        found = self._fetcher.committed([Place(*tp) for tp in tps], self.app.settings.kafka_request_seconds)
        for one in found:
            if one.error is not None:
                raise KafkaException(one.error)
        return {(one.topic, one.partition): (one.offset, one.metadata or "") for one in found if one.offset >= 0}

    async def leave_group(self) -> None:
        await self.call_thread(self._consumer.stop)


def _headers(message: Any, *, are_all: bool) -> tuple[tuple[str, bytes], ...]:
    """Read only where they count: a name that is not UTF-8 breaks the client's list of them. `are_all`: of every topic,
    which attests its records."""
    if not are_all and message.topic() != topics.HISTORY:
        return ()
    try:
        return tuple([(name, value or b"") for name, value in _ASK_HEADERS(message) or ()])  # a value may be missing
    except (SystemError, UnicodeDecodeError):
        # To leave them out would change the clock of the event, so it is refused for the one that it may have. Of other
        # topics a record without headers is attested by nobody.
        return ((RECEIVED_AT, b""),) if message.topic() == topics.HISTORY else ()


def _throttle_metadata_updates(consumer: Any) -> None:
    """While its broker is away, aiokafka asks for metadata twenty times a second, each time on a new connection."""
    client = consumer._client
    update = client._metadata_update

    async def update_or_wait(*args: Any) -> Any:
        is_known = await update(*args)
        if not is_known:
            await asyncio.sleep(AWAY_SECONDS)
        return is_known

    client._metadata_update = update_or_wait
