"""The queue of chunks over Kafka: the batches it forms, their order, and holes. Pure: no broker, no worker."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.transports.kafka.queue import MEMBERSHIP, RECORD_BYTES, WAITING_CHUNKS, ChunkQueue, Place
from pipeline.messages.records import Chunk, Record
from schemas import topics

LIMIT = 4
MEMBERS, HISTORY = (topics.MEMBERS, 0), (topics.HISTORY, 0)
HERE, THERE = (topics.ACCIDENTS, 0), (topics.ACCIDENTS, 1)
DEATHS = (topics.DEATHS, 0)


def queue_of(*places: Place, start: int = 0, limit: int = LIMIT) -> ChunkQueue:
    queue = ChunkQueue(limit)
    queue.start(dict.fromkeys(places, start))
    return queue


def records(*offsets: int, time: int | None = None, value: bytes = b"{}") -> list[Record]:
    """Received at their offset's millisecond, unless `time` says otherwise."""
    return [Record(at, at if time is None else time, b"k", value) for at in offsets]


def add(
    queue: ChunkQueue,
    place: Place,
    found: Sequence[Record],
    ends: Mapping[Place, int] | None = None,
    positions: Mapping[Place, int] | None = None,
) -> dict[Place, int]:
    return queue.add({place: found}, ends or {}, positions or {})


def shown(batch: Sequence[Chunk]) -> list[tuple[str, int, int, int]]:
    return [(one.topic, one.partition, one.start, one.end) for one in batch]


def test_waiting_chunks_of_all_partitions_form_one_batch() -> None:
    queue = queue_of(HERE, THERE, DEATHS, limit=100)
    for place in (THERE, HERE, DEATHS):
        add(queue, place, records(0, 1))
    assert sorted(shown(queue.next_batch())) == [(*HERE, 0, 2), (*THERE, 0, 2), (*DEATHS, 0, 2)]
    assert queue.next_batch() == () and queue.size == 0


def test_records_of_several_fetches_form_one_chunk_up_to_the_limit() -> None:
    queue = queue_of(HERE)
    for offset in range(LIMIT + 1):
        add(queue, HERE, records(offset))
    assert [len(one.records) for one in queue.chunks()] == [LIMIT, 1]
    assert shown(queue.next_batch()) == [(*HERE, 0, LIMIT)]


def test_a_batch_holds_no_more_records_than_a_transaction() -> None:
    queue = queue_of(HERE, THERE)
    add(queue, HERE, records(0, 1, 2))
    add(queue, THERE, records(0, 1, time=9))
    assert shown(queue.next_batch()) == [(*HERE, 0, 3)]
    assert shown(queue.next_batch()) == [(*THERE, 0, 2)]


def test_a_chunk_above_the_limit_goes_alone() -> None:
    queue = queue_of(HERE, THERE)
    add(queue, HERE, records(*range(LIMIT + 3)))
    add(queue, THERE, records(0, time=9))
    assert shown(queue.next_batch()) == [(*HERE, 0, LIMIT + 3)]


def test_large_records_count_as_several() -> None:
    """A thousand of the largest that a topic takes would not fit the memory of a worker."""
    queue = queue_of(HERE)
    for offset in range(4):
        assert queue.size == offset * LIMIT // 2
        add(queue, HERE, records(offset, value=bytes(LIMIT * RECORD_BYTES // 2)))
    assert shown(queue.next_batch()) == [(*HERE, 0, 2)]


def test_the_partition_with_the_oldest_record_goes_first() -> None:
    queue = queue_of(HERE, THERE)
    add(queue, HERE, records(0, 1, 2, time=20))
    add(queue, THERE, records(0, 1, 2, time=10))
    assert [shown(queue.next_batch()) for _ in range(2)] == [[(*THERE, 0, 3)], [(*HERE, 0, 3)]]


def test_claims_of_one_partition_number_go_by_age_across_topics() -> None:
    queue = queue_of(HERE, DEATHS, limit=1)
    for offset in (0, 1):
        add(queue, HERE, records(offset, time=10 + 20 * offset))
        add(queue, DEATHS, records(offset, time=20 + 20 * offset))
    order = [(chunk.topic, chunk.start) for _ in range(4) for chunk in queue.next_batch()]
    assert order == [(topics.ACCIDENTS, 0), (topics.DEATHS, 0), (topics.ACCIDENTS, 1), (topics.DEATHS, 1)]


def test_a_second_batch_starts_only_when_half_full_and_without_busy_partitions() -> None:
    queue = queue_of(HERE, THERE)
    add(queue, HERE, records(0, 1))
    add(queue, THERE, records(0))
    assert queue.next_batch(busy={0}) == ()
    add(queue, THERE, records(1))
    assert shown(queue.next_batch(busy={0})) == [(*THERE, 0, 2)]
    assert queue.next_batch(busy={0}) == ()


def test_membership_goes_before_history_and_both_before_claims() -> None:
    queue = queue_of(HERE, HISTORY, MEMBERS, limit=100)
    for place, time in ((HERE, 1), (HISTORY, 2), (MEMBERS, 3)):
        add(queue, place, records(0, time=time), {MEMBERS: 1} if place != MEMBERS else None)
    assert [chunk.topic for chunk in queue.next_batch()] == [topics.MEMBERS, topics.HISTORY, topics.ACCIDENTS]


def test_claims_wait_until_membership_was_read_to_the_end_it_had() -> None:
    queue = queue_of(HERE, MEMBERS)
    add(queue, HERE, records(0), {MEMBERS: 2})
    assert queue.next_batch() == ()
    add(queue, MEMBERS, records(0, 1))
    assert shown(queue.next_batch()) == [(*MEMBERS, 0, 2), (*HERE, 0, 1)]


def test_history_waits_for_membership_and_claims_wait_for_history() -> None:
    queue = queue_of(HERE, HISTORY, MEMBERS)
    add(queue, HERE, records(0), {HISTORY: 1})
    assert queue.next_batch() == ()
    add(queue, HISTORY, records(0), {MEMBERS: 1, HISTORY: 9})
    assert queue.next_batch() == ()
    add(queue, MEMBERS, records(0))
    assert [chunk.topic for chunk in queue.next_batch()] == [topics.MEMBERS, topics.HISTORY, topics.ACCIDENTS]


def test_offsets_without_a_record_count_as_read() -> None:
    queue = queue_of(HERE, MEMBERS)
    add(queue, HERE, records(0), {MEMBERS: 7})
    assert queue.next_batch() == ()
    queue.add({}, {}, {MEMBERS: 7})
    assert shown(queue.next_batch()) == [(*HERE, 0, 1)]


def test_membership_of_another_partition_number_is_not_waited_for() -> None:
    queue = queue_of(THERE, MEMBERS)
    add(queue, THERE, records(0), {MEMBERS: 7})
    assert shown(queue.next_batch()) == [(*THERE, 0, 1)]


def test_a_hole_is_believed_when_the_broker_has_all_of_it() -> None:
    queue = queue_of(HERE)
    for _ in range(3):  # however often it is seen
        assert add(queue, HERE, records(2, 3)) == {HERE: (0, 4)}
        assert queue.next_batch() == ()
    queue.believe(HERE, 0, 4)
    assert add(queue, HERE, records(2, 3)) == {}
    assert shown(queue.next_batch()) == [(*HERE, 0, 4)]
    assert add(queue, HERE, records(6)) == {HERE: (4, 7)}, "each hole is asked for by itself"


@pytest.mark.parametrize(("believed", "end"), [(3, 2), (4, 5), (5, 5)])
def test_a_hole_between_records_of_one_fetch_is_none_to_believe(believed: int, end: int) -> None:
    queue = queue_of(HERE, limit=100)
    assert add(queue, HERE, records(0, 1, 4)) == {HERE: (2, 5)}
    queue.believe(HERE, 2, believed)
    assert add(queue, HERE, records(2 + 2)) == ({HERE: (2, 5)} if end == 2 else {})
    assert shown(queue.next_batch()) == [(*HERE, 0, end)]


def test_a_hole_that_was_none_is_filled() -> None:
    queue = queue_of(HERE, limit=100)
    add(queue, HERE, records(2, 3))
    add(queue, HERE, records(0, 1, 2, 3))
    assert [[one.offset for one in chunk.records] for chunk in queue.next_batch()] == [[0, 1, 2, 3]]


def test_the_end_of_a_partition_with_a_hole_is_not_read_yet() -> None:
    queue = queue_of(HERE, MEMBERS)
    add(queue, HERE, records(0), {MEMBERS: 3})
    assert add(queue, MEMBERS, records(2), positions={MEMBERS: 3}) == {MEMBERS: (0, 3)}
    assert queue.next_batch() == ()


def test_records_before_the_position_are_not_lined_up_again() -> None:
    queue = queue_of(HERE, start=3)
    add(queue, HERE, records(1, 2, 3, 4))
    assert shown(queue.next_batch()) == [(*HERE, 3, 5)]
    assert add(queue, HERE, records(3, 4)) == {} and queue.size == 0


def test_a_new_assignment_forgets_waiting_chunks_and_seen_holes() -> None:
    queue = queue_of(HERE, THERE)
    add(queue, HERE, records(0))
    add(queue, THERE, records(5))
    queue.start({THERE: 0})
    assert queue.next_batch() == () and list(queue.chunks()) == [] and queue.positions == {THERE: 0}
    assert add(queue, THERE, records(5)) == {THERE: (0, 6)}


def test_only_partitions_with_room_are_fetched_further() -> None:
    queue = queue_of(HERE, THERE)
    for chunk in range(WAITING_CHUNKS):
        assert queue.with_room() == {HERE, THERE} and not queue.is_full
        add(queue, HERE, records(*range(chunk * LIMIT, (chunk + 1) * LIMIT)))
    assert queue.with_room() == {THERE} and queue.is_full
    queue.next_batch()
    assert queue.with_room() == {HERE, THERE} and not queue.is_full


PLACES = [(topic, number) for topic in topics.INTAKE for number in (0, 1)]


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 6), st.booleans()), max_size=40))
def test_each_record_is_handed_out_once_and_in_its_order(steps: list[tuple[Place, int, bool]]) -> None:
    """Whatever is fetched and whenever batches start; the sizes that the queue keeps are those of its chunks."""
    queue = queue_of(*PLACES)
    handed_out = dict.fromkeys(PLACES, 0)

    def take() -> bool:
        batch = queue.next_batch()
        for chunk in batch:
            place = (chunk.topic, chunk.partition)
            assert chunk.start == handed_out[place]
            handed_out[place] = chunk.end
        return bool(batch)

    for place, count, is_taken in steps:
        start = queue.positions[place]
        ends = {one: queue.positions[one] for one in PLACES if one[0] in MEMBERSHIP}
        add(queue, place, records(*range(start, start + count)), ends)
        if is_taken:
            take()
        assert queue.size == sum(len(chunk.records) for chunk in queue.chunks())
    while take():
        pass
    assert handed_out == queue.positions and queue.size == 0
