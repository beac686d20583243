"""The officers' queue: the longest waiting first, in pages, without those that were answered."""

import datetime as dt

import pytest

from pipeline.queries.pages import NotFound
from pipeline.queries.queue import count_unopened, unopened, waiting
from schemas import topics
from tests.support import events as e
from tests.support.office import SECOND, TWICE, disease
from tests.support.site import Site


def test_the_queue_holds_the_referrals_that_are_open(office: Site) -> None:
    still_open: dict[str, dict[str, object]] = {}
    for one in office.data(topics.REFERRALS):
        if one.pop("state") == "opened":
            still_open[one["referral_id"]] = one
        else:
            still_open.pop(one["referral_id"])
    rows = waiting(office.store).rows
    assert {one.referral_id: list(one.codes) for one in rows} == {
        referral: one["codes"] for referral, one in still_open.items()
    }
    assert len(rows) == 4


def test_a_claim_that_is_referred_again_for_the_same_keeps_its_place(office: Site) -> None:
    rows = waiting(office.store).rows
    assert [(one.claim_id, one.revision, one.since) for one in rows] == [
        ("K3", 2, dt.date(2024, 4, 1)),  # decided again in August
        ("K4", 1, dt.date(2024, 5, 1)),
        ("K5", 1, dt.date(2024, 6, 1)),
        ("K7", 1, dt.date(2024, 9, 20)),
    ]
    assert rows[0].codes == ("REF_PAK",) and rows[0].indicative_total == 4_000_000


def test_an_appeal_waits_from_the_day_it_was_made(office: Site) -> None:
    office.run(e.appeal("K6", "2024-08-20T10:00:00"))
    found = {one.claim_id: one for one in waiting(office.store).rows}
    assert found["K6"].codes == ("CLM_APPEALED",) and found["K6"].since == dt.date(2024, 8, 20)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_hold_each_claim_once_and_say_how_many_more_wait(limit: int, office: Site) -> None:
    office.run(
        *[disease(f"K{9 - at}", "2024-06-01", number) for at, number in enumerate((SECOND[0], TWICE[0][0]))]
    )  # three of one moment
    found, after = [], None
    while True:
        page = waiting(office.store, limit=limit, after=after)
        found += [one.claim_id for one in page.rows]
        assert page.more == 6 - len(found) and (page.cursor is None) == (page.more == 0)
        if page.cursor is None:
            break
        after = page.cursor
    assert found == ["K3", "K4", "K5", "K8", "K9", "K7"]


def test_a_page_that_begins_behind_a_claim_answered_meanwhile_goes_on(office: Site) -> None:
    first = waiting(office.store, limit=1)
    office.run(e.review("K3", 2, "reject", "2024-10-01T10:00:00"))
    assert [one.claim_id for one in waiting(office.store, after=first.cursor).rows] == ["K4", "K5", "K7"]


def test_an_empty_queue_is_an_empty_page(office: Site) -> None:
    last = waiting(office.store).rows[-1].cursor
    page = waiting(office.store, after=last)
    assert (page.rows, page.more, page.cursor) == ((), 0, None)


@pytest.mark.parametrize("cursor", ["", "K3", ".K3", "-1.K3", f"{10**30}.K3", f"{10**28}."])
def test_an_invalid_cursor_is_one_sentence(cursor: str, office: Site) -> None:
    with pytest.raises(NotFound, match="is no place in the queue"):
        waiting(office.store, after=cursor)


def test_the_queue_is_read_by_its_index(office: Site) -> None:
    plan = office.rows(
        "EXPLAIN QUERY PLAN SELECT cases.claim_id FROM cases LEFT JOIN work_holders h ON h.claim_id = cases.claim_id "
        "WHERE cases.urgency > '' AND (urgency, cases.claim_id) > ('2', '') ORDER BY urgency, cases.claim_id LIMIT 51"
    )
    said = str(plan)
    assert "ix_cases_urgency_claim_id" in said and "SCAN" not in said and "TEMP B-TREE" not in said, said


def test_evidence_without_its_claim_is_listed_until_the_claim_comes(office: Site) -> None:
    assert (unopened(office.store), count_unopened(office.store)) == ((), 0)
    office.run(*[e.evidence(one, "2024-10-01T10:00:00", documents=["ktp"], source=e.CLINIC) for one in ("Z2", "Z1")])
    assert [(one.claim_id, one.since) for one in unopened(office.store)] == [
        ("Z1", dt.date(2024, 10, 1)),
        ("Z2", dt.date(2024, 10, 1)),
    ]
    assert (len(unopened(office.store, limit=1)), count_unopened(office.store)) == (1, 2)
    office.run(e.accident("Z1", "2024-09-30", SECOND[0]))
    assert [one.claim_id for one in unopened(office.store)] == ["Z2"]
