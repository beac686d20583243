"""The book of papers on both engines: a row for each principal that put one."""

import datetime as dt
from collections.abc import Iterator

import pytest

from pipeline.audit.invariants import check
from pipeline.audit.replay import replay
from pipeline.store.access_book import open_access
from pipeline.store.paper_book import Paper, PaperBook
from schemas.clock import microseconds
from tests.support import events as e
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
ONE, TWO = "urn:santunan:clinic:one", "urn:santunan:clinic:two"
PAPER = Paper("0f" * 32, "application/pdf", 1234)


@pytest.fixture
def book(site: Site) -> Iterator[PaperBook]:
    with open_access(site.url) as access:
        yield PaperBook(access)


def test_a_paper_is_new_to_each_principal_once_and_known_to_no_other(book: PaperBook, site: Site) -> None:
    assert book.of(ONE, PAPER.sha256) is None
    assert [book.add(PAPER, ONE, NOW), book.add(PAPER, ONE, NOW + dt.timedelta(days=1))] == [True, False]
    assert (book.of(ONE, PAPER.sha256), book.of(TWO, PAPER.sha256)) == (PAPER, None)
    assert book.add(PAPER, TWO, NOW)
    rows = site.rows("SELECT principal, sha256, media_type, size, put_at FROM papers ORDER BY principal")
    assert rows == [(name, *vars_of(PAPER), microseconds(NOW)) for name in (ONE, TWO)], "the first time counts"


def vars_of(paper: Paper) -> tuple[str, str, int]:
    return paper.sha256, paper.media_type, paper.size


def test_an_attachment_changes_no_decision_and_is_replayed_the_same(site: Site) -> None:
    named = [{"sha256": "1" * 64, "document": "ktp"}]  # digits alone, and no NIK
    other = ("20000000022", "3671010101800002")
    site.run(
        *e.member(),
        *e.member(*other),
        e.accident("WITHOUT", documents=["ktp"]),
        e.accident("WITH", number=other[0], documents=["ktp"], attachments=named),
        e.evidence("WITHOUT", "2024-07-09T08:00:00", documents=["visum"]),
        e.evidence("WITH", "2024-07-09T08:00:00", documents=["visum"], attachments=named),
    )
    made = {claim: [one[1:] for one in site.decisions() if one[0] == claim] for claim in ("WITHOUT", "WITH")}
    assert len(made["WITH"]) > 0 and made["WITH"] == made["WITHOUT"] and site.refusals() == []
    assert replay(site.store).differences == () and check(site.store) == []
