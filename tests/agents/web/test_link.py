"""The link to the log: requests that come together share one commit, and each is answered after it."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.clients import Outgoing, Receipt, Submitter
from agents.web import link as module
from agents.web.limits import MOST_NAMES, Buckets
from agents.web.link import SubmitterLink
from pipeline.errors import Transient
from tests.support import events as e


class Slow(Submitter):
    """Takes as long as `go` is not set. `batches`: the ids of each commit."""

    partitions = 8

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.batches: list[list[str]] = []
        self.error: Exception | None = None
        self.is_closed = False

    def send(self, events: Iterable[Outgoing]) -> Iterator[Receipt]:
        together = list(events)
        self.batches.append([one.event_id for one in together])
        self.begun.set()
        assert self.go.wait(10)
        if self.error is not None:
            raise self.error
        for place, one in enumerate(together):
            yield Receipt(one.source, one.event_id, one.topic, 0, 100 * len(self.batches) + place, 1)

    def close(self) -> None:
        self.is_closed = True


def raw(number: int) -> bytes:
    return e.raw(e.evidence("K1", "2024-07-08T08:00:00", id=f"e-{number}", documents=["ktp"]))


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def link(slow: Slow) -> Iterator[SubmitterLink]:
    made = SubmitterLink(lambda: slow)
    yield made
    slow.go.set()
    made.close()


def test_what_waits_while_one_commit_is_written_is_the_next_commit(link: SubmitterLink, slow: Slow) -> None:
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(link.hand_in, [raw(0)])
        assert slow.begun.wait(10)
        others = [pool.submit(link.hand_in, [raw(2 * n), raw(2 * n + 1)]) for n in range(1, 10)]
        while link._waiting.qsize() < 9:
            pass
        assert not first.done() and not any(one.done() for one in others), "nobody is answered before the commit"
        slow.go.set()
        assert [one.offset for one in first.result(10)] == [100]
        places = sorted(place.offset for one in others for place in one.result(10))
    assert [len(one) for one in slow.batches] == [1, 18] and places == list(range(200, 218))


def test_where_a_commit_fails_each_of_its_requests_is_told_and_the_next_goes_on(
    link: SubmitterLink, slow: Slow
) -> None:
    slow.error = Transient("away")
    slow.go.set()
    for _ in range(2):
        with pytest.raises(Transient, match="away"):
            link.hand_in([raw(1)])
    slow.error = None
    assert link.hand_in([raw(1)])[0].offset == 300


def test_a_queue_that_is_full_refuses_at_once(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    link = SubmitterLink(lambda: slow)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(link.hand_in, [raw(0)])]
        assert slow.begun.wait(10)
        waiting += [pool.submit(link.hand_in, [raw(n)]) for n in (1, 2)]
        while link._waiting.qsize() < 2:
            pass
        with pytest.raises(Transient, match="too much waits"):
            link.hand_in([raw(3)])
        slow.go.set()
        assert [len(one.result(10)) for one in waiting] == [1, 1, 1]
    link.close()


def test_leaving_settles_what_was_handed_in_and_takes_no_more(slow: Slow) -> None:
    link = SubmitterLink(lambda: slow)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(link.hand_in, [raw(0)])]
        assert slow.begun.wait(10)
        waiting.append(pool.submit(link.hand_in, [raw(1)]))
        while link._waiting.qsize() < 1:
            pass
        slow.go.set()
        link.close()
        assert [len(one.result(10)) for one in waiting] == [1, 1] and slow.is_closed
    with pytest.raises(Transient, match="leaving"):
        link.hand_in([raw(2)])


def test_a_store_that_cannot_be_opened_is_tried_again_at_the_next_request(slow: Slow) -> None:
    tries = []

    def open_it() -> Submitter:
        tries.append(1)
        if len(tries) == 1:
            raise Transient("not yet")
        return slow

    slow.go.set()
    link = SubmitterLink(open_it)
    with pytest.raises(Transient, match="not yet"):
        link.hand_in([raw(1)])
    assert len(link.hand_in([raw(1)])) == 1
    link.close()


# --- limits


def test_a_name_has_twice_its_rate_at_once_and_then_its_rate() -> None:
    now = [0.0]
    buckets = Buckets(10, lambda: now[0])
    assert [bool(buckets.take("a")) for _ in range(21)] == [False] * 20 + [True]
    assert buckets.take("b") == 0
    assert 0 < buckets.take("a") <= 0.1
    now[0] = 0.1
    assert (buckets.take("a"), bool(buckets.take("a"))) == (0, True)
    now[0] = 100
    assert [bool(buckets.take("a")) for _ in range(21)] == [False] * 20 + [True], "no more is saved up"


def test_no_more_names_are_counted_than_there_is_room_for() -> None:
    buckets = Buckets(1, lambda: 0.0)
    for number in range(MOST_NAMES + 5):
        buckets.take(str(number))
    assert len(buckets._left) == MOST_NAMES
