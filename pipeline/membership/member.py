"""A member as reported by the membership events: each fact with its day and with the time at which it became known.

Pure: a value that folds events into a new value. Facts are kept as they came, each with the time at which it
became known, so that `as_of` can cut the member back to what was known then; what follows from the facts (coverage,
arrears, wage) is computed in `pipeline.membership.coverage`.
Never imports anything that does IO, nor a rule of the law.

Payments and wages are kept by `pipeline.membership.months`: the recent ones, and segments as the store has them, which
are read only when months are asked for. Fast: see docs/performance.md.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import orjson

from pipeline.law.calendar import month_index
from pipeline.membership.columns import SHORT, short_at
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
from pipeline.membership.months import NO_MONTHS, SEGMENT_ROWS, Months, joined, read_months
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


class Segment(NamedTuple):
    """Months that are never changed, packed. `version`: of the member when they were the newest."""

    version: int
    packed: bytes


@dataclass(slots=True, init=False)
class Member:
    """Facts in the order in which they became known; where two became known at once, in the order of the log.

    `version` counts the facts that were folded in. Treat as immutable: `apply` and `as_of` give other values.
    The `__init__` is written out; fast: see docs/performance.md.
    """

    number: str
    version: int
    latest_known: int
    enrolments: tuple[Enrolment, ...] = field(repr=False)  # holds the NIK
    program_lists: tuple[ProgramList, ...] = field(repr=False)
    ends: tuple[End, ...] = field(repr=False)
    recent: Months = field(repr=False)  # those after the last segment
    segments: tuple[Segment, ...] = field(repr=False)
    latest_unconfirmed: int  # when the latest fact but wages became known that neither the office nor the bank wrote
    # Results computed from the facts, for one book; never stored.
    derived: dict[Any, Any] = field(init=False, compare=False, repr=False)
    derived_with: Any = field(init=False, compare=False, repr=False)
    _months: Months | None = field(init=False, compare=False, repr=False)  # None: not asked for yet

    def __init__(
        self,
        number: str,
        version: int = 0,
        latest_known: int = 0,
        enrolments: tuple[Enrolment, ...] = (),
        program_lists: tuple[ProgramList, ...] = (),
        ends: tuple[End, ...] = (),
        recent: Months = NO_MONTHS,
        segments: tuple[Segment, ...] = (),
        latest_unconfirmed: int = 0,
    ) -> None:
        self.number = number
        self.version = version
        self.latest_known = latest_known
        self.enrolments = enrolments
        self.program_lists = program_lists
        self.ends = ends
        self.recent = recent
        self.segments = segments
        self.latest_unconfirmed = latest_unconfirmed
        self.derived = {}
        self.derived_with = None
        self._months = None

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
    def months(self) -> Months:
        """All payments and wage reports."""
        if self._months is None:
            self._months = joined([one.packed for one in self.segments], self.recent) if self.segments else self.recent
        return self._months

    @property
    def paid_months(self) -> bytes:
        return self.months.paid_months

    @property
    def paid_days(self) -> bytes:
        return self.months.paid_days

    @property
    def paid_by(self) -> str:
        return self.months.paid_by

    @property
    def wage_months(self) -> bytes:
        return self.months.wage_months

    @property
    def wage_known(self) -> bytes:
        return self.months.wage_known

    @property
    def wage_amounts(self) -> bytes:
        return self.months.wage_amounts

    @property
    def wage_bases(self) -> str:
        return self.months.wage_bases

    @property
    def payments(self) -> Payments:
        return Payments(self.paid_months, self.paid_days)

    @property
    def last_paid_day(self) -> int:
        """Day number of the latest payment, by the day it was made; 0 where nothing was paid."""
        days = self.paid_days
        found: int = short_at(days, len(days) // SHORT - 1) if days else 0
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
        enrolments = tuple(fact for fact in self.enrolments if fact.known <= limit)
        lists = tuple(fact for fact in self.program_lists if fact.known <= limit)
        ends = tuple(fact for fact in self.ends if fact.known <= limit)
        months = self.months.known_by(limit)
        others = ((self.enrolments, enrolments), (self.program_lists, lists), (self.ends, ends))
        later = self.months.facts_after(limit) + sum(len(whole) - len(kept) for whole, kept in others)
        dated = [fact.known for facts in (enrolments, lists, ends) for fact in facts]
        latest_known, unconfirmed = max((*dated, months.latest())), min(self.latest_unconfirmed, limit)
        version = self.version - later
        return Member(self.number, version, latest_known, enrolments, lists, ends, months, (), unconfirmed)

    def confirmed_at(self, clock: dt.datetime) -> "Member":
        """Without what became known after `clock` (aware) from others than the office and the bank; wages stay.

        Itself where there is no such fact. `version` stays, too.
        """
        limit = microseconds(clock)
        if limit >= self.latest_unconfirmed:
            return self
        return replace(
            self,
            latest_unconfirmed=0,
            enrolments=tuple(one for one in self.enrolments if one.known <= limit or one.is_confirmed),
            program_lists=tuple(one for one in self.program_lists if one.known <= limit or one.is_confirmed),
            ends=tuple(one for one in self.ends if one.known <= limit or one.is_confirmed),
            recent=self.months.confirmed_by(limit),
            segments=(),
        )

    def cache_for(self, book: object) -> dict[Any, Any]:
        """The results computed with `book`; empty where the last book was another one."""
        if self.derived_with is not book:
            self.derived = {}
            self.derived_with = book
        return self.derived

    def document(self) -> str:
        """All facts but the months, as JSON."""
        return orjson.dumps(
            {
                "latest_known": self.latest_known,
                "enrolments": [tuple(fact) for fact in self.enrolments],
                "program_lists": [tuple(fact) for fact in self.program_lists],
                "ends": [tuple(fact) for fact in self.ends],
                "latest_unconfirmed": self.latest_unconfirmed,
            }
        ).decode()

    @classmethod
    def restored(
        cls, number: str, version: int, document: str, recent: bytes | None, segments: Sequence[Segment]
    ) -> "Member":
        """The member of which `document`, `recent.packed` and these segments were stored."""
        facts = orjson.loads(document)
        return Member(  # not `cls`; fast: see docs/performance.md
            number,
            version,
            facts["latest_known"],
            tuple([read_enrolment(one) for one in facts["enrolments"]]),
            tuple([ProgramList(known, read_spans(spans), *by) for known, spans, *by in facts["program_lists"]]),
            tuple([read_end(one) for one in facts["ends"]]),
            read_months(recent) if recent else NO_MONTHS,
            tuple(segments),
            facts["latest_unconfirmed"],
        )

    def _with_payment(self, paid: Contribution, known: int, by: str) -> dict[str, Any]:
        months = sorted({month_index(month) for month in paid.months})
        return self._with_months(self.recent.with_payment(months, paid.paid_on.toordinal(), known, by))

    def _with_wage(self, report: WageReport, known: int) -> dict[str, Any]:
        # `basis` has a default, so a report that does not name it must not overrule what the registration says.
        basis = BASIS_LETTERS[report.basis] if "basis" in report.model_fields_set else UNNAMED_BASIS
        return self._with_months(self.recent.with_wage(month_index(report.month), report.wage, basis, known))

    def _with_months(self, recent: Months) -> dict[str, Any]:
        """Recent months that are many become a segment. Only facts say when, so that all who fold them agree."""
        if recent.rows < SEGMENT_ROWS:
            return {"recent": recent}
        return {"recent": NO_MONTHS, "segments": (*self.segments, Segment(self.version + 1, recent.packed()))}


def _end_of(data: Ending, known: int, is_confirmed: bool) -> End:
    return End(known, data.ended_on, is_confirmed, data.employment_ended_on)


def _inserted(facts: tuple[Any, ...], fact: Any) -> tuple[Any, ...]:
    """Sorted by when they became known; of two known at once, the later in the log comes last and counts."""
    at = bisect_right(facts, fact.known, key=lambda one: one.known)
    return (*facts[:at], fact, *facts[at:])
