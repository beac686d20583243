"""The decision that follows from a verdict, and what the claim keeps of it. Pure."""

import datetime as dt
from typing import Final

from pipeline.claims.case import Case
from pipeline.claims.case_file import Verdict
from pipeline.claims.progress import Progress
from pipeline.law.book import Book
from pipeline.membership.member import Member
from schemas.clock import JAKARTA
from schemas.codes import EFFECTIVE
from schemas.decisions import Cause, Decision, Payout, ReadSet
from schemas.values import source_who

RULES_VERSION: Final = 3  # raised where the program accepts or decides otherwise than the version before
_SECOND: Final = "REV_SECOND_OFFICER"


def decision_of(
    case: Case, verdict: Verdict, member: Member | None, read: ReadSet, clock: dt.datetime, cause: Cause, book: Book
) -> Decision:
    """The next revision of this claim's decision."""
    assert case.program is not None and case.member is not None
    revision = case.progress.revision + 1
    return Decision(  # fast: see docs/performance.md
        f"{case.claim_id}.r{revision}",
        case.claim_id,
        case.key,
        member.number if member is not None else case.member.member_number,
        case.program,
        case.event_date,
        revision,
        case.progress.decision_id,
        verdict.outcome,
        verdict.reason_codes,
        verdict.benefits,
        verdict.total,
        verdict.indicative_total,
        verdict.missing,
        verdict.fields,
        verdict.liable,
        verdict.pay_by,
        verdict.fund_amount,
        verdict.first_claim_id,
        verdict.rule_version,
        clock.astimezone(JAKARTA),
        cause,
        read,
        verdict.trace,
        (),
        rule_book_name(book),
    )


def rule_book_name(book: Book) -> str:
    """By what a decision is made: the digest of the parameters, and the version of the program's rules."""
    return f"{book.fingerprint[:16]}.{RULES_VERSION}"


def record(progress: Progress, decision: Decision, verdict: Verdict, payouts: list[Payout], clock: dt.datetime) -> None:
    """Keep what was decided and ordered with the case."""
    progress.revision = decision.revision
    progress.decision_id = decision.decision_id
    progress.outcome = decision.outcome
    progress.reason_codes = decision.reason_codes
    progress.total = decision.total
    progress.indicative_total = decision.indicative_total
    progress.wake_on = verdict.wake_on
    progress.latest = clock
    if decision.outcome in EFFECTIVE:
        progress.effective_outcome = decision.outcome
        progress.effective_total = decision.total
        progress.lines = tuple([(one.line, one.amount) for one in decision.benefits])
        progress.answered_by = progress.filed_by = ()  # they stood behind this money, and behind no later one
    for payout in payouts:
        signed = payout.amount if payout.direction == "pay" else -payout.amount
        assert payout.member_number is not None, "money moves only for a registered member"
        account = payout.member_number, payout.payee
        progress.accounts[account] = progress.accounts.get(account, 0) + signed
        progress.payouts[payout.payout_id] = signed
    if verdict.hand is not None and payouts:
        who = source_who(verdict.hand.source)
        progress.moved_alone[who] = verdict.hand.before + verdict.hand.moves
    progress.replaced_officer = None
    if progress.ruling is not None and progress.ruling.verdict == "reassess" and _SECOND not in decision.reason_codes:
        progress.ruling = None  # the claim is what the table makes of it, as if no officer had ruled
    if decision.outcome == "APPROVED":
        progress.approved_on = progress.approved_on or clock.astimezone(JAKARTA).date()
    elif not progress.settlements:
        progress.approved_on = None  # it will be payable only when the next fact makes it so
