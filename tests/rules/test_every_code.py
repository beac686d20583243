"""Every reason code of the decision table is reached by a case, in the place where its row lists it.

`python -m tests.rules.test_every_code` prints the table: code, row, the cases that reach it.
"""

from pathlib import Path

import pytest

from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from schemas.codes import CHECKS, REASONS, LineCode
from tests.rules.builder import case_file_of
from tests.rules.cases import cases_of

HERE = Path(__file__).parent
CASES = [case for path in sorted(HERE.glob("*.yaml")) for case in cases_of(path)]
VERDICTS = {case.name: assess(case_file_of(case.facts), Book.load()) for case in CASES}
CODES = [(row, code) for row, codes in REASONS.items() for code in codes]


def reached_by(code: str) -> list[str]:
    """Names of the cases that say the code in their expected decision, and are decided so."""
    return [
        case.name
        for case in CASES
        if code in case.decision.get("reason_codes", ()) and (code in VERDICTS[case.name].reason_codes)
    ]


@pytest.mark.parametrize(("row", "code"), CODES, ids=lambda value: str(value))
def test_every_reason_code_is_reached_by_a_case(row: int, code: str) -> None:
    assert reached_by(code), f"no case of row {row} reaches {code}; add one in tests/rules"


def test_every_check_is_walked_by_a_case() -> None:
    walked = {check.check for verdict in VERDICTS.values() for check in verdict.trace}
    assert walked == set(CHECKS)


def test_every_benefit_line_is_paid_by_a_case() -> None:
    paid = {line for case in CASES for line in case.decision.get("lines", {})}
    assert paid == set(LineCode.__args__)  # type: ignore[attr-defined]


def test_the_checks_of_a_trace_stand_in_the_order_of_the_table() -> None:
    place = {check: at for at, check in enumerate(CHECKS)}
    for name, verdict in VERDICTS.items():
        # Each pair of dates that contradict has a check of its own.
        places = [place[check] for check in dict.fromkeys(one.check for one in verdict.trace)]
        assert places == sorted(places), name


def test_codes_stand_in_the_order_of_their_row() -> None:
    for name, verdict in VERDICTS.items():
        rows = [row for row, codes in REASONS.items() if set(verdict.reason_codes) <= {*codes, *_flags(row)}]
        assert rows, f"{name}: {verdict.reason_codes} come from more than one row"
        if rows != [14]:  # missing papers come in the order of the claim's own list
            listed = [*REASONS[rows[0]], *_flags(rows[0])]
            assert sorted(verdict.reason_codes, key=listed.index) == list(verdict.reason_codes), name


def _flags(row: int) -> tuple[str, ...]:
    """What may go with a benefit in part: flags of the membership and of the payment."""
    return tuple(code for code in REASONS[19] if code.startswith(("MEM_", "PAY_", "REV_"))) if row in (17, 18) else ()


def test_only_what_is_approved_has_lines_and_only_what_is_referred_an_indication() -> None:
    for name, verdict in VERDICTS.items():
        assert not verdict.benefits or verdict.outcome == "APPROVED", name
        is_owed = verdict.outcome == "REJECTED" and verdict.liable == "EMPLOYER"
        assert verdict.indicative_total is None or verdict.outcome == "REFERRED" or is_owed, name
        assert (verdict.pay_by is not None) == bool(verdict.benefits), name
        assert not verdict.missing or verdict.outcome == "PENDING", name


if __name__ == "__main__":
    for row, code in CODES:
        print(f"{row:>2}  {code:34} {', '.join(reached_by(code)[:6])}")
