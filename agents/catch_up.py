"""Lets a database of an older day catch up with the topics, before the workers start."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from agents.kafka.inspector import Inspector
from agents.key_files import attests_of
from agents.settings import Settings
from pipeline.law.book import Book
from pipeline.messages.records import Record
from pipeline.processing.catch_up import Expectation, Line, catch_up
from pipeline.processing.ports import Place
from pipeline.processing.processor import Processor
from pipeline.store.origins import Offsets, Origin
from pipeline.store.postgresql import PostgresqlStore
from pipeline.store.resumption import BrokerState, lack, outputs_beyond
from schemas import topics


def run(settings: Settings, store: PostgresqlStore, note: Callable[[int], None]) -> None:
    """`note`: is told how many events were stored. Publishes nothing: what topics lack, the next worker publishes.

    Raises NotReady and Transient.
    """
    inspector = Inspector(settings)
    cluster, ids = inspector.identity()
    places = [(name, number) for name in topics.INTAKE for number in range(settings.partitions)]
    origin = Origin(cluster, settings.group, ids)
    broker = BrokerState(origin, inspector.bounds(places), inspector.committed(places))
    lacking = lack(store, settings.group, broker)
    if all(start >= end for start, end in lacking.spans.values()):
        return
    expected = Expectation(outputs_beyond(store, settings.group, inspector.outputs()), lacking.published)
    processor = Processor(
        store,
        Book.load(),
        settings.group,
        retries=settings.retries,
        verify=expected.verify,
        attests=expected.as_it_was_decided(attests_of(settings)),
    )
    processor.take_over({place: start for place, (start, _) in lacking.spans.items()})
    lines = {
        place: Line(expected.steps(place, start, _records(inspector, lacking.offsets, place, start, end)))
        for place, (start, end) in lacking.spans.items()
        if start < end
    }
    catch_up(processor, lines, note)


def _records(inspector: Inspector, offsets: Offsets, place: Place, start: int, end: int) -> Iterator[Record]:
    """In the store's offsets."""
    first, last = offsets.at_broker(place, start), offsets.at_broker(place, end)
    for _, records in inspector.records({place: first}, {place: last}):
        for record in records:
            yield replace(record, offset=offsets.in_store(place, record.offset))
