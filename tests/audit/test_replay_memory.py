"""A replay holds no more after many claims than after few: what it learns goes to a temporary file."""

import gc
import tracemalloc
from itertools import islice
from pathlib import Path

import pytest

from pipeline.audit.replay import replay
from pipeline.queries import history
from tests.bench.workload import claims, members
from tests.support.site import Site

CLAIMS, MEMBERS = 1_000, 250
PAGE = 250  # events that are decided together: little is in hand between two of them
MOST_BYTES = 300_000  # of claims whose decisions alone are three megabytes


def test_what_a_replay_holds_does_not_grow_with_the_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(f"sqlite:///{tmp_path}/office.db", partitions=1)
    site.run(*(one.value for one in members(MEMBERS)))
    sent = claims(CLAIMS, MEMBERS)
    while page := list(islice(sent, 500)):
        site.run(*(one.value for one in page))
    site.close()
    monkeypatch.setattr(history, "PAGE", PAGE)
    assert replay(site.store).decisions == CLAIMS  # fills what is remembered of days, texts and statements
    held: list[int] = []
    tracemalloc.start()
    try:
        found = replay(site.store, on_progress=lambda _: held.append(tracemalloc.get_traced_memory()[0]))
        gc.collect()  # what is garbage is not held
        at_the_end = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert found.differences == () and len(held) == (MEMBERS * 4 + CLAIMS) // PAGE
    claims_begin = held[len(held) // 2 + 1 :]
    assert max(claims_begin[-2:]) - min(claims_begin[:2]) < MOST_BYTES
    assert at_the_end - held[0] < MOST_BYTES
