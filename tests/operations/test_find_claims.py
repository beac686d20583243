"""Finding claims: the newest first, by state and part of the number, page by page; of one's own alone."""

import pytest

from pipeline.errors import Poison
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.reading import find_claims
from tests.operations.test_operations import CLINIC, OTHER, front, opened, site
from tests.support.site import Site

__all__ = ["front", "site"]


def test_a_person_finds_the_newest_claim_first_by_state_and_part_of_its_number(
    site: Site, front: FrontOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = [opened(site, front, str(key)) for key in range(5)]
    monkeypatch.setattr("pipeline.operations.reading.PAGE_ROWS", 3)
    first = find_claims(front, CLINIC)
    rest = find_claims(front, CLINIC, after=str(first.cursor))
    assert [row.claim_id for row in (*first.rows, *rest.rows)] == claims[::-1]
    assert (first.more, rest.more, rest.cursor) == (1, 0, None)
    part = claims[2][-6:].lower()
    assert [row.claim_id for row in find_claims(front, CLINIC, number=part).rows] == [claims[2]]
    assert find_claims(front, CLINIC, number="%").rows == () == find_claims(front, OTHER).rows
    assert find_claims(front, CLINIC, outcome="APPROVED").rows == ()
    for wrong in ({"after": "x"}, {"after": "1"}, {"number": "\0"}, {"number": "x" * 65}):
        with pytest.raises(Poison):
            find_claims(front, CLINIC, **wrong)
