"""Asks a broker about itself: which cluster and topics it has, where they begin and end, what lies in them.

Joins no group and commits nothing. Never imports Faust or the store.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from agents.kafka.security import librdkafka_options
from agents.kafka.topics import require_none_added
from agents.settings import Settings
from pipeline.errors import Transient
from pipeline.messages.published import PublishedOutput, published_output
from pipeline.messages.records import Record
from schemas import topics

Place = tuple[str, int]
PAGE: Final = 2000
POLL_SECONDS: Final = 0.5
AHEAD_KIBIBYTES: Final = 4096  # fetched ahead by one consumer; a catch-up has one a partition of each topic
LAST: Final = 1000  # offsets at the end of a partition, among which its newest output is: each transaction takes one


class Inspector:
    """Every method raises Transient where the broker does not answer. Several threads may use one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seconds = settings.kafka_request_seconds
        self._admin = AdminClient(librdkafka_options(settings))

    def identity(self) -> tuple[str, dict[str, str]]:
        """The id of the cluster and of each of our topics; empty where an old broker gives none."""
        with self._patient():
            cluster = self._admin.list_topics(timeout=self._seconds).cluster_id or ""
            asked = self._admin.describe_topics(TopicCollection(list(topics.ALL)), request_timeout=self._seconds)
            return cluster, {name: _id_of(answer.result().topic_id) for name, answer in asked.items()}

    def require_partitions(self) -> None:
        """Raises NotReady where partitions were added to a topic."""
        with self._patient():
            found = self._admin.list_topics(timeout=self._seconds).topics
        require_none_added({name: len(found[name].partitions) for name in topics.ALL if name in found}, self._settings)

    def has_topic(self, name: str) -> bool:
        """Whether it is there, and we may know of it."""
        with self._patient():
            return name in self._admin.list_topics(timeout=self._seconds).topics

    def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset of each place, and the one after its last record."""
        if not places:
            return {}
        with self._patient():
            first, end = (self._listed(places, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))
            return {place: (first[place], end[place]) for place in places}

    def held_back(self, places: Collection[Place]) -> dict[Place, int]:
        """Where an open transaction begins, of places that have one: nothing after it can be read."""
        if not places:
            return {}
        with self._patient():
            stable = self._listed(places, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)
            end = self._listed(places, OffsetSpec.latest())
        return {place: at for place, at in stable.items() if at < end[place]}

    def _listed(
        self, places: Collection[Place], spec: Any, isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED
    ) -> dict[Place, int]:
        asked = {TopicPartition(*place): spec for place in places}
        answers = self._admin.list_offsets(asked, isolation_level=isolation, request_timeout=self._seconds)
        return {(one.topic, one.partition): answer.result().offset for one, answer in answers.items()}

    def committed(self, places: Collection[Place]) -> dict[Place, tuple[int, str]]:
        """Positions of the group, and the note beside each."""
        with self._patient(), _consumer(self._settings) as consumer:
            found = consumer.committed([TopicPartition(*place) for place in places], self._seconds)
        return {(one.topic, one.partition): (one.offset, one.metadata or "") for one in found if one.offset >= 0}

    def records(self, starts: Mapping[Place, int], ends: Mapping[Place, int]) -> Iterator[tuple[Place, list[Record]]]:
        """What these places hold, page by page, each in its order: from these offsets to below those ends."""
        left = {place for place, start in starts.items() if start < ends[place]}
        if not left:
            return
        with self._patient(), _consumer(self._settings) as consumer:
            consumer.assign([TopicPartition(*place, starts[place]) for place in left])
            while left:
                found: dict[Place, list[Record]] = {}
                for one in consumer.consume(PAGE, POLL_SECONDS):
                    place, error = (one.topic(), one.partition()), one.error()
                    if error is not None and error.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(error)
                    if error is None and one.offset() < ends[place]:
                        stamp, headers = one.timestamp()[1], tuple(one.headers() or ())
                        record = Record(one.offset(), stamp, one.key(), one.value() or b"", headers)
                        found.setdefault(place, []).append(record)
                    if one.offset() >= ends[place] - (error is None):
                        left.discard(place)
                yield from found.items()

    def first_record(self, place: Place, offset: int) -> int:
        """The offset of the first record from this one on; where none is, the end of the log."""
        earliest, end = self.bounds([place])[place]
        for _, records in self.records({place: max(offset, earliest)}, {place: end}):
            return records[0].offset
        return end

    def outputs(self, last: int | None = None) -> Iterator[list[PublishedOutput]]:
        """What is published, page by page. `last`: only among so many offsets at the end of each partition."""
        places = [(name, number) for name in topics.OUTPUT for number in range(self._settings.partitions)]
        bounds = self.bounds(places)
        starts = {place: max(first, end - last) if last else first for place, (first, end) in bounds.items()}
        for (name, _), records in self.records(starts, {place: end for place, (_, end) in bounds.items()}):
            found = (published_output(name, record.value, record.timestamp_ms) for record in records)
            yield [one for one in found if one is not None]

    def newest_outputs(self) -> list[PublishedOutput]:
        return [one for page in self.outputs(LAST) for one in page]

    @contextlib.contextmanager
    def _patient(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            cause = error.args[0]
            where = self._settings.kafka_bootstrap
            raise Transient(f"the Kafka broker at {where} cannot be asked: {cause.name()}") from error


def _id_of(uuid: Any) -> str:
    found = "" if uuid is None else str(uuid)
    return found if found.strip("A=") else ""  # all zeros: the broker knows no ids of topics


@contextlib.contextmanager
def _consumer(settings: Settings) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            **librdkafka_options(settings),
            "group.id": settings.group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "queued.max.messages.kbytes": AHEAD_KIBIBYTES,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()
