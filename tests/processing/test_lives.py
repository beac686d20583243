"""Whole lives on a store: neither the cut into chunks nor the order of partitions changes what is decided."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.messages.partitioner import partition_of
from pipeline.messages.records import Message
from schemas import topics
from schemas.events import parse, partition_key
from tests.support import events as e
from tests.support.lives import STRANGERS, Lives
from tests.support.money import Money
from tests.support.site import Site

LENGTH = 90
MONEY = (topics.DECISIONS, topics.PAYOUTS)


def told(seed: int, *, spans: bool) -> list[dict[str, Any]]:
    return [step.document for step in Lives(seed, spans=spans).run(LENGTH)]


def opened(folder: Path, name: object) -> Site:
    return Site(f"sqlite:///{folder / f'{name}.db'}")


def end(site: Site) -> list[Message]:
    """What left; every invariant holds, a replay's too, and the money that was published is right by person."""
    money, found = Money(), site.results()
    for message in found:
        money.take(message.value)
    breaches = check(site.store)
    site.close()
    assert breaches == []
    assert money.faults() == []
    return found


@pytest.mark.parametrize("seed", range(3))
def test_any_cut_into_chunks_decides_the_same_as_without_a_store(seed: int, tmp_path: Path) -> None:
    lives = Lives(seed)
    sent = [step.document for step in lives.run(LENGTH)]
    made = []
    for size in (1, 7, 1000):
        site = opened(tmp_path, size)
        site.run(*sent, size=size)
        made.append(end(site))
    assert made[0] == made[1] == made[2]
    assert [json.loads(one.value) for one in made[0] if one.topic in MONEY] == [
        one for one in lives.scene.out if one["type"].split(".")[1] in ("decision", "payout")
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_partitions_decides_nothing_where_a_person_is_in_one(seed: int, tmp_path: Path) -> None:
    made = []
    for order in ((0, 1), (1, 0)):
        site = opened(tmp_path, order[0])
        for partition in order:
            site.send(*of_partition(told(seed, spans=False), partition), partition=partition)
        site.run(size=7)
        made.append(sorted((one.topic, one.value) for one in end(site)))
    assert made[0] == made[1]


def of_partition(sent: list[dict[str, Any]], partition: int) -> list[dict[str, Any]]:
    """As they are submitted: a day goes to both; strangers, who name no member, would be anywhere."""
    found = []
    for document in sent:
        key = partition_key(parse(e.raw(document)))
        if key is None:
            found.append(document | {"id": f"{document['id']}/{partition}"})
        elif partition_of(key.encode(), 2) == partition and document["source"] not in STRANGERS:
            found.append(document)
    return found
