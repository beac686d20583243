"""A member as reported by the membership events: each fact with its day and with the time at which it became known.

Pure: a value that folds events into a new value. Facts are kept as they came, each with the time at which it
became known, so that `as_of` can cut the member back to what was known then; what follows from the facts (coverage,
arrears, wage) is computed in `pipeline.membership.coverage`.
Never imports anything that does IO, nor a rule of the law.

A member has 100 to 150 contribution months, so payments and wages are packed columns of whole numbers, read only
when they are asked for: months as `pipeline.law.calendar.month_index` counts them, days as `date.toordinal`,
times as microseconds since 1970 UTC. Fast: see docs/performance.md.
"""

import datetime as dt
from binascii import unhexlify
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, Final, NamedTuple

import orjson

from pipeline.law.calendar import month_index
from pipeline.membership.columns import (
    LONG,
    SHORT,
    inserted,
    long_column,
    packed_long,
    packed_short,
    short_at,
    short_column,
)
from schemas.clock import microseconds
from schemas.events import MemberEvent
from schemas.membership import (
    Contribution,
    ContributionPaid,
    MemberRegistered,
    MembershipEnded,
    ProgramPeriod,
    ProgramsChanged,
    Registration,
    WageReport,
    WageReported,
)

# The basis of a wage report, one letter a report; "-" is a report that names none: the registration's counts.
BASIS_LETTERS: Final = {"monthly": "m", "daily": "d", "piece": "p", "weather": "w"}
BASIS_OF_LETTER: Final = {letter: basis for basis, letter in BASIS_LETTERS.items()}
UNNAMED_BASIS: Final = "-"

ProgramSpan = tuple[str, dt.date, dt.date | None]  # program, since, until; both days included


class Enrolment(NamedTuple):
    """One registration: the same `registered_on` again corrects it, another one begins a new period.

    `declared_income`: rupiah a month, BPU only. The name is not kept: nothing is decided by it.
    """

    known: int
    registered_on: dt.date
    nik: str
    birth_date: dt.date
    segment: str
    programs: tuple[ProgramSpan, ...]
    declared_income: int | None
    wage_basis: str
    sector: str
    funded_by: str
    risk_class: str | None
    scale: str | None
    employer_number: str | None


class ProgramList(NamedTuple):
    """The whole list of programs, from when it became known."""

    known: int
    programs: tuple[ProgramSpan, ...]


class End(NamedTuple):
    """`ended_on`: the last day the membership was in force."""

    known: int
    ended_on: dt.date


class Payments(NamedTuple):
    """Months and the days on which they were paid: packed by `packed_short`, a row a month, by the day of payment."""

    months: bytes
    days: bytes

    @property
    def first_day(self) -> int:
        """Only where something was paid."""
        found: int = short_at(self.days, 0)
        return found

    def paid_on(self, month: int) -> int | None:
        """The first day on which a month was paid; None: never. Looks for its bytes, for few months are asked for."""
        wanted = packed_short(month)
        at = self.months.find(wanted)
        while at > 0 and at % SHORT:  # these bytes, but across two rows
            at = self.months.find(wanted, at + 1)
        return None if at < 0 else short_at(self.days, at // SHORT)


@dataclass(slots=True, init=False)
class Member:
    """Facts in the order in which they became known; where two became known at once, in the order of the log.

    `version` counts the facts that were folded in. Treat as immutable: `apply` and `as_of` give other values.
    Payment rows (one a month) are sorted by the day of payment, wage rows by month. The `__init__` is written
    out; fast: see docs/performance.md.
    """

    number: str
    version: int
    latest_known: int
    enrolments: tuple[Enrolment, ...] = field(repr=False)  # holds the NIK
    program_lists: tuple[ProgramList, ...] = field(repr=False)
    ends: tuple[End, ...] = field(repr=False)
    paid_months: bytes = field(repr=False)  # packed by `packed_short`, a row a month
    paid_days: bytes = field(repr=False)  # packed_short
    paid_known: bytes = field(repr=False)  # packed_long
    paid_at_once: bytes = field(repr=False)  # packed_long: when, for each with another's day and time
    wage_months: bytes = field(repr=False)  # packed_short
    wage_known: bytes = field(repr=False)  # packed_long
    wage_amounts: bytes = field(repr=False)  # packed_long
    wage_bases: str = field(repr=False)  # a letter a row
    # Results computed from the facts, for one book; never stored.
    derived: dict[Any, Any] = field(init=False, compare=False, repr=False)
    derived_with: Any = field(init=False, compare=False, repr=False)

    def __init__(
        self,
        number: str,
        version: int = 0,
        latest_known: int = 0,
        enrolments: tuple[Enrolment, ...] = (),
        program_lists: tuple[ProgramList, ...] = (),
        ends: tuple[End, ...] = (),
        paid_months: bytes = b"",
        paid_days: bytes = b"",
        paid_known: bytes = b"",
        paid_at_once: bytes = b"",
        wage_months: bytes = b"",
        wage_known: bytes = b"",
        wage_amounts: bytes = b"",
        wage_bases: str = "",
    ) -> None:
        self.number = number
        self.version = version
        self.latest_known = latest_known
        self.enrolments = enrolments
        self.program_lists = program_lists
        self.ends = ends
        self.paid_months = paid_months
        self.paid_days = paid_days
        self.paid_known = paid_known
        self.paid_at_once = paid_at_once
        self.wage_months = wage_months
        self.wage_known = wage_known
        self.wage_amounts = wage_amounts
        self.wage_bases = wage_bases
        self.derived = {}
        self.derived_with = None

    @classmethod
    def new(cls, number: str) -> "Member":
        """A membership number of which nothing is known yet."""
        return cls(number)

    @property
    def is_registered(self) -> bool:
        return bool(self.enrolments)

    @property
    def nik(self) -> str | None:
        """As the registration says that became known last. Personal data: never into logs, keys or errors."""
        return self.enrolments[-1].nik if self.enrolments else None

    @property
    def registered_on(self) -> dt.date:
        """The newest day of registration; only for a registered member."""
        return max(fact.registered_on for fact in self.enrolments)

    @property
    def payments(self) -> Payments:
        return Payments(self.paid_months, self.paid_days)

    @property
    def last_paid_day(self) -> int:
        """Day number of the latest payment, by the day it was made; 0 where nothing was paid."""
        found: int = short_at(self.paid_days, len(self.paid_days) // SHORT - 1) if self.paid_days else 0
        return found

    def apply(self, event: MemberEvent, known_at: dt.datetime) -> "Member":
        """The member with one more fact. `known_at` (aware): when it was received. Facts may come in any order."""
        known = microseconds(known_at)
        if isinstance(event, ContributionPaid):
            facts = self._with_payment(event.data, known)
        elif isinstance(event, WageReported):
            facts = self._with_wage(event.data, known)
        elif isinstance(event, MemberRegistered):
            facts = {"enrolments": _inserted(self.enrolments, _enrolment(event.data, known))}
        elif isinstance(event, ProgramsChanged):
            listed = ProgramList(known, _spans(event.data.programs))
            facts = {"program_lists": _inserted(self.program_lists, listed)}
        else:
            assert isinstance(event, MembershipEnded)
            facts = {"ends": _inserted(self.ends, End(known, event.data.ended_on))}
        return replace(self, version=self.version + 1, latest_known=max(self.latest_known, known), **facts)

    def as_of(self, clock: dt.datetime) -> "Member":
        """What was known at `clock` (aware), the moment itself included.

        Itself where nothing became known later. `version` counts the facts known then, so that a decision names the
        same version however far ahead the store has read.
        """
        limit = microseconds(clock)
        if limit >= self.latest_known:
            return self
        paid_known, wage_known = long_column(self.paid_known), long_column(self.wage_known)
        at_once = long_column(self.paid_at_once)
        paid = [known <= limit for known in paid_known]
        wages = [known <= limit for known in wage_known]
        enrolments = tuple(fact for fact in self.enrolments if fact.known <= limit)
        lists = tuple(fact for fact in self.program_lists if fact.known <= limit)
        ends = tuple(fact for fact in self.ends if fact.known <= limit)
        cut = Member(
            self.number,
            self.version,
            0,
            enrolments,
            lists,
            ends,
            paid_months=packed_short(*compress(short_column(self.paid_months), paid)),
            paid_days=packed_short(*compress(short_column(self.paid_days), paid)),
            paid_known=packed_long(*compress(paid_known, paid)),
            paid_at_once=packed_long(*(known for known in at_once if known <= limit)),
            wage_months=packed_short(*compress(short_column(self.wage_months), wages)),
            wage_known=packed_long(*compress(wage_known, wages)),
            wage_amounts=packed_long(*compress(long_column(self.wage_amounts), wages)),
            wage_bases="".join(compress(self.wage_bases, wages)),
        )
        # The rows of one payment share the day of payment and the time they became known. Two payments received in the
        # same instant share both, hence `paid_at_once`.
        later_payments = {row for row in zip(paid_known, short_column(self.paid_days), strict=True) if row[0] > limit}
        others = ((self.enrolments, enrolments), (self.program_lists, lists), (self.ends, ends))
        later = wages.count(False) + sum(len(whole) - len(kept) for whole, kept in others)
        later += sum(known > limit for known in at_once)
        cut.version = self.version - len(later_payments) - later
        dated = [fact.known for facts in (enrolments, lists, ends) for fact in facts]
        columns = (known for known in (*paid_known, *wage_known) if known <= limit)
        cut.latest_known = max((*dated, *columns), default=0)
        return cut

    def cache_for(self, book: object) -> dict[Any, Any]:
        """The results computed with `book`; empty where the last book was another one."""
        if self.derived_with is not book:
            self.derived = {}
            self.derived_with = book
        return self.derived

    def to_json(self) -> bytes:
        """All facts, without the results computed from them."""
        return orjson.dumps(
            {
                "number": self.number,
                "version": self.version,
                "latest_known": self.latest_known,
                "enrolments": [tuple(fact) for fact in self.enrolments],
                "program_lists": [tuple(fact) for fact in self.program_lists],
                "ends": [tuple(fact) for fact in self.ends],
                "paid_months": self.paid_months.hex(),
                "paid_days": self.paid_days.hex(),
                "paid_known": self.paid_known.hex(),
                "paid_at_once": self.paid_at_once.hex(),
                "wage_months": self.wage_months.hex(),
                "wage_known": self.wage_known.hex(),
                "wage_amounts": self.wage_amounts.hex(),
                "wage_bases": self.wage_bases,
            }
        )

    @classmethod
    def from_json(cls, raw: bytes | str) -> "Member":
        """The member that `to_json` wrote."""
        facts = orjson.loads(raw)
        return Member(  # not `cls`; fast: see docs/performance.md
            facts["number"],
            facts["version"],
            facts["latest_known"],
            tuple([_read_enrolment(one) for one in facts["enrolments"]]),
            tuple([ProgramList(known, _read_spans(spans)) for known, spans in facts["program_lists"]]),
            tuple([End(known, _read_day(day)) for known, day in facts["ends"]]),
            unhexlify(facts["paid_months"]),
            unhexlify(facts["paid_days"]),
            unhexlify(facts["paid_known"]),
            unhexlify(facts.get("paid_at_once", "")),  # what was stored before there was this column has none
            unhexlify(facts["wage_months"]),
            unhexlify(facts["wage_known"]),
            unhexlify(facts["wage_amounts"]),
            facts["wage_bases"],
        )

    def _with_payment(self, paid: Contribution, known: int) -> dict[str, Any]:
        months = sorted({month_index(month) for month in paid.months})
        day = paid.paid_on.toordinal()
        days = short_column(self.paid_days)
        at = bisect_right(days, day)
        count = len(months)
        at_once = self.paid_at_once
        if known in long_column(self.paid_known[bisect_left(days, day) * LONG : at * LONG]):
            at_once = packed_long(*sorted((*long_column(at_once), known)))
        return {
            "paid_at_once": at_once,
            "paid_months": inserted(self.paid_months, at * SHORT, packed_short(*months)),
            "paid_days": inserted(self.paid_days, at * SHORT, packed_short(day) * count),
            "paid_known": inserted(self.paid_known, at * LONG, packed_long(known) * count),
        }

    def _with_wage(self, report: WageReport, known: int) -> dict[str, Any]:
        month = month_index(report.month)
        months = short_column(self.wage_months)
        start = bisect_left(months, month)
        at = bisect_right(long_column(self.wage_known), known, start, bisect_right(months, month, start))
        # `basis` has a default, so a report that does not name it must not overrule what the registration says.
        basis = BASIS_LETTERS[report.basis] if "basis" in report.model_fields_set else UNNAMED_BASIS
        return {
            "wage_months": inserted(self.wage_months, at * SHORT, packed_short(month)),
            "wage_known": inserted(self.wage_known, at * LONG, packed_long(known)),
            "wage_amounts": inserted(self.wage_amounts, at * LONG, packed_long(report.wage)),
            "wage_bases": self.wage_bases[:at] + basis + self.wage_bases[at:],
        }


def _inserted(facts: tuple[Any, ...], fact: Any) -> tuple[Any, ...]:
    """Sorted by when they became known; of two known at once, the later in the log comes last and counts."""
    at = bisect_right(facts, fact.known, key=lambda one: one.known)
    return (*facts[:at], fact, *facts[at:])


def _spans(programs: tuple[ProgramPeriod, ...]) -> tuple[ProgramSpan, ...]:
    return tuple((one.program, one.since, one.until) for one in programs)


def _enrolment(data: Registration, known: int) -> Enrolment:
    employer = data.employer
    return Enrolment(
        known=known,
        registered_on=data.registered_on,
        nik=data.nik,
        birth_date=data.birth_date,
        segment=data.segment,
        programs=_spans(data.programs),
        declared_income=data.declared_income,
        wage_basis=data.wage_basis,
        sector=data.sector,
        funded_by=data.funded_by,
        risk_class=employer.risk_class if employer else None,
        scale=employer.scale if employer else None,
        employer_number=employer.number if employer else None,
    )


def _read_spans(spans: list[Any]) -> tuple[ProgramSpan, ...]:
    return tuple([(program, _read_day(since), _read_day(until) if until else None) for program, since, until in spans])


def _read_enrolment(row: list[Any]) -> Enrolment:
    return Enrolment(row[0], _read_day(row[1]), row[2], _read_day(row[3]), row[4], _read_spans(row[5]), *row[6:])


_read_day: Final = dt.date.fromisoformat
