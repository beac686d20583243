"""`santunan assess` takes and refuses what the worker would."""

from typing import Any

from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.processing.offline import Offline
from tests.support import events as e


def assessed(*documents: Any) -> list[Any]:
    """(claim, revision, outcome) of each decision, or the reason of the refusal, event by event."""
    found: list[Any] = []
    for answer in Offline(Book.load()).take_block([e.raw(one) for one in documents]):
        if isinstance(answer, Poison):
            found.append(answer.reason)
        else:
            found += [(one.claim_id, one.revision, one.outcome) for one in answer]
    return found


def test_an_officer_cannot_pay_what_another_claim_pays_and_nothing_of_the_attempt_stays() -> None:
    again = e.accident("K2", source=e.CLINIC, report=None, conclusion=None)
    change = [{"line": "stmb", "amount": 1_000_000, "reason": "dilihat"}]
    twice = e.review("K2", 1, "change", "2024-07-10T10:00:00", changes=change)
    reject = e.review("K1", 1, "reject", "2024-07-11T10:00:00")
    corrected = e.review("K2", 2, "change", "2024-07-12T10:00:00", changes=change)
    assert assessed(*e.member(), e.accident("K1"), again, twice, twice, reject, corrected, corrected) == [
        ("K1", 1, "APPROVED"),
        ("K2", 1, "REJECTED"),
        "LINE_PAID_ALREADY",
        "LINE_PAID_ALREADY",
        ("K1", 2, "REJECTED"),
        ("K2", 2, "PENDING"),
        ("K2", 3, "APPROVED"),
    ]
