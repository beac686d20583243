"""The stream that workers are killed over: each claim that waits for a paper gets it, and nobody dies twice."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.faults.stream import documents
from tests.support.site import Site


@pytest.mark.parametrize(("claims", "members"), [(20, 4), (80, 20), (120, 30)])
def test_each_twentieth_claim_waits_for_a_paper_and_is_decided_when_it_comes(
    claims: int, members: int, tmp_path: Path
) -> None:
    sent = list(documents(claims, member_count=members))
    site = Site(f"sqlite:///{tmp_path / 'santunan.db'}")
    try:
        site.run(*sent, size=50)
        assert site.refusals() == []
        outcomes: dict[str, list[str]] = defaultdict(list)
        for claim_id, _, outcome, _, _ in site.decisions():
            outcomes[claim_id].append(outcome)
    finally:
        site.close()
    assert len(outcomes) == claims
    assert [found for found in outcomes.values() if len(found) > 1] == [["PENDING", "APPROVED"]] * (claims // 20)
    assert max(deaths(sent).values()) == 1


def deaths(sent: list[bytes]) -> Counter[str]:
    """By member number; an event that is sent twice counts once."""
    known = {document["id"]: document for document in map(json.loads, sent)}
    return Counter(
        document["data"]["member"]["member_number"]
        for document in known.values()
        if "claim.death" in document["type"] or "death" in document["data"].get("medical", {})
    )
