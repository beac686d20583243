"""Slices of a history side by side: the same result as one process, and persons who touch each other stay together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.audit.replay import replay
from pipeline.audit.slices import Slice, Slicing
from pipeline.queries import history
from tests.support import events as e
from tests.support.site import Site

COUNT = 12


def nik(number: int) -> str:
    return f"36710101018{number:05}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Workers with a claim each; the last two are one person under two numbers."""
    made = Site(f"sqlite:///{tmp_path}/office.db", partitions=1)
    numbers = [f"{20_000_000_011 + at}" for at in range(COUNT)]
    for at, number in enumerate(numbers):
        made.run(*e.member(number, nik(min(at, COUNT - 2))), e.accident(f"K{at}", number=number))
    made.run(e.day_passed("2024-12-31"))
    yield made
    made.close()


def test_slices_find_what_one_process_finds(site: Site) -> None:
    alone, together = replay(site.store), replay(site.store, slices=3)
    assert alone == together and alone.decisions >= COUNT
    site.change(["DELETE FROM decisions WHERE claim_id IN ('K3', 'K4')"])
    alone, together = replay(site.store), replay(site.store, slices=3)
    assert len(alone.differences) >= 2 and set(alone.differences) == set(together.differences)


def test_persons_who_touch_each_other_are_in_one_slice(site: Site) -> None:
    with site.store.reader() as connection:
        extent = history.extent_of(connection, is_embedded=True)
        (page,) = history.history(connection)
        with Slicing(connection, 3, extent.event) as slicing:
            slices = [Slice(slicing.folder, number) for number in range(3)]
            claims = [one.own_claims([f"K{at}" for at in range(COUNT)]) for one in slices]
            events = [len(one.own_events(page)) for one in slices]
            for one in slices:
                one.close()
        folder = slicing.folder
    assert sum(map(len, claims)) == COUNT and all(claims)
    assert any({f"K{COUNT - 1}", f"K{COUNT - 2}"} <= one for one in claims)
    assert sum(events) == len(page) + 2, "the daily clock is in each"
    assert not folder.exists()
