"""Row 0: an officer's decision, the facts that came after it, and the need for a second hand. Pure.

What an officer decided, automation may not change: new facts refer the claim again. Answered codes are handled
inside each row (`Assessment.refer`); here the table's finding becomes the officer's.
"""

from typing import Final

from pipeline.claims.assessment import Assessment, law_of_payment
from pipeline.claims.benefits.heirs import NO_HEIR, first_heir, payee_of
from pipeline.claims.case_file import OnlyHand
from pipeline.claims.payouts import differences, moved
from pipeline.claims.progress import Ruling
from pipeline.claims.rules.entitlement import Finding, computable_lines
from pipeline.law import references
from schemas.codes import DEATH_LINES, EFFECTIVE, LATE_PAYMENT, Payee
from schemas.decisions import Benefit, Check, Scalar
from schemas.values import source_who

_FORMER_OFFICER: Final = "urn:santunan:officer:unknown"  # who answered was not kept before


def ruled(assessment: Assessment, finding: Finding) -> Finding:
    """The finding after the officer. `only_hand` decides whether a second one is needed."""
    progress = assessment.case.progress
    codes = _waiting_again(assessment)
    if codes:
        assessment.wake_on = None
        indicative = finding.total if finding.outcome == "APPROVED" else finding.indicative
        if progress.contest is not None:
            indicative = progress.contest.indicative
        return Finding("REFERRED", codes, [], indicative)
    ruling = progress.ruling
    if ruling is None:
        return finding
    if ruling.verdict == "reject":
        assessment.wake_on = None
        return Finding("REJECTED", ("REV_REJECTED",), [])
    if ruling.verdict == "request_documents":
        came = assessment.case.papers_at  # what was on file is asked for again: unreadable, or the wrong page
        missing = tuple(paper for paper in ruling.documents if came.get(paper, 0) <= ruling.seen_events)
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
    contest = progress.contest
    if contest is not None:
        facts: dict[str, Scalar] = {"sections": contest.sections, "writer": contest.writer, "other": contest.other}
        assessment.note("one_source", "undetermined", facts, references.PARTIES)
        codes += ("CLM_OTHER_SOURCE",)
    if progress.moved_by is not None:
        assessment.note("member_confirmed", "undetermined", {"office": progress.moved_by}, references.PARTIES)
        codes += ("CLM_OTHER_MEMBER",)
    return codes


def _changed(assessment: Assessment, finding: Finding, ruling: Ruling) -> Finding:
    """The computed lines with the officer's in their place; a rejected claim has none but the officer's."""
    if assessment.number is None:
        return finding  # money is paid to a membership number, and this claim has none
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


def only_hand(assessment: Assessment, finding: Finding) -> OnlyHand | None:
    """None where nothing moves, where the law alone moves it, or where two persons stand behind it."""
    hands = _hands(assessment)
    if not hands or finding.outcome not in EFFECTIVE or len({source_who(one) for one in hands}) > 1:
        return None
    moves = _moved(assessment, finding.benefits)
    if not moves:
        return None
    return OnlyHand(hands[0], moves, assessment.case.progress.moved_alone.get(source_who(hands[0]), 0))


def refer_to_second(assessment: Assessment, finding: Finding, hand: OnlyHand | None) -> Finding:
    """The finding, or above the limit a referral: no single person moves so much money, in either direction."""
    progress = assessment.case.progress
    limit = law_of_payment(assessment).officer_limit
    is_above = hand is not None and hand.moves + hand.before > limit.value
    if is_above or progress.replaced_officer is not None:
        facts: dict[str, Scalar] = {}
        if hand is not None:
            facts = {"officer": hand.source, "moves": hand.moves + hand.before, "limit": limit.value}
        if progress.replaced_officer is not None:
            facts["replaced"] = progress.replaced_officer
        assessment.note("second_hand", "undetermined" if is_above else "met", facts, limit)
    return Finding("REFERRED", ("REV_SECOND_OFFICER",), [], finding.total) if is_above else finding


def _hands(assessment: Assessment) -> list[str]:
    """Whose word the finding rests on beside the facts. Lines that an officer wrote, and a rejection, rest on the
    officers of that ruling alone; else it rests on rulings, answers, advice and amounts since money was decided last,
    and on findings.
    """
    case, progress = assessment.case, assessment.case.progress
    ruling = progress.ruling
    is_ruled = ruling is not None or progress.answered_codes
    if not is_ruled and not case.advice_by and case.approved is None and not assessment.relied_on:
        return []
    if ruling is not None and ruling.verdict in ("change", "reject"):
        return list(ruling.officers)
    hands = [*progress.filed_by, *progress.answered_by, *[case.writers[section] for section in assessment.relied_on]]
    if ruling is not None and ruling.verdict != "request_documents":
        hands += ruling.officers
    return hands or [_FORMER_OFFICER]


def _moved(assessment: Assessment, benefits: list[Benefit]) -> int:
    """Rupiah that this would move. Compensation for late payment counts where an officer changed it."""
    progress = assessment.case.progress
    ruling = progress.ruling
    if ruling is not None and any(line == LATE_PAYMENT for line, _ in ruling.changes):
        return sum([abs(one) for one in differences(progress.accounts, assessment.number, benefits).values()])
    return moved(progress.accounts, assessment.number, benefits, dict(progress.lines).get(LATE_PAYMENT, 0))
