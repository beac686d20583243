"""A worker's app and consumer over a broker that is a fake: what they ask of it, in order, and what they make of it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import pytest
from aiokafka.errors import NodeNotReadyError
from faust.types import TP

from agents.app import App
from agents.settings import Settings, read_settings
from agents.transports.kafka import consumer
from agents.transports.kafka.consumer import Consumer
from agents.transports.kafka.fetcher import Assignment, Fetched
from agents.transports.kafka.publisher import GroupMember
from pipeline.errors import Transient
from pipeline.messages.records import Chunk, Message, Record
from pipeline.store.origins import Offsets
from pipeline.store.resumption import BrokerState, Resumption, _judged
from schemas import topics

HERE = TP(topics.ACCIDENTS, 0)
THERE = TP(topics.ACCIDENTS, 1)


WATCH = Consumer._watch


class Awake(BaseException):
    """The watchdog found nothing, and would look again."""


class Left(BaseException):
    """In the place of the end of the process."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status


def leave(status: int, reason: str) -> None:
    raise Left(status, reason)


class Broker:
    """aiokafka's thread and the publisher: gives prepared answers, and notes the questions in order."""

    def __init__(self, *assigned: TP) -> None:
        self.assigned = Assignment(frozenset(assigned), GroupMember(1, "us"))
        self.of_group: dict[TP, int] = {}  # positions that we committed
        self.gone: tuple[int, int] | None = None  # offsets that the log lacks
        self.offsets = Offsets()
        self.left: tuple[list[Chunk], list[Message]] = ([], [])  # stored beyond the positions
        self.fails_at = ""
        self.asked: list[str] = []
        self.sought: dict[TP, int] = {}
        self.fenced: set[int] = set()
        self.fenced_as: GroupMember | None = None

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what == self.fails_at:
            raise Transient("away") if what in ("fence", "take over") else NodeNotReadyError()

    async def fence(self, numbers: set[int], member: GroupMember) -> None:
        await asyncio.sleep(0)
        self._ask("fence")
        self.fenced, self.fenced_as = numbers, member

    async def committed(self, tps: Sequence[TP]) -> dict[TP, tuple[int, str]]:
        self._ask("committed")
        return {tp: (self.of_group[tp], Offsets().note(self.of_group[tp])) for tp in tps if tp in self.of_group}

    def identity(self) -> tuple[str, dict[str, str]]:
        self._ask("identity")
        return "cluster", {}

    def require_partitions(self) -> None:
        """None was added."""

    def bounds(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int]]:
        self._ask("bounds")
        return {place: (0, 1000) for place in places}

    def newest_outputs(self) -> list[Any]:
        return []

    async def hole(self, tp: TP, start: int, end: int) -> tuple[int, int] | None:
        self._ask("hole")
        return self.gone

    def take_over(self, published: Mapping[TP, int]) -> tuple[list[Chunk], list[Message]]:
        self._ask("take over")
        return self.left

    async def read_from(self, offsets: Mapping[TP, int]) -> None:
        self._ask("seek")
        self.sought = dict(offsets)

    async def seek_wait(self, offsets: Mapping[TP, int]) -> None:
        self._ask("seek again")
        self.sought = dict(offsets)

    async def leave_group(self) -> None:
        self._ask("leave")

    async def publish(self, chunks: Sequence[Chunk], messages: Sequence[Message]) -> None:
        self._ask("publish")


@pytest.fixture
def settings() -> Settings:
    return read_settings(
        broker_url="kafka+chunks://127.0.0.1:1", database_url="postgresql://u@127.0.0.1:1/x", partitions=4
    )


@pytest.fixture(autouse=True)
def no_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "leave", leave)
    monkeypatch.setattr("agents.worker.batches.leave", leave)


class Stage:
    """A worker's app and consumer over a broker that is a fake, and a store that only knows its floor."""

    def __init__(self, settings: Settings, broker: Broker, floor: Mapping[tuple[str, int], int]) -> None:
        self.broker = broker
        self.decided: list[Chunk] = []
        self.noted: dict[tuple[str, int], int] = {}
        self.app: Any = App(settings)
        self.app.runner._decide = lambda chunks: self.decided.extend(chunks) or [[] for _ in chunks]
        self.app.resume = self._resume
        self._floor = dict(floor)
        self.app.note_published = self.noted.update
        self.app.take_over = broker.take_over
        self.app.transport._publisher = self.app.transport._inspector = broker
        self.consumer: Any = self.app.consumer
        self.consumer._thread = broker

    def _resume(self, broker: BrokerState, newest: Any) -> Resumption:
        """A store that has read all that it knows to be published, or that the group does."""
        self.broker._ask("resume")
        ours = {(tp.topic, tp.partition): at for tp, at in self.broker.of_group.items()}
        read = {
            place: (max(self._floor.get(place, 0), ours.get(place, 0)), self._floor.get(place, 0))
            for place in broker.bounds
        }
        return _judged(broker, read, Offsets())

    async def fetched(self, tp: TP, *offsets: int, epoch: int | None = None, value: bytes = b"{}") -> None:
        """The answer to a fetch that was sent in this epoch; by default in the current one."""
        records = [Record(at, at, b"k", value) for at in offsets]
        self.consumer._fetch_epoch = self.consumer._epoch if epoch is None else epoch
        await self.consumer._take(Fetched({tp: records}, {}, {}))

    def next_chunk(self) -> Chunk | None:
        """Of the next batch, which holds one at most."""
        batch = self.consumer._ready_batch()
        assert len(batch) <= 1
        return batch[0] if batch else None


@pytest.fixture
def act(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a scene on a stage of its own and returns what it returns."""
    monkeypatch.setattr(Consumer, "_watch", lambda consumer: None)  # it would end the tests, not a worker

    def run(
        scene: Callable[[Stage], Awaitable[Any]], broker: Broker, floor: Mapping[tuple[str, int], int] | None = None
    ) -> Any:
        known = dict.fromkeys(broker.assigned.partitions, 3) if floor is None else floor

        async def whole() -> Any:
            async with asyncio.timeout(10):
                return await scene(Stage(settings, broker, known))

        return asyncio.run(whole())

    return run


async def assign(stage: Stage) -> Any:
    return await stage.consumer.seek_to_committed()


def chunk_of(tp: TP, start: int, end: int) -> Chunk:
    records = tuple(Record(at, at, b"k", b"{}", ()) for at in range(start, end))
    return Chunk(tp.topic, tp.partition, start, end, records)
