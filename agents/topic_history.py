"""Reads every topic into a history that a replay can decide again, without a database and without a producer.

Embedded, the topics are the log of the file; over Kafka a reader of committed records, which joins no group and commits
nothing.
"""

from collections.abc import Callable, Iterator

from agents.kafka.inspector import Inspector
from agents.settings import Settings
from agents.stores import open_reader
from pipeline.audit.topic_history import TopicHistory, TopicRecord
from pipeline.messages.records import Record
from pipeline.store.embedded_log import Log
from schemas import topics


def read(settings: Settings, on_progress: Callable[[int], None] | None = None) -> TopicHistory:
    """The caller closes it. Raises NotReady, Transient."""
    found = TopicHistory()
    try:
        if settings.is_embedded:
            _read_log(settings, found, on_progress)
        else:
            _read_kafka(settings, found, on_progress)
    except BaseException:
        found.close()
        raise
    return found


def _read_log(settings: Settings, found: TopicHistory, on_progress: Callable[[int], None] | None) -> None:
    open_reader(settings).close()  # raises NotReady where there is none
    log = Log(settings.embedded_file)
    try:
        positions = log.positions(settings.group)  # first: what is processed meanwhile has its outputs, too
        found.fill(_entries(log, log.end_place()), on_progress)
    finally:
        log.close()
    ends = {place: end for place, end in positions.items() if place[0] in topics.INTAKE}
    found.arrange(ends, is_in_order=True)


def _entries(log: Log, end: int) -> Iterator[TopicRecord]:
    place = 0
    while entries := log.read(place):
        for one in entries:
            if one.place >= end:
                return
            record = Record(one.offset, one.timestamp_ms, one.key, one.value, one.headers)
            yield TopicRecord(one.topic, one.partition, record)
        place = entries[-1].place + 1


def _read_kafka(settings: Settings, found: TopicHistory, on_progress: Callable[[int], None] | None) -> None:
    inspector = Inspector(settings)
    intake = [(name, number) for name in topics.INTAKE for number in range(settings.partitions)]
    signed = (topics.CHECKPOINTS,) if inspector.has_topic(topics.CHECKPOINTS) else ()
    published = [(name, number) for name in (*topics.OUTPUT, *signed) for number in range(settings.partitions)]
    read = {place: at for place, (at, _) in inspector.committed(intake).items()}
    bounds = inspector.bounds([*intake, *published])
    starts = {place: first for place, (first, _) in bounds.items()}
    ends = {place: end for place, (_, end) in bounds.items()}
    records = (TopicRecord(*place, record) for place, page in inspector.records(starts, ends) for record in page)
    found.fill(records, on_progress)
    found.arrange(read, is_in_order=False, bounds=bounds)
