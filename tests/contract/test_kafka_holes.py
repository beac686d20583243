"""Rule 7 of test_kafka_rules.py: a hole in the offsets is believed where the broker says that nothing is missing."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import NotReady
from tests.support.kafka_stage import HERE, Broker, Stage, act, assign, no_process_ends, settings

__all__ = ["act", "no_process_ends", "settings"]


def test_a_hole_is_believed_when_the_broker_has_all_of_it_and_it_is_read_again(act: Callable[..., Any]) -> None:
    broker = Broker(HERE)

    async def scene(stage: Stage) -> None:
        await assign(stage)
        for start, first in ((3, 5), (7, 9)):  # each hole is asked for by itself
            broker.sought = {}
            await stage.fetched(HERE, first, first + 1)
            assert stage.next_chunk() is None
            assert broker.sought == {HERE: start} and broker.asked[-2:] == ["hole", "seek again"]
            await stage.fetched(HERE, first, first + 1)
            chunk = stage.next_chunk()
            assert chunk is not None and (chunk.start, chunk.end, len(chunk.records)) == (start, first + 2, 2)

    act(scene, broker)


def test_a_hole_that_the_broker_lacks_ends_the_worker_after_all_before_it(act: Callable[..., Any]) -> None:
    broker = Broker(HERE)

    async def scene(stage: Stage) -> None:
        await assign(stage)
        broker.gone = (4, 6)
        await stage.fetched(HERE, 3, 6)
        chunk = stage.next_chunk()
        assert chunk is not None and (chunk.start, chunk.end) == (3, 4)
        with pytest.raises(NotReady, match=r"no longer has 2 offsets from 4 to 5.*--accept-gap claims.accidents/0/6"):
            await stage.fetched(HERE, 6, 7)
        assert stage.next_chunk() is None

    act(scene, broker)
