"""As known on: a claim and a member as they were known at a moment, beside what is known now; and a decision of then in
words.

What was known is what had been received by that moment (decision 0003). A decision made then is shown as it was made.
Nothing here names a person; diagnosis and course of events are for officers, and such a look is put on record.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant, grant_of
from pipeline.audit.known import KnownFile, file_known, status_known
from pipeline.errors import NotReady, Poison
from pipeline.explain import (
    Explanation,
    Language,
    day,
    explain,
    outcome_name,
    paper_name,
    program_name,
    rupiah,
    sealed,
    short,
)
from pipeline.explain.facts import rule_version_text
from pipeline.explain.figures import moment, month
from pipeline.explain.known import known_label, known_word
from pipeline.membership.contributions import account
from pipeline.membership.coverage import wage_on
from pipeline.membership.eligibility import coverage_answer
from pipeline.membership.member import Member
from pipeline.operations.case_facts import facts_of_case, folded
from pipeline.operations.cover_question import cover_faults
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.parties import claim_seen
from pipeline.queries.claim import decisions_of
from pipeline.queries.coverage import members_of
from pipeline.queries.letter_codes import code_of_decision
from pipeline.queries.pages import NotFound
from pipeline.queries.submissions import ClaimFile
from pipeline.store.access_rows import AuditRecord
from schemas.clock import JAKARTA
from schemas.codes import Outcome
from schemas.decisions import Decision, FieldError
from schemas.payouts import PayoutSettled

MONTHS: Final = 24  # of cover and contributions, up to the day that is asked for
_PROGRAMS: Final = ("JKK", "JKM")
_NIK_DIGITS: Final = 16
Fields = dict[tuple[str, str], str]  # (title of the part, label): what it says


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing in words, as known then and as known now. None: it was, or is, not said."""

    title: str
    label: str
    then: str | None
    now: str | None
    is_different: bool


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a claim stood by its latest decision; revision 0: nothing was decided. `total`: rupiah.

    `rule_book`: digest of the parameters and version of the rules by which it was decided. `open`: codes that waited
    for an officer.
    """

    revision: int
    outcome: Outcome | None
    reason_codes: tuple[str, ...]
    total: int
    decided_at: dt.datetime | None
    rule_version: str | None
    rule_book: str | None
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownClaim:
    """`then` None: the claim was not opened yet. `moments`: when something came or was decided, the oldest first.
    `rows`: everything in words; `differences` of them differ."""

    claim_id: str
    known_on: dt.datetime
    moments: tuple[dt.datetime, ...]
    then: Stood | None
    now: Stood
    rows: tuple[Compared, ...]
    differences: int


@dataclass(frozen=True, slots=True)
class CoverDays:
    """Days, both ends included, on which the answers are the same: yes, no or officer, by program, then and now."""

    since: dt.date
    until: dt.date
    then: Mapping[str, str]
    now: Mapping[str, str]
    is_different: bool


@dataclass(frozen=True, slots=True)
class KnownMember:
    """One membership on a day, as known then and as known now. `days`: cover of the last MONTHS months up to it.
    `rows`: the answers of the day, the wage, each contribution."""

    member_number: str
    day: dt.date
    known_on: dt.datetime
    rows: tuple[Compared, ...]
    days: tuple[CoverDays, ...]
    differences: int


def read_known(
    front: FrontOffice,
    principal: Principal,
    claim_id: str,
    known_on: dt.datetime | None = None,
    language: Language = "id",
    *,
    moment: int | None = None,
) -> KnownClaim:
    """A claim as known at `known_on` (aware), else at its moment of this number (1: the oldest), else at the newest;
    beside what is known now. Put on record first where diagnosis and course of events are shown. Raises Denied,
    NotFound; Poison (known_on); NotReady where nothing is put on record."""
    grant = grant_of(principal, "read_known")
    now = front.now()
    found = claim_seen(front, principal, grant, claim_id)
    made = decisions_of(front.store, claim_id)
    moments = sorted({clock for _, clock in found.events} | {one.decided_at.astimezone(dt.UTC) for one in made})
    if known_on is None:
        known_on = moments[min(moment or len(moments), len(moments)) - 1]
    _require_past(known_on, now)
    if grant.view == "full":
        if front.put_on_record is None:
            raise NotReady("nothing is put on record here, so the file of a claim is not shown")
        front.put_on_record(AuditRecord(now, principal.name, "case.read", claim_id))
    then, then_said = _stood(front, file_known(front.store, found, known_on, front.book), known_on, grant, language)
    is_now = KnownFile(found, made[-1] if made else None)
    stands, now_said = _stood(front, is_now, now, grant, language)
    assert stands is not None, "the claim is opened"
    rows = _compared(then_said, now_said)
    differences = sum(one.is_different for one in rows)
    return KnownClaim(claim_id, known_on, tuple(moments), then, stands, rows, differences)


def explain_known(
    front: FrontOffice,
    principal: Principal,
    claim_id: str,
    language: Language,
    *,
    revision: int | None = None,
    known_on: dt.datetime | None = None,
) -> Explanation:
    """In words, the decision of `revision` as it was made, or the one in force at `known_on` (aware). Raises Denied,
    NotFound; Poison where not one of both is given."""
    claim_seen(front, principal, grant_of(principal, "explain_known"), claim_id)
    if (revision is None) == (known_on is None):
        raise Poison("INVALID", FieldError("known_on", "give either a revision or a time"))
    if known_on is not None:
        _require_past(known_on, front.now())
    found = status_known(front.store, claim_id, front.book, revision=revision, known_on=known_on)
    said = explain(
        found.decision,
        language,
        payments=found.payments,
        open_codes=found.open_codes,
        officer_reason=found.officer_reason,
        place=front.letter_place,
    )
    code = code_of_decision(front.store, claim_id, found.decision.revision)
    return sealed(said, None if code is None else code.written())


def read_member_known(
    front: FrontOffice,
    principal: Principal,
    member: str,
    on: dt.date | None,
    known_on: dt.datetime,
    language: Language,
) -> tuple[KnownMember, ...]:
    """Each membership of `member` (its number, or a NIK under which it is registered now), on the day `on` (None: that
    of `known_on`). Raises Denied, NotFound; Poison (member, day, known_on)."""
    grant_of(principal, "read_member_known")
    on = on or known_on.astimezone(JAKARTA).date()
    if faults := cover_faults(front, member, on):
        raise Poison("INVALID", *faults)
    _require_past(known_on, front.now())
    is_nik = len(member) == _NIK_DIGITS
    found = members_of(front.store, nik=member) if is_nik else members_of(front.store, number=member)
    if not found:
        raise NotFound("nobody is registered under this number; check it")
    return tuple(_member_known(front, one, on, known_on, language) for one in found)


def _require_past(known_on: dt.datetime, now: dt.datetime) -> None:
    if known_on > now:
        raise Poison("INVALID", FieldError("known_on", "lies after now; write a time that has come"))


def _compared(then: Fields, now: Fields) -> tuple[Compared, ...]:
    """All that either says; what is said now alone comes behind what was said then in the same part."""
    titles = list(dict.fromkeys(title for title, _ in (*then, *now)))
    keys = sorted(dict.fromkeys((*then, *now)), key=lambda key: titles.index(key[0]))
    return tuple(Compared(*key, then.get(key), now.get(key), then.get(key) != now.get(key)) for key in keys)


# --- a claim


def _stood(
    front: FrontOffice, known: KnownFile | None, at: dt.datetime, grant: Grant, language: Language
) -> tuple[Stood | None, Fields]:
    case = folded(known.file, known.file.events) if known is not None else None
    if known is None or case is None or case.program is None:
        return None, {}
    decision, progress = known.decision, known.file.progress
    said = _decided(decision, language) if decision is not None else {}
    said |= _money(known.file, language)
    if progress.referral_codes:
        waits = "; ".join(short(code, language) for code in progress.referral_codes)
        said |= _fields("officer", language, {"open": waits, "answer_by": _day(progress.answer_by, language)})
    if decision is not None and decision.member_number is not None:
        number = decision.member_number
        for one in members_of(front.store, number=number) or [Member.new(number)]:
            said |= _membership(front, one.as_of(at), decision.event_date, language, (decision.program,))
    for facts in facts_of_case(case, grant, language):
        title = known_label("proposed", language).format(title=facts.title) if facts.is_proposed else facts.title
        said |= {(title, label): value for label, value in facts.rows}
    if decision is None:
        return Stood(0, None, (), 0, None, None, None, progress.referral_codes), said
    stood = Stood(
        decision.revision,
        decision.outcome,
        decision.reason_codes,
        decision.total,
        decision.decided_at,
        decision.rule_version,
        decision.rule_book or None,
        progress.referral_codes,
    )
    return stood, said


def _decided(decision: Decision, language: Language) -> Fields:
    reasons = [short(code, language) for code in decision.reason_codes if code != "OK"]
    return _fields(
        "decision",
        language,
        {
            "revision": str(decision.revision),
            "outcome": outcome_name(decision.outcome, language),
            "reasons": "; ".join(reasons),
            "total": rupiah(decision.total, language),
            "missing": ", ".join(paper_name(one, language) for one in decision.missing),
            "pay_by": _day(decision.pay_by, language),
            "decided_at": _moment(decision.decided_at, language),
            "law": rule_version_text(decision.rule_version, language),
            "rule_book": decision.rule_book,
        },
    )


def _money(file: ClaimFile, language: Language) -> Fields:
    paid = sum(event.data.amount for event, _ in file.events if isinstance(event, PayoutSettled))
    ordered = sum(file.progress.accounts.values())
    failed = ", ".join(file.progress.failed_payouts)
    return _fields(
        "money", language, {"ordered": rupiah(ordered, language), "paid": rupiah(paid, language), "failed": failed}
    )


def _fields(part: str, language: Language, said: Mapping[str, str | None]) -> Fields:
    """What is empty is not said."""
    title = known_label(part, language)
    return {(title, known_label(name, language)): value for name, value in said.items() if value}


def _day(on: dt.date | None, language: Language) -> str | None:
    return day(on, language) if on is not None else None


def _moment(at: dt.datetime, language: Language) -> str:
    return moment(at.astimezone(JAKARTA).isoformat(timespec="minutes"), language)


# --- a member


def _membership(
    front: FrontOffice, member: Member, on: dt.date, language: Language, programs: Iterable[str] = _PROGRAMS
) -> Fields:
    """The answers of one day, and what they rest on."""
    said: Fields = {}
    for program in programs:
        found = coverage_answer(member, program, on, front.book)
        answer = known_word(found.answer, language)
        if found.reason != "OK":
            answer = f"{answer}: {short(found.reason, language)}"
        said |= {(known_label("cover", language), program_name(program, language)): answer}
        said |= _fields(
            "cover",
            language,
            {
                "since": _day(found.since, language),
                "until": _day(found.until, language),
                "paid_through": month(found.paid_through, language) if found.paid_through else None,
                "unpaid_months": str(found.unpaid_months) if found.unpaid_months else None,
            },
        )
    wage = wage_on(member, on, front.book) if member.is_registered else None
    return said | _fields("cover", language, {"wage": rupiah(int(wage.amount), language) if wage else None})


def _member_known(
    front: FrontOffice, member: Member, on: dt.date, known_on: dt.datetime, language: Language
) -> KnownMember:
    then, now = member.as_of(known_on), member.as_of(front.now())
    rows = _compared(
        _membership(front, then, on, language) | _contributions(front, then, on, language),
        _membership(front, now, on, language) | _contributions(front, now, on, language),
    )
    days = _cover_days(front, then, now, on)
    differences = sum(one.is_different for one in rows) + sum(one.is_different for one in days)
    return KnownMember(member.number, on, known_on, rows, days, differences)


def _contributions(front: FrontOffice, member: Member, on: dt.date, language: Language) -> Fields:
    title = known_label("contributions", language)
    return {
        (title, month(one.owed.month, language)): (
            known_word("unpaid", language)
            if one.paid_on is None
            else known_word("paid_on", language).format(day=day(one.paid_on, language))
        )
        for one in account(member, on, front.book)[-MONTHS:]
    }


def _cover_days(front: FrontOffice, then: Member, now: Member, on: dt.date) -> tuple[CoverDays, ...]:
    first = max(_months_before(on), front.book.first_day)
    runs: list[tuple[dt.date, dt.date, tuple[dict[str, str], dict[str, str]]]] = []
    for number in range(first.toordinal(), on.toordinal() + 1):
        each = dt.date.fromordinal(number)
        said = _answers(front, then, each), _answers(front, now, each)
        since = runs.pop()[0] if runs and runs[-1][2] == said else each
        runs.append((since, each, said))
    return tuple(CoverDays(since, until, *said, said[0] != said[1]) for since, until, said in runs)


def _months_before(on: dt.date) -> dt.date:
    years, months = divmod(on.year * 12 + on.month - MONTHS, 12)
    return dt.date(years, months + 1, 1)


def _answers(front: FrontOffice, member: Member, on: dt.date) -> dict[str, str]:
    return {program: coverage_answer(member, program, on, front.book).answer for program in _PROGRAMS}
