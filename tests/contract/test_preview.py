"""A preview says what the ruling then leads to, on both engines, and leaves nothing behind."""

import datetime as dt
from typing import Any

import pytest

from pipeline.access.principals import Principal
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.rulings import RulingPreview, preview_ruling
from pipeline.queries.pages import NotFound
from pipeline.store import open_reader
from tests.support import events as e
from tests.support.front import SiteIntake
from tests.support.lives import Lives
from tests.support.site import Site

TABLES = ("ledger", "cases", "decisions", "payouts", "paid_lines", "members", "persons", "chunks", "positions")
NOT_SEEN = {"CLAIM_UNKNOWN"}  # a preview does not find the claim


def previewed(site: Site, document: dict[str, Any]) -> RulingPreview | str:
    """What is previewed of a review as it is sent at its own time; or the reason for which it would be refused."""
    store = open_reader(site.url)
    now = dt.datetime.fromisoformat(document["time"])
    front = FrontOffice(store, SiteIntake(site), Book.load(), lambda name: frozenset({name}), lambda: now)
    try:
        return preview_ruling(front, Principal(document["source"], "x"), document["data"], "id")
    except Poison as poison:
        return poison.reason
    except NotFound:
        return "CLAIM_UNKNOWN"
    finally:
        store.close()


def decided(claim_id: str, out: list[dict[str, Any]]) -> dict[str, Any]:
    """What followed, in the words of a preview."""
    made = [one["data"] for one in out if one["type"] == "santunan.decision.made.v1"]
    own = next(one for one in made if one["claim_id"] == claim_id)
    money = [one["data"] for one in out if ".payout." in one["type"] and one["data"]["claim_id"] == claim_id]
    return {
        "revision": own["revision"],
        "outcome": own["outcome"],
        "reasons": own["reason_codes"],
        "moves": [
            (one["direction"], one["payee"], one["member_number"], one["amount"], one["pay_by"]) for one in money
        ],
        "others": {one["claim_id"]: one["outcome"] for one in made if one is not own},
    }


def in_words(found: RulingPreview) -> dict[str, Any]:
    return {
        "revision": found.revision,
        "outcome": found.outcome,
        "reasons": [one.code for one in found.reasons],
        "moves": [(one.direction, one.payee, one.member_number, one.amount, one.by) for one in found.moves],
        "others": {one.claim_id: one.after for one in found.other_claims},
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_preview_is_what_the_ruling_leads_to(seed: int, site: Site) -> None:
    compared = refused = moved = 0
    for step in Lives(seed, spans=True).run(150):
        if "claim.reviewed" in step.document["type"]:
            found = previewed(site, step.document)
            if step.refusal is not None:
                assert found == step.refusal, step.document["id"]
                refused += 1
            else:
                assert isinstance(found, RulingPreview), (step.document["id"], found)
                assert in_words(found) == decided(found.claim_id, step.out), step.document["id"]
                change = sum(one.amount if one.direction == "pay" else -one.amount for one in found.moves)
                assert found.total - found.total_before == change
                moved += bool(found.moves)
                compared += 1
        site.run(step.document)
    assert compared > 10 and moved > 1 and refused > 1, (compared, moved, refused)


def test_a_preview_leaves_nothing_behind(site: Site) -> None:
    site.run(*e.member(), e.accident())
    before = {table: site.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}  # noqa: S608
    document = e.review("K1", 1, "change", "2024-07-20T08:00:00", changes=[line("jkm_death", 1)])
    assert previewed(site, document) == "REVIEW_LINE_IMPOSSIBLE"
    document = e.review("K1", 1, "change", "2024-07-20T08:00:00", changes=[line("denture", 7_000_000)])
    found = previewed(site, document)
    assert isinstance(found, RulingPreview) and found.outcome == "APPROVED", found
    assert (found.total_before, found.total) == (4_000_000, 11_000_000)
    assert before == {table: site.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}  # noqa: S608
    assert [one.line for one in found.lines] == ["stmb", "denture"]


def line(name: str, amount: int) -> dict[str, Any]:
    return {"line": name, "amount": amount, "reason": "receipt"}
