"""The yardstick of the worker: a bare confluent-kafka loop that does the same work in batches, exactly once.

    python -m tests.bench.bare_loop COUNT

Consume, group by partition, the same batch in one transaction on PostgreSQL, one on Kafka with outputs and positions.
No Faust, no gate between topics, no rebalancing to survive. After COUNT claims it prints a JSON object with the seconds
of each step, and ends when its standard input does.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from confluent_kafka import Consumer, Producer, TopicPartition

from agents.kafka.security import librdkafka_options
from agents.settings import Settings, read_settings
from agents.worker.__main__ import tune_garbage_collector
from pipeline.law.book import Book
from pipeline.messages.records import Chunk, Record
from pipeline.processing.processor import Processor
from pipeline.processing.report import Report
from pipeline.store import open_store
from schemas import topics

WAIT_SECONDS: Final = 30.0
TURN_RECORDS: Final = 4000  # most that are asked for at once: with more, or fewer, it was slower


def main(count: int) -> None:
    settings = read_settings()
    store = open_store(settings.database_url, partitions=settings.partitions)
    seconds: Counter[str] = Counter()
    processor = Processor(store, Book.load(), settings.group, observe=lambda report: _add(seconds, report))
    consumer, producer = _clients(settings)
    consumer.subscribe([topics.ACCIDENTS, topics.DEATHS])
    done = batches = 0
    tune_garbage_collector()
    while done < count:
        started = time.perf_counter()
        messages = consumer.consume(TURN_RECORDS, timeout=0.2)
        started = _lap(seconds, "consume", started)
        if not messages:
            continue
        producer.begin_transaction()
        batch = list(_chunks(messages))
        started = time.perf_counter()
        parsed = [(chunk, processor.read(chunk)) for chunk in batch]
        _lap(seconds, "parse", started)
        stored = processor.store_parsed(parsed)
        started = time.perf_counter()
        for outputs in stored:
            for output in outputs:
                producer.produce(output.topic, output.value, output.key)
        places = [TopicPartition(chunk.topic, chunk.partition, chunk.end) for chunk in batch]
        producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata(), WAIT_SECONDS)
        producer.commit_transaction(WAIT_SECONDS)
        _lap(seconds, "publish", started)
        done += len(messages)
        batches += 1
    print(json.dumps({"claims": done, "batches": batches, "seconds": seconds}), flush=True)
    sys.stdin.read()  # its processor time can be read until whoever started it closes this
    consumer.close()
    store.close()


def _clients(settings: Settings) -> tuple[Any, Any]:
    consumer = Consumer(
        {
            **librdkafka_options(settings),
            "group.id": settings.group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer(
        {
            **librdkafka_options(settings),
            "transactional.id": f"{settings.group}-bare",
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 2,
            "batch.size": 512 * 1024,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.init_transactions(WAIT_SECONDS)
    return consumer, producer


def _chunks(messages: Iterable[Any]) -> Iterator[Chunk]:
    """Contiguous, one a partition: nothing else writes into these topics, so there are no holes."""
    found: dict[tuple[str, int], list[Record]] = {}
    for message in messages:
        if message.error() is not None:
            raise AssertionError(str(message.error()))
        record = Record(message.offset(), message.timestamp()[1], message.key(), message.value())
        found.setdefault((message.topic(), message.partition()), []).append(record)
    for (topic, number), records in found.items():
        yield Chunk(topic, number, records[0].offset, records[-1].offset + 1, tuple(records))


def _add(seconds: Counter[str], report: Report) -> None:
    for step, part in report.seconds.items():
        seconds[step] += part  # type: ignore[assignment]


def _lap(seconds: Counter[str], step: str, started: float) -> float:
    now = time.perf_counter()
    seconds[step] += now - started  # type: ignore[assignment]
    return now


if __name__ == "__main__":
    main(int(sys.argv[1]))
