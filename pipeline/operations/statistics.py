"""Statistics of decisions: by outcome, reason, programme, month and region; time against the law; hands and reversals.

Numbers of the whole office are shown as they are. Those by region are claims of people, so counts under five are left
out, and what would give them away (`pipeline.coverage.suppression`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.coverage.regions import region_title
from pipeline.coverage.suppression import published_table
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.law.calendar import working_days_after
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.decision_counts import (
    FirstDecision,
    OfficerRuling,
    Payment,
    Period,
    claims_by_province,
    decisions_by_month,
    decisions_by_reason,
    first_decisions,
    payments,
    rulings,
)
from schemas.clock import JAKARTA
from schemas.codes import APPEALED, PAYMENT_FAILED, REASONS, Outcome
from schemas.decisions import FieldError

OUTCOMES: Final[tuple[Outcome, ...]] = ("APPROVED", "REJECTED", "REFERRED", "PENDING")
PROGRAMS: Final = ("JKK", "JKM")
VERDICTS: Final = ("approve", "change", "reject", "request_documents", "reassess")
# The times that the law sets, and what a payment after its day costs.
LIMITS: Final = (
    "stage1_report_hours",
    "conclusion_days",
    "payment_working_days_jkk",
    "payment_working_days_jkm",
    "late_payment_percent_per_day",
)
_ORDER: Final = [code for codes in REASONS.values() for code in codes] + [APPEALED, PAYMENT_FAILED]


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """One row of one table: `outcomes` (by programme), `reasons` (a decision has one or several), `months` (key
    2024-07), all of decisions; `regions` of claims by their latest decision, key a province, `*` for those too small,
    `groups` of them, or empty and 0 groups for all. None: left out, since it or what follows from it is under five."""

    table: str
    key: str
    program: str
    groups: int
    total: int
    approved: int | None
    rejected: int | None
    referred: int | None
    pending: int | None


@dataclass(frozen=True, slots=True)
class DecisionTime:
    """Calendar days from the receipt of a claim to the decision that first approved or refused it."""

    program: str
    claims: int
    median: int
    ninety_percent: int
    longest: int


@dataclass(frozen=True, slots=True)
class PaymentTime:
    """Approvals against the law's working days. `median_days_late`, `longest_days_late`: calendar days of those that
    were paid late. `unpaid_late`: the day is over, and no payment was reported. `cost`: rupiah of compensation."""

    program: str
    claims: int
    in_time: int
    late: int
    unpaid: int
    unpaid_late: int
    median_days_late: int
    longest_days_late: int
    cost: int


@dataclass(frozen=True, slots=True)
class LegalLimit:
    """A number of the law on the last day of the period."""

    name: str
    unit: str
    value: str | int | None
    reference: str
    marker: str


@dataclass(frozen=True, slots=True)
class Hands:
    """Claims approved or refused for the first time in the period. `alone`: without a referral and any officer.
    `reversed`: refused, and approved later."""

    program: str
    decided: int
    alone: int
    refused: int
    reversed: int


@dataclass(frozen=True, slots=True)
class OfficerCount:
    """Rulings by verdict. `officer` empty: all whom the reader does not see by name. `reversed`: a later decision says
    the opposite."""

    officer: str
    rulings: int
    approve: int
    change: int
    reject: int
    request_documents: int
    reassess: int
    reversed: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """`until`: the day after the last one. `day`: on which payments that are due were looked at."""

    since: dt.date | None
    until: dt.date | None
    day: dt.date
    counts: tuple[OutcomeCount, ...]
    decision_times: tuple[DecisionTime, ...]
    payment_times: tuple[PaymentTime, ...]
    limits: tuple[LegalLimit, ...]
    hands: tuple[Hands, ...]
    officers: tuple[OfficerCount, ...]

    def table(self, name: str) -> tuple[OutcomeCount, ...]:
        return tuple(one for one in self.counts if one.table == name)


def read_statistics(
    front: FrontOffice, principal: Principal, *, since: dt.date | None = None, until: dt.date | None = None
) -> Statistics:
    """Of the days from `since` on and before `until`. An officer sees rulings of his own by name, an auditor those of
    everybody. Raises Denied, Poison (until)."""
    grant = grant_of(principal, "read_statistics")
    if since is not None and until is not None and until <= since:
        raise Poison("INVALID", FieldError("until", "the period ends before it begins: give a day after the first one"))
    today = front.now().astimezone(JAKARTA).date()
    period = Period(since, until)
    with front.store.reader() as connection:
        reasons = decisions_by_reason(connection, period)
        months = decisions_by_month(connection, period)
        provinces = claims_by_province(connection, period)
        decided = first_decisions(connection, period)
        paid = list(_measured(payments(connection, period), front.book))
        ruled = list(rulings(connection, period))
    last = min(today, until - dt.timedelta(days=1)) if until is not None else today
    return Statistics(
        since,
        until,
        today,
        (*_outcomes(months), *_by_reason(reasons), *_by_month(months), *_regions(provinces)),
        tuple(_decision_time(program, decided) for program in PROGRAMS),
        tuple(_payment_time(program, paid, today) for program in PROGRAMS),
        _limits(front.book, last),
        tuple(_hands(program, decided) for program in PROGRAMS),
        tuple(_officers(ruled, None if grant.view == "full" else principal.name)),
    )


def _outcomes(months: Mapping[tuple[str, str, str], int]) -> Iterable[OutcomeCount]:
    for program in PROGRAMS:
        yield _row("outcomes", "", program, {one: _sum(months, program, one) for one in OUTCOMES})


def _by_reason(counts: Mapping[tuple[str, str, str], int]) -> Iterable[OutcomeCount]:
    """In the order of the decision table; a code that is decided no more comes last."""
    for program in PROGRAMS:
        codes = {code for one, _, code in counts if one == program}
        for code in sorted(codes, key=lambda code: (_ORDER.index(code) if code in _ORDER else len(_ORDER), code)):
            yield _row("reasons", code, program, {one: counts.get((program, one, code), 0) for one in OUTCOMES})


def _by_month(counts: Mapping[tuple[str, str, str], int]) -> Iterable[OutcomeCount]:
    for program in PROGRAMS:
        for month in sorted({month for one, _, month in counts if one == program}):
            yield _row("months", month, program, {one: counts.get((program, one, month), 0) for one in OUTCOMES})


def _regions(counts: Mapping[tuple[str, str], int]) -> Iterable[OutcomeCount]:
    """By the province in which the NIK was first issued; empty where it is none of today's."""
    groups: dict[str, list[int]] = {}
    for (province, outcome), count in counts.items():
        known = province if province and region_title(province) else "-"
        groups.setdefault(known, [0] * len(OUTCOMES))[OUTCOMES.index(outcome)] += count
    for key, cells, merged, total in published_table(groups):
        yield OutcomeCount("regions", key, "", merged, total, *cells)


def _row(table: str, key: str, program: str, counts: Mapping[Outcome, int]) -> OutcomeCount:
    return OutcomeCount(table, key, program, 1, sum(counts.values()), *(counts[one] for one in OUTCOMES))


def _sum(counts: Mapping[tuple[str, str, str], int], program: str, outcome: str) -> int:
    return sum(count for (one, other, _), count in counts.items() if (one, other) == (program, outcome))


def _decision_time(program: str, decided: Iterable[FirstDecision]) -> DecisionTime:
    days: Counter[int] = Counter()
    for one in decided:
        if one.program == program:
            days[max(one.days, 0)] += one.claims
    return DecisionTime(program, days.total(), _quantile(days, 50), _quantile(days, 90), max(days, default=0))


def _measured(found: Iterable[Payment], book: Book) -> Iterable[tuple[Payment, dt.date]]:
    """With the last day on which payment was in time, by the law of the event."""
    known: dict[tuple[int, dt.date], dt.date] = {}
    for one in found:
        law = book.on(max(one.event_date, book.first_day))
        days = law.payment_working_days_jkk if one.program == "JKK" else law.payment_working_days_jkm
        key = days.value, one.approved_on
        if key not in known:
            known[key] = working_days_after(one.approved_on, days.value, book)
        yield one, known[key]


def _payment_time(program: str, found: Iterable[tuple[Payment, dt.date]], today: dt.date) -> PaymentTime:
    own = [(one, deadline) for one, deadline in found if one.program == program]
    paid = [(one.paid_on, deadline) for one, deadline in own if one.paid_on is not None]
    late = Counter((day - deadline).days for day, deadline in paid if day > deadline)
    unpaid = [deadline for one, deadline in own if one.paid_on is None]
    return PaymentTime(
        program,
        len(own),
        len(paid) - late.total(),
        late.total(),
        len(unpaid),
        sum(deadline < today for deadline in unpaid),
        _quantile(late, 50),
        max(late, default=0),
        sum(one.compensation for one, _ in own),
    )


def _quantile(counts: Counter[int], percent: int) -> int:
    """The least number that so many percent do not exceed; 0 of nothing."""
    wanted, reached = -(-counts.total() * percent // 100), 0
    for number in sorted(counts):
        reached += counts[number]
        if reached >= wanted:
            return number
    return 0


def _limits(book: Book, day: dt.date) -> tuple[LegalLimit, ...]:
    day = min(max(day, book.first_day), book.through)
    found = [(book.parameters[name].unit, name, book.parameters[name].on(day)) for name in LIMITS]
    return tuple(LegalLimit(name, unit, one.written, one.reference, one.marker) for unit, name, one in found)


def _hands(program: str, decided: Iterable[FirstDecision]) -> Hands:
    own = [one for one in decided if one.program == program]
    return Hands(
        program,
        sum(one.claims for one in own),
        sum(one.claims for one in own if one.is_alone),
        sum(one.claims for one in own if one.was_refused),
        sum(one.claims for one in own if one.is_reversed),
    )


def _officers(found: Iterable[OfficerRuling], reader: str | None) -> Iterable[OfficerCount]:
    """`reader` None: sees everybody by name."""
    verdicts: dict[str, Counter[str]] = {}
    reversals: Counter[str] = Counter()
    for one in found:
        name = one.officer if reader in (None, one.officer) else ""
        verdicts.setdefault(name, Counter())[one.verdict] += 1
        reversals[name] += one.is_reversed
    for name, counts in sorted(verdicts.items()):
        of_verdict = {one: counts[one] for one in VERDICTS}
        yield OfficerCount(name, counts.total(), reversed=reversals[name], **of_verdict)
