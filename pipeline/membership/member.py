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
from typing import Any

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
from pipeline.membership.facts import (
    BASIS_LETTERS,
    CONFIRMED,
    CONFIRMING,
    UNCONFIRMED,
    UNNAMED_BASIS,
    End,
    Enrolment,
    Payments,
    ProgramList,
    enrolment_of,
    read_end,
    read_enrolment,
    read_spans,
    spans_of,
)
from schemas.clock import microseconds
from schemas.events import MemberEvent
from schemas.membership import (
    Contribution,
    ContributionPaid,
    Ending,
    MemberRegistered,
    MembershipEnded,
    ProgramsChanged,
    WageReport,
    WageReported,
)
from schemas.values import source_kind


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
    paid_by: str = field(repr=False)  # a letter a row of payments: CONFIRMED or UNCONFIRMED
    latest_unconfirmed: int  # when the latest fact but wages became known that neither the office nor the bank wrote
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
        paid_by: str = "",
        latest_unconfirmed: int = 0,
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
        self.paid_by = paid_by
        self.latest_unconfirmed = latest_unconfirmed
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
        known, is_confirmed = microseconds(known_at), source_kind(event.source) in CONFIRMING
        if isinstance(event, ContributionPaid):
            facts = self._with_payment(event.data, known, CONFIRMED if is_confirmed else UNCONFIRMED)
        elif isinstance(event, WageReported):
            facts = self._with_wage(event.data, known)
            is_confirmed = True  # a wage that became known after the event never counts
        elif isinstance(event, MemberRegistered):
            facts = {"enrolments": _inserted(self.enrolments, enrolment_of(event.data, known, event.source))}
        elif isinstance(event, ProgramsChanged):
            listed = ProgramList(known, spans_of(event.data.programs), is_confirmed)
            facts = {"program_lists": _inserted(self.program_lists, listed)}
        else:
            assert isinstance(event, MembershipEnded)
            facts = {"ends": _inserted(self.ends, _end_of(event.data, known, is_confirmed))}
        if not is_confirmed:
            facts["latest_unconfirmed"] = max(self.latest_unconfirmed, known)
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
            paid_by="".join(compress(self.paid_by, paid)),
            latest_unconfirmed=min(self.latest_unconfirmed, limit),
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

    def confirmed_at(self, clock: dt.datetime) -> "Member":
        """Without what became known after `clock` (aware) from others than the office and the bank; wages stay.

        Itself where there is no such fact. `version` stays, too.
        """
        limit = microseconds(clock)
        if limit >= self.latest_unconfirmed:
            return self
        kept = [
            known <= limit or by == CONFIRMED
            for known, by in zip(long_column(self.paid_known), self.paid_by, strict=True)
        ]
        return replace(
            self,
            latest_unconfirmed=0,
            enrolments=tuple(one for one in self.enrolments if one.known <= limit or one.is_confirmed),
            program_lists=tuple(one for one in self.program_lists if one.known <= limit or one.is_confirmed),
            ends=tuple(one for one in self.ends if one.known <= limit or one.is_confirmed),
            paid_months=packed_short(*compress(short_column(self.paid_months), kept)),
            paid_days=packed_short(*compress(short_column(self.paid_days), kept)),
            paid_known=packed_long(*compress(long_column(self.paid_known), kept)),
            paid_by="".join(compress(self.paid_by, kept)),
        )

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
                "paid_by": self.paid_by,
                "latest_unconfirmed": self.latest_unconfirmed,
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
            tuple([read_enrolment(one) for one in facts["enrolments"]]),
            tuple([ProgramList(known, read_spans(spans), *by) for known, spans, *by in facts["program_lists"]]),
            tuple([read_end(one) for one in facts["ends"]]),
            unhexlify(facts["paid_months"]),
            unhexlify(facts["paid_days"]),
            unhexlify(facts["paid_known"]),
            unhexlify(facts.get("paid_at_once", "")),  # what was stored before there was this column has none
            unhexlify(facts["wage_months"]),
            unhexlify(facts["wage_known"]),
            unhexlify(facts["wage_amounts"]),
            facts["wage_bases"],
            # What was stored before it was kept who wrote a fact counts as confirmed.
            facts["paid_by"] if "paid_by" in facts else CONFIRMED * (len(facts["paid_months"]) // (2 * SHORT)),
            facts.get("latest_unconfirmed", 0),
        )

    def _with_payment(self, paid: Contribution, known: int, by: str) -> dict[str, Any]:
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
            "paid_by": self.paid_by[:at] + by * count + self.paid_by[at:],
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


def _end_of(data: Ending, known: int, is_confirmed: bool) -> End:
    return End(known, data.ended_on, is_confirmed, data.employment_ended_on)


def _inserted(facts: tuple[Any, ...], fact: Any) -> tuple[Any, ...]:
    """Sorted by when they became known; of two known at once, the later in the log comes last and counts."""
    at = bisect_right(facts, fact.known, key=lambda one: one.known)
    return (*facts[:at], fact, *facts[at:])
