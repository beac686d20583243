"""A ruling that moves much needs a code that was shown just now, of the first officer and of the second."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.principals import Principal, new_principal
from pipeline.access.roles import Denied
from pipeline.access.sessions import CODE_LASTS
from pipeline.operations.reports import review
from pipeline.operations.rulings import preview_ruling
from tests.support import events as e
from tests.support.front import NOW, front_of
from tests.support.site import Site

SITI, BUDI = new_principal("officer", "siti"), new_principal("officer", "budi")
LIMIT = 100_000_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    opened.run(*e.member(), e.accident())
    yield opened
    opened.close()


def fresh(officer: Principal) -> Principal:
    return replace(officer, code_at=NOW)


def last(site: Site) -> tuple[int, str, tuple[str, ...]]:
    _, revision, outcome, codes, _ = site.decisions()[-1]
    return revision, outcome, codes


def ruling(revision: int, amount: int) -> dict[str, Any]:
    """K1 has Rp4,000,000 of stmb in force, which stays."""
    lines = [{"line": "partial_disability", "amount": amount, "reason": "x"}]
    return {"claim_id": "K1", "revision": revision, "verdict": "change", "reason": "x", "changes": lines}


@pytest.mark.parametrize(("amount", "is_asked"), [(LIMIT - 1, False), (LIMIT, False), (LIMIT + 1, True)])
def test_money_above_the_limit_needs_a_code(amount: int, is_asked: bool, site: Site) -> None:
    front = front_of(site)
    assert preview_ruling(front, SITI, ruling(1, amount), "id").needs_code == is_asked
    assert not preview_ruling(front, fresh(SITI), ruling(1, amount), "id").needs_code
    if not is_asked:
        assert review(front, SITI, "r1", ruling(1, amount)).claim_id == "K1"
        return
    for old in (SITI, replace(SITI, code_at=NOW - CODE_LASTS)):
        with pytest.raises(Denied, match="FRESH_CODE_NEEDED"):
            review(front, old, "r1", ruling(1, amount))
    assert review(front, fresh(SITI), "r1", ruling(1, amount)).claim_id == "K1"


def test_the_second_officer_gives_a_code_too(site: Site) -> None:
    front = front_of(site)
    review(front, fresh(SITI), "r1", ruling(1, LIMIT + 1))
    site.run()
    assert last(site) == (2, "REFERRED", ("REV_SECOND_OFFICER",))
    assert preview_ruling(front, BUDI, ruling(2, LIMIT + 1), "id").needs_code
    with pytest.raises(Denied, match="FRESH_CODE_NEEDED"):
        review(front, BUDI, "r2", ruling(2, LIMIT + 1))
    review(front, fresh(BUDI), "r2", ruling(2, LIMIT + 1))
    site.run()
    assert last(site)[:2] == (3, "APPROVED")


def test_what_one_officer_moves_bit_by_bit_needs_a_code_where_the_sum_is_above(site: Site) -> None:
    front = front_of(site)
    review(front, SITI, "r1", ruling(1, LIMIT - 10_000_000))
    site.run()
    assert last(site)[:2] == (2, "APPROVED")
    with pytest.raises(Denied, match="FRESH_CODE_NEEDED"):
        review(front, SITI, "r2", ruling(2, LIMIT + 10_000_000))


def test_money_that_is_asked_back_counts_as_well(site: Site) -> None:
    front = front_of(site)
    review(front, fresh(SITI), "r1", ruling(1, LIMIT + 1))
    site.run()
    review(front, fresh(BUDI), "r2", ruling(2, LIMIT + 1))
    site.run()
    assert last(site)[:2] == (3, "APPROVED")
    rejection = {"claim_id": "K1", "revision": 3, "verdict": "reject", "reason": "x"}
    with pytest.raises(Denied, match="FRESH_CODE_NEEDED"):
        review(front, SITI, "r3", rejection)
    assert review(front, fresh(SITI), "r3", rejection).claim_id == "K1"


def test_asking_for_papers_moves_nothing_and_needs_no_code(site: Site) -> None:
    front = front_of(site)
    review(front, fresh(SITI), "r1", ruling(1, LIMIT + 1))
    site.run()
    asked = {"claim_id": "K1", "revision": 2, "verdict": "request_documents", "reason": "x", "documents": ["ktp"]}
    assert not preview_ruling(front, BUDI, asked, "id").needs_code
    assert review(front, BUDI, "r2", asked).claim_id == "K1"
