"""The coverage picture of a million people, and how fast members are counted. Times are the processor's.

The counts of people are put into the store as the keeper would; the members whose counting is timed are real ones, of
seven years each.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from pipeline.access.principals import new_principal
from pipeline.coverage.people import MEASURES
from pipeline.enrolment.region_book import regency_codes
from pipeline.operations.coverage_keeping import coverage_book_of, keep
from pipeline.operations.coverage_picture import Picture, read_coverage
from pipeline.operations.front_office import FrontOffice
from pipeline.store.coverage_book import CoverageWriter
from pipeline.store.coverage_rows import PersonCounts
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

COOPERATIVES: Final = 2_000
FIRST, DAYS = 736_695, 3_650  # 2018-01-01, ten years
AT_ONCE: Final = 20_000
_COUNTED: Final = 2_000
_TARGET_SECONDS: Final = 2.0


def measure(directory: Path, people: int) -> dict[str, Any]:
    site = Site(f"sqlite:///{directory}/coverage.db")
    front = front_of(site)
    _, counting = timed(lambda: _count_members(site, front))
    fill(front, people)
    picture, seconds = timed(lambda: picture_of(front))
    site.close()
    print(f"picture of {people:,} people: {seconds:.2f} s (target {_TARGET_SECONDS:.0f} s), {len(picture.rows):,} rows")
    print(f"counting {_COUNTED:,} members of seven years: {_COUNTED / counting:,.0f} members/s")
    return {"people": people, "picture_seconds": seconds, "counted_a_second": _COUNTED / counting}


def timed(do: Any) -> tuple[Any, float]:
    """What it returns, and the seconds of the processor that it took."""
    began = time.process_time()
    found = do()
    return found, time.process_time() - began


def picture_of(front: FrontOffice) -> Picture:
    return read_coverage(front, new_principal("office", "bench"))


def fill(front: FrontOffice, people: int) -> None:
    """Counts of made-up people, all in all; the counts of nobody are left as they were."""
    coverage = coverage_book_of(front)
    keep(coverage, front.book)
    random = Random(1)
    places = sorted(regency_codes())
    cooperatives = [(random.choice(places), f"Koperasi {number:04}") for number in range(COOPERATIVES)]
    numbers = iter(range(people))
    while some := dict(_people(random, cooperatives, numbers)):
        with coverage.writing() as writer:
            _write(writer, some)


def _write(writer: CoverageWriter, some: dict[str, PersonCounts]) -> None:
    writer.count(some, [])


def _people(
    random: Random, cooperatives: list[tuple[str, str]], numbers: Iterator[int]
) -> Iterator[tuple[str, PersonCounts]]:
    for _, number in zip(range(AT_ONCE), numbers, strict=False):
        region, cooperative = random.choice(cooperatives)
        group = (region, random.choice(("transport", "other")), cooperative)
        yield f"bench-{number:08}", PersonCounts(group, _changes(random))


def _changes(random: Random) -> list[tuple[int, tuple[int, ...]]]:
    """Known, then two of three registered and covered, and some of those lapsed."""
    day = FIRST + random.randrange(DAYS // 2)
    found = [(day, _counts(people=1, known=1, never=1))]
    if random.random() < 0.66:
        day += random.randrange(1, DAYS // 4)
        found.append((day, _counts(never=-1, covered=1, JKK=1, JKM=1)))
        if random.random() < 0.3:
            found.append((day + random.randrange(90, 700), _counts(covered=-1, JKK=-1, JKM=-1, lapsed=1)))
    return found


def _counts(**changed: int) -> tuple[int, ...]:
    return tuple(changed.get(name, 0) for name in MEASURES)


def _count_members(site: Site, front: FrontOffice) -> None:
    events = []
    for number in range(_COUNTED):
        who = f"3{number:010}"
        events += [e.registered(who, f"367101010180{number:04}"), e.paid("2019-11", "2026-10", "2019-11-02", who)]
    site.run(*events)
    keep(coverage_book_of(front), front.book)
