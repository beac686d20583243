"""Partition n of every topic belongs to one worker, whatever the number of workers."""

from types import SimpleNamespace
from typing import Any

import pytest

from agents.transports.kafka.assignor import ByNumber
from schemas import topics


def assigned(members: int, partitions: int) -> dict[str, Any]:
    cluster = SimpleNamespace(partitions_for_topic=lambda name: set(range(partitions)))
    subscription = SimpleNamespace(subscription=list(topics.INTAKE))
    found = ByNumber.assign(cluster, {f"member-{place}": subscription for place in range(members)})
    return {member: dict(one.assignment) for member, one in found.items()}


@pytest.mark.parametrize("members", [1, 2, 3, 5, 8, 9])
@pytest.mark.parametrize("partitions", [1, 4, 8])
def test_each_number_of_all_topics_goes_to_one_member_and_all_are_dealt_out(members: int, partitions: int) -> None:
    found = assigned(members, partitions)
    numbers = [tuple(sorted({tuple(of_topic) for of_topic in mine.values()})) for mine in found.values()]
    assert all(len(one) <= 1 for one in numbers), "two topics of one member have different numbers"
    assert all(set(mine) in (set(), set(topics.INTAKE)) for mine in found.values())
    dealt = [number for one in numbers for of_topic in one for number in of_topic]
    assert sorted(dealt) == list(range(partitions))


def test_the_share_of_each_member_differs_by_one_at_most() -> None:
    shares = [len(next(iter(mine.values()), ())) for mine in assigned(3, 8).values()]
    assert sorted(shares) == [2, 3, 3]


def test_the_same_members_get_the_same_numbers_again() -> None:
    assert assigned(3, 8) == assigned(3, 8)
