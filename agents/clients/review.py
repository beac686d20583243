"""Builds the event of an officer's review, and submits it."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from agents.clients import open_submitter
from agents.settings import Settings
from schemas.envelope import document
from schemas.reviews import ClaimReviewed

Verdict = Literal["approve", "reject", "change", "request_documents", "reassess"]


def review_data(
    claim_id: str,
    member_number: str | None,
    *,
    revision: int,
    verdict: Verdict,
    reason: str,
    answers: Sequence[str] = (),
    changes: Iterable[tuple[str, int]] = (),
    documents: Sequence[str] = (),
    children: Sequence[int] = (),
) -> dict[str, Any]:
    """The `data` of a review; it is validated when it is submitted.

    `member_number`: keeps the review in one partition with the claim's other events; a gateway fills it in.
    `revision`: the one that the officer read. `changes`: (line, rupiah).
    `children`: places in the claim's list, from 1, of those that the scholarship is for.
    """
    data: dict[str, Any] = {
        "claim_id": claim_id,
        "revision": revision,
        "verdict": verdict,
        "answers": list(answers),
        "changes": [{"line": line, "amount": amount, "reason": reason} for line, amount in changes],
        "documents": list(documents),
        "reason": reason,
    }
    if children:
        data["children"] = list(children)
    if member_number is not None:
        data["member_number"] = member_number
    return data


def review_event(data: dict[str, Any], officer: str) -> dict[str, Any]:
    """A CloudEvents document with an id of its own, under a name that nothing proves."""
    return document(
        ClaimReviewed,
        event_id=str(uuid.uuid4()),
        source=f"urn:santunan:officer:{officer}",
        time=dt.datetime.now(dt.UTC),
        data=data,
    )


def submit_review(settings: Settings, event: dict[str, Any]) -> None:
    """Raises schemas.events.Refused where a value is not as the event has it, Transient where the broker is away;
    nothing was submitted then.
    """
    with open_submitter(settings) as submitter:
        for _ in submitter.submit([json.dumps(event, ensure_ascii=False).encode()]):
            pass
