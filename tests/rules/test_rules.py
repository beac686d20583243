"""Every case of the YAML files beside this one, decided. A failure names the case and says why it should be so."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.claims.case_file import Verdict
from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from tests.rules.builder import case_file_of
from tests.rules.cases import CaseFile, RuleCase, cases_of

HERE = Path(__file__).parent
CASES = [case for path in sorted(HERE.glob("*.yaml")) for case in cases_of(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_is_decided_as_the_law_says(case: RuleCase) -> None:
    verdict = assess(case_file_of(case.facts), Book.load())
    found = {word: _FOUND[word](verdict, wanted) for word, wanted in case.decision.items()}
    assert found == case.decision, f"{case.name}: {case.why}"
    assert verdict.total == sum(one.amount for one in verdict.benefits)


def _checks(verdict: Verdict, wanted: dict[str, str]) -> dict[str, str]:
    results = {one.check: one.result for one in verdict.trace}
    return {check: results.get(check, "not walked") for check in wanted}


def _numbers(verdict: Verdict, wanted: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one.line: one.numbers for one in verdict.benefits if one.line in wanted}


def _facts(verdict: Verdict, wanted: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {one.check: one.facts for one in verdict.trace}
    return {check: {name: found.get(check, {}).get(name) for name in facts} for check, facts in wanted.items()}


def _text(day: object) -> str | None:
    return None if day is None else str(day)


# word of a case's decision -> how it is read off the verdict
_FOUND = {
    "rule_version": lambda verdict, _: verdict.rule_version,
    "outcome": lambda verdict, _: verdict.outcome,
    "reason_codes": lambda verdict, _: list(verdict.reason_codes),
    "lines": lambda verdict, _: {one.line: one.amount for one in verdict.benefits},
    "total": lambda verdict, _: verdict.total,
    "indicative": lambda verdict, _: verdict.indicative_total,
    "missing": lambda verdict, _: list(verdict.missing),
    "fields": lambda verdict, _: list(verdict.fields),
    "liable": lambda verdict, _: verdict.liable,
    "pay_by": lambda verdict, _: _text(verdict.pay_by),
    "fund_amount": lambda verdict, _: verdict.fund_amount,
    "first_claim_id": lambda verdict, _: verdict.first_claim_id,
    "wake_on": lambda verdict, _: _text(verdict.wake_on),
    "payees": lambda verdict, _: {one.line: one.payee for one in verdict.benefits},
    "markers": lambda verdict, _: {one.line: one.marker for one in verdict.benefits},
    "references": lambda verdict, _: {one.line: one.reference for one in verdict.benefits},
    "numbers": _numbers,
    "checks": _checks,
    "facts": _facts,
}


def test_all_thirty_worked_cases_stand_here() -> None:
    names = [case.name for case in CaseFile(HERE / "worked_cases.yaml").cases]
    assert names == [f"C{number:02}" for number in range(1, 31)]


def test_every_case_says_why_and_is_told_once() -> None:
    assert all(len(case.why.split()) >= 3 for case in CASES)
    assert len({case.name for case in CASES}) == len(CASES)
    assert len(CASES) >= 180
