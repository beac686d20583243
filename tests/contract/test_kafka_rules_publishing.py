"""The rules of test_kafka_rules.py that concern what leaves: the publisher, the end of the process, and PostgreSQL.

confluent-kafka is a fake, but for what only a broker can show: that it refuses a message.
"""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from agents.clients import open_history
from agents.kafka.connection import connection_options
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from agents.transports.kafka import publisher
from agents.transports.kafka.publisher import GroupMember, Publisher
from agents.worker.batch_source import Batch
from agents.worker.batches import BatchRunner
from pipeline.errors import EXIT_BUG, EXIT_TRANSIENT, Transient
from pipeline.messages.records import Message
from pipeline.store import open_store
from pipeline.store.postgresql import PostgresqlStore
from pipeline.store.published_positions import note_published, published_positions
from schemas import topics
from tests.support.kafka_group import committed, joined
from tests.support.kafka_stage import HERE, THERE, Left, chunk_of, no_process_ends, settings
from tests.support.site import GROUP

__all__ = ["no_process_ends", "settings"]

MEMBER = GroupMember(1, "us")
CHUNK = chunk_of(HERE, 3, 5)
OUTPUTS = [Message(topics.DECISIONS, b"k", b"1"), Message(topics.PAYOUTS, b"k", b"2")]
PROBE = b"x" * 10_000
CALLS = ("begin_transaction", "produce", "send_offsets_to_transaction", "commit_transaction")
REFUSED = KafkaException(KafkaError(KafkaError._FENCED, "fenced"))


class FakeProducer:
    """Takes everything, and notes it. `fails_at`: the call that raises `error`, or hangs where there is none."""

    made: list["FakeProducer"] = []
    fails_at = ""
    error: BaseException | None = None
    woken = threading.Event()

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.made.append(self)

    def _call(self, name: str, *args: Any) -> None:
        if name == self.fails_at:
            if self.error is None:
                self.woken.wait(5)
            else:
                raise self.error
        self.calls.append((name, args))

    def list_topics(self, timeout: float) -> None:
        """It is connected."""

    def init_transactions(self, seconds: float) -> None:
        time.sleep(0.02)
        self._call("init_transactions", seconds)

    def begin_transaction(self) -> None:
        self._call("begin_transaction")

    def produce(self, topic: str, value: bytes, key: bytes) -> None:
        self._call("produce", topic, value, key)

    def send_offsets_to_transaction(self, offsets: list[TopicPartition], member: bytes, seconds: float) -> None:
        places = [(one.topic, one.partition, one.offset) for one in offsets]
        self._call("send_offsets_to_transaction", places, member, seconds)

    def commit_transaction(self, seconds: float) -> None:
        self._call("commit_transaction", seconds)


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeProducer]]:
    class Fresh(FakeProducer):
        made = []
        woken = threading.Event()

    monkeypatch.setattr(publisher, "Producer", Fresh)
    yield Fresh
    Fresh.woken.set()


def publish(settings: Settings, *numbers: int) -> None:
    """One chunk through a publisher of its own, that fenced these numbers."""

    async def run() -> None:
        one = Publisher(settings)
        await one.fence(numbers or (0,), MEMBER)
        await one.publish([CHUNK], OUTPUTS)

    asyncio.run(run())


# --- 1 fence, then read positions


def test_fencing_is_over_when_it_returns_and_begins_anew_each_time(
    settings: Settings, producer: type[FakeProducer]
) -> None:
    async def run() -> None:
        one = Publisher(settings)
        for times in (1, 2):
            await one.fence({0, 1}, MEMBER)
            assert [[name for name, _ in made.calls] for made in producer.made] == [["init_transactions"]] * 2 * times

    asyncio.run(run())


# --- 2 a refused message fails the whole chunk


def test_the_position_goes_out_with_the_outputs_and_the_commit_comes_last(
    settings: Settings, producer: type[FakeProducer]
) -> None:
    publish(settings)
    (made,) = producer.made
    seconds = settings.kafka_publish_seconds
    assert made.calls == [
        ("init_transactions", (seconds,)),
        ("begin_transaction", ()),
        *(("produce", (one.topic, one.value, one.key)) for one in OUTPUTS),
        ("send_offsets_to_transaction", ([(*HERE, CHUNK.end)], MEMBER.metadata(settings.group), seconds)),
        ("commit_transaction", (seconds,)),
    ]


def test_a_message_that_the_broker_refuses_fails_the_chunk_and_its_position_stays(kafka_settings: Settings) -> None:
    """Only a broker can refuse after the client has taken it: a message longer than its topic allows."""
    refuse_long_messages(kafka_settings, topics.PAYOUTS)
    long = [*OUTPUTS, Message(topics.PAYOUTS, b"k", b"x" * 20_000)]

    async def run() -> None:
        async with joined(kafka_settings) as place:
            one, next_start = Publisher(kafka_settings), Publisher(kafka_settings)
            await one.fence({0}, place.member)
            await one.publish([chunk_of(HERE, 0, 3)], OUTPUTS)
            with pytest.raises(Transient, match="were not published"):
                await one.publish([CHUNK], long)
            await next_start.fence({0}, place.member)
            assert committed(kafka_settings) == 3
            await next_start.publish([CHUNK], OUTPUTS)

    asyncio.run(run())
    assert committed(kafka_settings) == CHUNK.end
    with open_history(kafka_settings) as history:
        read = Counter((one.topic, one.value) for one in history.read(topics.OUTPUT) if one.value != PROBE)
    assert read == {(one.topic, one.value): 2 for one in OUTPUTS}


def refuse_long_messages(settings: Settings, topic: str) -> None:
    """Returns when the broker does so: it answers to the change before its partitions know of it."""
    admin: Any = KafkaAdminClient(**connection_options(settings))
    try:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "5000"})])
    finally:
        admin.close()
    errors: list[Any] = []
    probing = Producer(librdkafka_options(settings))
    deadline = time.monotonic() + 20
    while not any(errors):
        assert time.monotonic() < deadline, "the broker still takes long messages"
        probing.produce(topic, PROBE, b"k", on_delivery=lambda error, message: errors.append(error))
        probing.flush(5)


# --- 4 one producer a worker, known to the group by its generation


def test_a_worker_publishes_under_its_lowest_partition_and_fences_all_its_ids(
    settings: Settings, producer: type[FakeProducer]
) -> None:
    """Of the topic an id says nothing: a number of all topics belongs to one worker (tests/faults/test_assignor.py)."""
    for numbers in ((0, 1, 2), (3, 1)):
        producer.made.clear()
        publish(settings, *numbers)
        calls = {made.options["transactional.id"]: [name for name, _ in made.calls] for made in producer.made}
        assert set(calls) == {f"{settings.group}-{number}" for number in numbers}
        assert calls.pop(f"{settings.group}-{min(numbers)}")[-1] == "commit_transaction"
        assert set(map(tuple, calls.values())) == {("init_transactions",)}


def test_two_batches_in_hand_are_two_transactions_one_after_the_other(
    settings: Settings, producer: type[FakeProducer], monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [[chunk_of(HERE, 3, 5), chunk_of(HERE, 5, 6), chunk_of(THERE, 1, 2)], [chunk_of(THERE, 2, 9)]]
    begin = producer.begin_transaction

    def slowly(made: FakeProducer) -> None:
        begin(made)
        time.sleep(0.02)

    monkeypatch.setattr(producer, "begin_transaction", slowly)

    async def run() -> None:
        one = Publisher(settings)
        await one.fence({0, 1}, MEMBER)
        await asyncio.gather(*(one.publish(chunks, OUTPUTS) for chunks in batches))

    asyncio.run(run())
    calls = producer.made[0].calls[1:]
    assert [name for name, _ in calls] == ["begin_transaction", "produce", "produce", *CALLS[2:]] * 2
    places = [args[0] for name, args in calls if name == "send_offsets_to_transaction"]
    assert places == [[(*HERE, 6), (*THERE, 2)], [(*THERE, 9)]]


# --- 6 the floor in the store


def test_a_floor_never_goes_back(new_database: Callable[..., str]) -> None:
    store = opened(new_database())
    with store.unit_of_work() as work:
        work.begin(GROUP, [HERE.partition], ())
        work.commit()
    for noted, floor in ((40, 40), (39, 40), (41, 41)):
        note_published(store, GROUP, {HERE: noted})
        assert published_positions(store, GROUP)[HERE] == floor
    assert published_positions(store, "another group") == {}
    store.close()


def opened(url: str) -> PostgresqlStore:
    store = open_store(url)
    assert isinstance(store, PostgresqlStore)
    return store


# --- 8 any failure of the publisher is the end


class Source:
    """A consumer whose publisher fails, or is cancelled, with this."""

    looked_at = 0.0

    def __init__(self, error: BaseException) -> None:
        self._error = error
        self.released = 0

    def is_void(self, batch: Batch) -> bool:
        return False

    async def publish(self, chunks: Any, messages: Any) -> None:
        raise self._error

    def release(self, batch: Batch) -> None:
        self.released += 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(Transient("away"), EXIT_TRANSIENT), (asyncio.CancelledError(), EXIT_TRANSIENT), (ValueError("a bug"), EXIT_BUG)],
    ids=lambda one: type(one).__name__,
)
def test_a_chunk_that_is_not_published_ends_the_process_and_is_never_released(
    error: BaseException, status: int
) -> None:
    process = BatchRunner(lambda chunks: [OUTPUTS], threads=1)
    source: Any = Source(error)
    process.source = source
    with pytest.raises(Left) as left:
        asyncio.run(process._guarded(Batch((CHUNK,), 1)))
    assert left.value.status == status
    assert source.released == 0, "the next chunk of the number could have gone first"


@pytest.mark.parametrize("step", ["init_transactions", *CALLS])
@pytest.mark.parametrize("error", [REFUSED, BufferError("full")], ids=["refused", "full"])
def test_each_step_that_fails_fails_the_chunk_and_nothing_is_committed_after_it(
    settings: Settings, producer: type[FakeProducer], step: str, error: BaseException
) -> None:
    if step == "init_transactions" and isinstance(error, BufferError):
        error = REFUSED  # it has no queue
    producer.fails_at, producer.error = step, error
    with pytest.raises(Transient):
        publish(settings)
    assert "commit_transaction" not in [name for name, _ in producer.made[0].calls]


@pytest.mark.parametrize("step", ["init_transactions", "send_offsets_to_transaction", "commit_transaction"])
def test_a_publisher_that_hangs_beyond_its_own_timeout_fails_the_chunk(
    settings: Settings, producer: type[FakeProducer], step: str
) -> None:
    """The client has a timeout of its own; this is for one that ignores it."""
    producer.fails_at = step
    is_start = step == "init_transactions"

    async def run() -> float:
        one = Publisher(settings.model_copy(update={"kafka_publish_seconds": 0.1 if is_start else 30.0}))
        with contextlib.ExitStack() as ends:
            ends.callback(producer.woken.set)  # the loop waits for its threads
            if not is_start:
                await one.fence({0}, MEMBER)
                one._settings = settings.model_copy(update={"kafka_publish_seconds": -4.8})  # 0.2 s, with the margin
            started = time.monotonic()
            with pytest.raises(Transient, match="it took too long"):
                await (one.fence({0}, MEMBER) if is_start else one.publish([CHUNK], OUTPUTS))
            return time.monotonic() - started

    assert asyncio.run(run()) < 2


def test_a_broker_that_does_not_note_positions_is_given_up_early(
    settings: Settings, producer: type[FakeProducer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went and came back meanwhile: librdkafka would wait for ever, and the worker for twenty seconds."""
    producer.fails_at = "send_offsets_to_transaction"
    monkeypatch.setattr(publisher, "OFFSETS_SECONDS", 0.2)

    async def run() -> float:
        one = Publisher(settings)
        await one.fence({0}, MEMBER)
        started = time.monotonic()
        with contextlib.ExitStack() as ends:
            ends.callback(producer.woken.set)  # the loop waits for its threads
            with pytest.raises(Transient, match="it took too long"):
                await one.publish([CHUNK], OUTPUTS)
            return time.monotonic() - started

    assert asyncio.run(run()) < 2


# --- 9 a stopped worker's locks come free


def test_a_session_of_a_worker_has_a_timeout_for_idling_locks_and_network(
    new_database: Callable[..., str],
) -> None:
    store = opened(new_database())
    wanted = {"idle_in_transaction_session_timeout": "8s", "lock_timeout": "20s", "synchronous_commit": "on"}
    with store.unit_of_work() as work:
        found = {name: work.connection.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted}
        assert found == wanted
        parameters = work.driver.info.get_parameters()
    assert parameters["tcp_user_timeout"] == "8000"
    assert parameters["connect_timeout"] == "5"
    store.close()


def test_a_worker_that_was_stopped_loses_its_lock_and_cannot_commit_when_it_goes_on(
    new_database: Callable[..., str],
) -> None:
    """Eight seconds cut to a tenth of one; that they are set is the test above."""
    store = opened(new_database())
    with pytest.raises(Transient), store.unit_of_work() as stopped:
        stopped.connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '100ms'")
        stopped.begin(GROUP, [HERE.partition], ())
        with store.unit_of_work() as successor:
            successor.begin(GROUP, [HERE.partition], ())
            successor.commit()
        stopped.commit()
    store.close()


# --- 12 settings of the publisher


def test_a_producer_is_set_as_declared(settings: Settings, producer: type[FakeProducer]) -> None:
    publish(settings)
    options = producer.made[0].options
    wanted = {
        "acks": "all",
        "enable.idempotence": True,
        "transaction.timeout.ms": 60_000,
        "partitioner": "murmur2_random",
        "batch.size": 512 * 1024,
        "retry.backoff.ms": 20,
    }
    assert {name: options[name] for name in wanted} == wanted
    assert options["linger.ms"] <= 2, "the commit waits for it"
    assert options["transaction.timeout.ms"] >= settings.kafka_publish_seconds * 1000
