"""The read side answers the same on both engines; what it answers is tested in `tests/queries`."""

import datetime as dt

from pipeline.queries.coverage import members_of
from pipeline.queries.dead_letters import dead_letters
from pipeline.queries.decisions import published
from pipeline.queries.queue import waiting
from pipeline.store import open_reader
from schemas import topics
from tests.support.office import TWICE, fill
from tests.support.site import Site


def test_a_reader_pages_through_the_queue(site: Site) -> None:
    fill(site)
    reader = open_reader(site.url)
    first = waiting(reader, limit=3)
    second = waiting(reader, limit=3, after=first.cursor)
    assert [(one.claim_id, one.since) for one in (*first.rows, *second.rows)] == [
        ("K3", dt.date(2024, 4, 1)),
        ("K4", dt.date(2024, 5, 1)),
        ("K5", dt.date(2024, 6, 1)),
        ("K7", dt.date(2024, 9, 20)),
    ]
    assert (first.more, second.more, second.cursor) == (1, 0, None)
    reader.close()


def test_a_reader_finds_decisions_dead_letters_and_members(site: Site) -> None:
    fill(site)
    reader = open_reader(site.url)
    values = [message.value for message in site.published if message.topic == topics.DECISIONS]
    first = published(reader, limit=7)
    assert [*first.rows, *published(reader, after=first.cursor).rows] == values
    assert len(published(reader, outcome="REFERRED", limit=2).rows) == 2
    assert [one.original for one in dead_letters(reader)] == [b"no event"]
    assert [one.number for one in members_of(reader, nik=TWICE[1])] == list(TWICE[0])
    reader.close()
