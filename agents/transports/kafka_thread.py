"""The thread in which aiokafka runs under Faust: fetching, positions, ends. What to do with them is the consumer's.

Never decides which chunk goes next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents.transports.assignor import ByNumber
from agents.transports.tls import aiokafka_security
from schemas import topics

MEMBERSHIP: Final = (topics.MEMBERS, topics.HISTORY)  # read in this order, before any claim
FETCH_WAIT_MS: Final = 50  # how long the broker holds an empty fetch: the delay of a partition that was just drained


@dataclass(frozen=True, slots=True)
class Fetched:
    """`ends`: where membership ended after the records were fetched; `positions`: how far aiokafka has read it."""

    records: Mapping[TopicPartition, Sequence[Any]]
    ends: Mapping[TP, int]
    positions: Mapping[TP, int]


class Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """aiokafka's consumer, with the settings that Faust does not offer, and a second one that only asks for ends.

    The second has a connection of its own: on the first, an answer would wait behind a fetch that the broker holds.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        settings, conf = self.app.settings, self.app.conf
        shared = {
            "bootstrap_servers": settings.kafka_bootstrap.split(","),
            "client_id": settings.group,
            "isolation_level": "read_committed",
            "enable_auto_commit": False,
            "request_timeout_ms": int(conf.broker_request_timeout * 1000),
            "retry_backoff_ms": 50,
            **aiokafka_security(settings),
        }
        self._ends = aiokafka.AIOKafkaConsumer(group_id=None, **shared)
        return aiokafka.AIOKafkaConsumer(
            **shared,
            group_id=settings.group,
            group_instance_id=settings.instance_id,
            partition_assignment_strategy=[ByNumber],
            auto_offset_reset="earliest",
            max_poll_records=settings.chunk_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
        )

    async def on_start(self) -> None:
        await super().on_start()
        await self._ends.start()

    async def fetch(self, asked: set[TP], seconds: float) -> Fetched:
        return await self.call_thread(self._fetch, asked, seconds)  # type: ignore[no-any-return]

    async def _fetch(self, asked: set[TP], seconds: float) -> Fetched:
        records = await self._fetch_records(
            self._consumer, asked, timeout=seconds, max_records=self.app.settings.chunk_records
        )
        numbers = {tp.partition for tp in records if tp.topic != topics.MEMBERS}
        about = [TopicPartition(name, number) for name in MEMBERSHIP for number in sorted(numbers)]
        ends = await self._ends.end_offsets(about) if about else {}
        return Fetched(records, {TP(*tp): end for tp, end in ends.items()}, self._membership_positions())

    def _membership_positions(self) -> dict[TP, int]:
        """How far membership was read, past what holds no record; an offset of a record not handed out is not past."""
        assignment = self._consumer._subscription.subscription
        if assignment is None or assignment.assignment is None:
            return {}
        states = assignment.assignment
        found = {}
        for tp in states.tps:
            if tp.topic in MEMBERSHIP and states.state_value(tp).has_valid_position:
                found[TP(*tp)] = states.state_value(tp).position
        return found

    def stable_ends(self) -> dict[TP, int]:
        """Where partitions end for whoever reads what is committed, as of the last fetch of each."""
        assignment = self._consumer._subscription.subscription if self._consumer is not None else None
        if assignment is None or assignment.assignment is None:
            return {}
        states = assignment.assignment
        found = {TP(*tp): states.state_value(tp).lso for tp in states.tps}
        return {tp: end for tp, end in found.items() if end is not None}

    async def committed(self, tps: Sequence[TP]) -> dict[TP, int]:
        """Positions of the group; only those that were ever committed."""
        return await self.call_thread(self._committed, tps)  # type: ignore[no-any-return]

    async def _committed(self, tps: Sequence[TP]) -> dict[TP, int]:
        found = await self._consumer._coordinator.fetch_committed_offsets([TopicPartition(*tp) for tp in tps])
        return {TP(*tp): one.offset for tp, one in found.items() if one.offset >= 0}

    async def leave_group(self) -> None:
        await self.call_thread(self._consumer.stop)
