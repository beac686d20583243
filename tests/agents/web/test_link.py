"""The link to the log: requests that come together share one commit, and each is answered after it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from agents.clients import Outgoing, Receipt, Submitter
from agents.web import link as module
from agents.web.limits import MOST_NAMES, Buckets
from agents.web.link import SubmitterLink
from pipeline.errors import Transient
from pipeline.operations.front_office import Placed
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


def asked(link: SubmitterLink, *numbers: int) -> "asyncio.Task[list[Placed]]":
    return asyncio.create_task(link.placed([raw(number) for number in numbers]))


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def test_what_waits_while_one_commit_is_written_is_the_next_commit(slow: Slow) -> None:
    async def ask(link: SubmitterLink) -> tuple[list[int], list[int]]:
        first = asked(link, 0)
        await until(slow.begun.is_set)
        others = [asked(link, 2 * n, 2 * n + 1) for n in range(1, 10)]
        await until(lambda: link._waiting.qsize() == 9)
        assert not first.done() and not any(one.done() for one in others), "nobody is answered before the commit"
        slow.go.set()
        return [one.offset for one in await first], [place.offset for one in others for place in await one]

    link = SubmitterLink(lambda: slow)
    assert asyncio.run(ask(link)) == ([100], list(range(200, 218)))
    assert [len(one) for one in slow.batches] == [1, 18]
    link.close()


def test_where_a_commit_fails_each_of_its_requests_is_told_and_the_next_goes_on(slow: Slow) -> None:
    async def ask(link: SubmitterLink) -> list[Placed]:
        slow.error = Transient("away")
        slow.go.set()
        found = await asyncio.gather(asked(link, 1), asked(link, 2), return_exceptions=True)
        assert [str(one) for one in found] == ["away", "away"]
        slow.error = None
        return await link.placed([raw(1)])

    link = SubmitterLink(lambda: slow)
    [place] = asyncio.run(ask(link))
    assert place.offset == 100 * len(slow.batches) and len(slow.batches) in (2, 3)
    link.close()


def test_a_queue_that_is_full_refuses_at_once(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)

    async def ask(link: SubmitterLink) -> list[int]:
        waiting = [asked(link, 0)]
        await until(slow.begun.is_set)
        waiting += [asked(link, n) for n in (1, 2)]
        await until(lambda: link._waiting.qsize() == 2)
        with pytest.raises(Transient, match="too much waits"):
            await link.placed([raw(3)])
        slow.go.set()
        return [len(await one) for one in waiting]

    link = SubmitterLink(lambda: slow)
    assert asyncio.run(ask(link)) == [1, 1, 1]
    link.close()


def test_leaving_settles_what_was_handed_in_and_takes_no_more(slow: Slow) -> None:
    async def ask(link: SubmitterLink) -> list[int]:
        waiting = [asked(link, 0)]
        await until(slow.begun.is_set)
        waiting.append(asked(link, 1))
        await until(lambda: link._waiting.qsize() == 1)
        slow.go.set()
        await asyncio.to_thread(link.close)
        found = [len(await one) for one in waiting]
        with pytest.raises(Transient, match="leaving"):
            await link.placed([raw(2)])
        return found

    assert asyncio.run(ask(SubmitterLink(lambda: slow))) == [1, 1] and slow.is_closed


def test_who_asked_and_has_left_holds_up_no_other(slow: Slow) -> None:
    async def ask(link: SubmitterLink) -> list[Placed]:
        left, stayed = asked(link, 0), asked(link, 1)
        await until(slow.begun.is_set)
        left.cancel()
        slow.go.set()
        return await stayed

    link = SubmitterLink(lambda: slow)
    assert len(asyncio.run(ask(link))) == 1
    link.close()


def test_a_commit_that_ends_after_the_server_is_written_all_the_same(slow: Slow) -> None:
    async def ask(link: SubmitterLink) -> None:
        asked(link, 0)
        await until(slow.begun.is_set)

    link = SubmitterLink(lambda: slow)
    asyncio.run(ask(link))
    slow.go.set()
    link.close()
    assert slow.batches == [["e-0"]] and slow.is_closed


def test_a_store_that_cannot_be_opened_is_tried_again_at_the_next_request(slow: Slow) -> None:
    tries = []

    def open_it() -> Submitter:
        tries.append(1)
        if len(tries) < 3:  # the link's own, before any request, and the first request's
            raise Transient("not yet")
        return slow

    async def ask(link: SubmitterLink) -> list[Placed]:
        with pytest.raises(Transient, match="not yet"):
            await link.placed([raw(1)])
        return await link.placed([raw(1)])

    slow.go.set()
    link = SubmitterLink(open_it)
    assert len(asyncio.run(ask(link))) == 1
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
