"""An example of every letter: for each reason code the first case of `tests/rules` that is decided by it, and made by
hand what no case of the table gives (an appeal, money asked back, an officer's words).
"""

import datetime as dt
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.claims.case_file import CaseFile, Verdict
from pipeline.claims.rules.table import assess
from pipeline.explain import Explanation, Language, Payment, explain
from pipeline.law.book import Book
from schemas.codes import APPEALED, PAYMENT_FAILED, REASONS, PaperName
from schemas.decisions import Cause, Check, Decision, ReadSet, Recovery
from tests.rules.builder import case_file_of
from tests.rules.cases import cases_of

RULES: Final = Path(__file__).parents[1] / "rules"
# Codes that the table no longer gives, but stored decisions hold, and codes whose texts stand ready.
PREPARED: Final[dict[str, dict[str, Any]]] = {
    "VAL_BAD_INPUT": {"outcome": "REJECTED"},
    "CLM_JKM_OLD": {"outcome": "REFERRED"},
    "MEM_PROJECT_UNNAMED": {"outcome": "REFERRED", "indicative_total": 42_000_000},
    "MEM_PAYER_ARREARS": {"outcome": "REFERRED", "indicative_total": 42_000_000},
    "MEM_NOT_WORKING": {"outcome": "REJECTED"},
    "MEM_WORK_CHECK": {"outcome": "REFERRED", "indicative_total": 42_000_000},
    "DET_APPEALED": {"outcome": "REFERRED", "program": "JKK"},
    "JKK_MISSING": {"outcome": "REFERRED", "program": "JKK", "indicative_total": 214_000_000},
    "HEIR_COURT_DECISION": {"outcome": "REFERRED", "indicative_total": 42_000_000},
}
LONG_REASON: Final = "Keterangan saksi dan catatan kantor polisi berbeda tentang jam kejadian. " * 50


class Example(NamedTuple):
    decision: Decision
    payments: tuple[Payment, ...] = ()
    open_codes: tuple[str, ...] = ()
    officer_reason: str | None = None

    def explained(self, language: Language) -> Explanation:
        more = {"payments": self.payments, "open_codes": self.open_codes, "officer_reason": self.officer_reason}
        return explain(self.decision, language, **more)  # type: ignore[arg-type]


@cache
def decided() -> dict[str, Decision]:
    """Every case of `tests/rules`, as the engine decides it today."""
    book = Book.load()
    found = {}
    for case in chain(*(cases_of(path) for path in sorted(RULES.glob("*.yaml")))):
        case_file = case_file_of(case.facts)
        found[case.name] = decision_of(case_file, assess(case_file, book))
    return found


def decision_of(case_file: CaseFile, verdict: Verdict) -> Decision:
    case = case_file.case
    assert case.program is not None and case.member is not None
    claim = f"{case.program}-{case.event_date.year}-0007"
    return Decision(
        decision_id=f"{claim}.r1",
        claim_id=claim,
        key=case.key,
        member_number=case.member.member_number,
        program=case.program,
        event_date=case.event_date,
        revision=1,
        supersedes=None,
        outcome=verdict.outcome,
        reason_codes=verdict.reason_codes,
        benefits=verdict.benefits,
        total=verdict.total,
        indicative_total=verdict.indicative_total,
        missing=verdict.missing,
        fields=verdict.fields,
        liable=verdict.liable,
        pay_by=verdict.pay_by,
        fund_amount=verdict.fund_amount,
        first_claim_id=verdict.first_claim_id,
        rule_version=verdict.rule_version,
        decided_at=case_file.clock,
        caused_by=Cause("urn:santunan:desk:tangerang", "desk-0007"),
        read=ReadSet((), ()),
        trace=verdict.trace,
    )


@cache
def examples() -> dict[str, Example]:
    """Name -> example: every reason code, and in small letters what goes beyond a code."""
    codes = dict.fromkeys((*chain(*REASONS.values()), *PREPARED))
    found = {code: Example(_of_code(code)) for code in codes}
    approved = _of_code("OK")
    found[APPEALED] = Example(approved, open_codes=(APPEALED,))
    found[PAYMENT_FAILED] = Example(approved, open_codes=(PAYMENT_FAILED,))
    return found | _beyond_codes(approved)


def _of_code(code: str) -> Decision:
    """The first case of which it is the main code, else one that it accompanies, else one made by hand."""
    decisions = decided().values()
    main = (one for one in decisions if next((c for c in one.reason_codes if c != "OK"), "OK") == code)
    if (found := next(main, None)) is not None:
        return found
    if (found := next((one for one in decisions if code in one.reason_codes), None)) is not None:
        return found
    like = next(one for one in decisions if one.outcome == "REJECTED" and one.program == "JKM")
    nothing = {"trace": (), "fields": (), "missing": (), "first_claim_id": None}
    return replace(like, reason_codes=(code,), **(nothing | PREPARED[code]))


def _beyond_codes(approved: Decision) -> dict[str, Example]:
    rejected, number = _of_code("REV_REJECTED"), "12345678901"
    again: dict[str, Any] = {"revision": 2, "supersedes": approved.decision_id}
    back = Recovery(number, "heirs", 42_000_000, dt.date(2024, 7, 1))
    funeral = Recovery(number, "funeral_arranger", 10_000_000, dt.date(2024, 7, 1))
    children = Recovery(number, "children", 12_000_000, dt.date(2024, 7, 1))
    owed: dict[str, Any] = {"liable": "EMPLOYER"}
    unregistered = _of_code("MEM_NOT_REGISTERED")
    scholars = next(one for one in decided().values() if any(b.line == "scholarship_year_1" for b in one.benefits))
    holidays = Check("payment_deadline", "undetermined", {"pay_by": "2028-01-03"}, "decision table, row 19", "DESIGN")
    violence: tuple[PaperName, ...] = (
        "membership_card", "ktp", "doctor_letter", "transport_receipt", "treatment_receipt", "police_letter", "visum",
        "death_certificate", "heir_letter", "family_card",
    )  # fmt: skip
    papers = replace(
        _of_code("DOC_DOCTOR_LETTER_MISSING"),
        missing=violence,
        reason_codes=tuple(f"DOC_{name.upper()}_MISSING" for name in violence),
    )
    paid = Payment(approved.total, approved.pay_by or dt.date(2024, 7, 1))
    return {
        "asked_back": Example(replace(rejected, recoveries=(back,), **again)),
        "asked_back_from_several": Example(replace(rejected, recoveries=(back, funeral, children), **again)),
        "officer_reason": Example(rejected, officer_reason="Saksi tidak mengenal peserta; lihat berita acara."),
        "officer_reason_long": Example(rejected, officer_reason=LONG_REASON[:4000]),
        "paid": Example(approved, payments=(paid,)),
        "paid_in_part": Example(approved, payments=(replace(paid, amount=1_000_000),)),
        "deadline_estimated": Example(replace(approved, trace=(*approved.trace, holidays))),
        "referred_again": Example(replace(_of_code("MEM_CHANGED_LATER"), **again)),
        "owed_by_employer": Example(replace(unregistered, **owed)),
        "owed_by_employer_sum": Example(replace(unregistered, indicative_total=192_000_000, **owed)),
        "scholarship": Example(scholars),
        "many_papers": Example(papers),
    }
