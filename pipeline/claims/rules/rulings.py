"""Row 0: an officer's decision, the facts that came after it, and the need for a second officer. Pure.

What an officer decided, automation may not change: new facts refer the claim again. Answered codes are handled
inside each row (`Assessment.refer`); here the table's finding becomes the officer's.
"""

from pipeline.claims.assessment import Assessment, law_of_payment
from pipeline.claims.benefits.heirs import NO_HEIR, first_heir, payee_of
from pipeline.claims.progress import Ruling
from pipeline.claims.rules.entitlement import Finding, computable_lines
from pipeline.law import references
from schemas.codes import DEATH_LINES, LATE_PAYMENT, Payee
from schemas.decisions import Benefit, Check, Scalar


def ruled(assessment: Assessment, finding: Finding) -> Finding:
    """The finding after the officer. `needs_second_officer` decides whether a second one is needed."""
    progress = assessment.case.progress
    codes = _waiting_again(assessment)
    if codes:
        assessment.wake_on = None
        indicative = finding.total if finding.outcome == "APPROVED" else finding.indicative
        return Finding("REFERRED", codes, [], indicative)
    ruling = progress.ruling
    if ruling is None:
        return finding
    if ruling.verdict == "reject":
        assessment.wake_on = None
        return Finding("REJECTED", ("REV_REJECTED",), [])
    if ruling.verdict == "request_documents":
        missing = tuple(paper for paper in ruling.documents if paper not in assessment.case.documents)
        if missing:
            assessment.wake_on, assessment.missing = None, missing
            return Finding("PENDING", ("DOC_REQUESTED",), [])
    if ruling.verdict == "change":
        assessment.wake_on = None
        return _changed(assessment, finding, ruling)
    return finding


def _waiting_again(assessment: Assessment) -> tuple[str, ...]:
    progress = assessment.case.progress
    codes: tuple[str, ...] = ("REV_NEW_FACTS",) if progress.has_new_facts else ()
    if progress.changed_later and "MEM_CHANGED_LATER" not in assessment.answered:
        codes += ("MEM_CHANGED_LATER",)
    return codes


def _changed(assessment: Assessment, finding: Finding, ruling: Ruling) -> Finding:
    """The computed lines with the officer's in their place; a rejected claim has none but the officer's."""
    if finding.outcome == "APPROVED":
        base: Finding | None = finding
    elif finding.outcome == "REJECTED":
        base = None
    else:
        base = computable_lines(assessment)
    lines: dict[str, Benefit] = {one.line: one for one in base.benefits} if base is not None else {}
    for line, amount in ruling.changes:
        if line == LATE_PAYMENT:
            continue  # it depends on the other lines, so it is changed after them (`late_line`)
        if amount == 0:
            lines.pop(line, None)
        else:
            lines[line] = _decided(assessment, line, amount, lines.get(line))
    # What the table could not determine, the officer did.
    assessment.trace = [_settled(check) if check.result == "undetermined" else check for check in assessment.trace]
    codes = (base.codes if base is not None else ("OK",)) + ("REV_CHANGED",)
    return Finding("APPROVED", codes, list(lines.values()), fund_amount=base.fund_amount if base is not None else 0)


def _settled(check: Check) -> Check:
    return check._replace(result="met", facts={**check.facts, "settled": True})


def _decided(assessment: Assessment, line: str, amount: int, computed: Benefit | None) -> Benefit:
    numbers: dict[str, Scalar] = {"amount": amount, "computed": computed.amount if computed is not None else 0}
    payee = computed.payee if computed is not None else _payee(assessment, line)
    return Benefit(line, amount, payee, "decided_by_officer", numbers, *references.OFFICER)  # type: ignore[arg-type]


def _payee(assessment: Assessment, line: str) -> Payee:
    case = assessment.case
    has_no_heir = case.heirs is not None and assessment.law is not None and first_heir(case, assessment.law) == NO_HEIR
    if line == "funeral" and has_no_heir:
        return "funeral_arranger"
    return "heirs" if line in DEATH_LINES else payee_of(case)


def late_line(assessment: Assessment, computed: Benefit | None) -> Benefit | None:
    """The compensation for late payment, where an officer changed it."""
    ruling = assessment.case.progress.ruling
    if ruling is None or ruling.verdict != "change":
        return computed
    amount = dict(ruling.changes).get(LATE_PAYMENT)
    if amount is None:
        return computed
    return None if amount == 0 else _decided(assessment, LATE_PAYMENT, amount, computed)


def needs_second_officer(assessment: Assessment, finding: Finding) -> bool:
    """Above the limit no single officer moves money, neither by approving, changing nor answering codes."""
    progress = assessment.case.progress
    ruling = progress.ruling
    if finding.outcome != "APPROVED" or (ruling is not None and ruling.second_officer is not None):
        return False
    if not (assessment.answered or (ruling is not None and ruling.verdict in ("approve", "change"))):
        return False
    return finding.total > law_of_payment(assessment).officer_limit.value
