"""The standing of a membership on one day: program held, start of coverage, unpaid months, age of the member.

Rules: `rules.md` section 3 and clarifications, "Membership (rows 5 to 8)". It states facts; `eligibility`
draws the conclusion. Pure; the periods of a member are kept on it, for one book.
"""

import datetime as dt
from bisect import bisect_right
from typing import Final, NamedTuple

from pipeline.law.book import Book
from pipeline.law.calendar import add_years, age_on, month_of
from pipeline.membership.arrears import NO_ARREARS, NO_END, Spell, arrears_on, law_on, spells_of
from pipeline.membership.columns import short_column
from pipeline.membership.member import Member
from pipeline.membership.periods import NEVER, Period, Span, periods_of
from pipeline.membership.wages import Wage, WageJump, has_reports, reported_wage, wage_jump


class Standing(NamedTuple):
    """A member's standing with one program on one day.

    `program_held` is False only where no enrolment covers the day; where all that is missing is the start of cover
    it is True, and `is_not_covered_yet` says so. `held_since`, `held_until`: the enrolment that covers the day,
    else the nearest (`held_until` None: open). `cover_start`: latest start of cover on or before the day;
    `first_cover_start`: first one of this registration, also where it lies after the day. `is_start_day`: cover
    starts on this very day. `unpaid_months`: the run of months unpaid on the day. `has_backdated_payment`: one of
    them was paid afterwards; `unsettled_months`: those that were never paid. `is_lapsed`: BPU cover ended by
    arrears. `age`: whole years, 0 where nobody is registered.
    """

    is_registered: bool
    segment: str | None
    program_held: bool
    held_since: dt.date | None
    held_until: dt.date | None
    cover_start: dt.date | None
    first_cover_start: dt.date | None
    is_start_day: bool
    unpaid_months: int
    has_backdated_payment: bool
    is_lapsed: bool
    age: int
    age_at_first_cover: int | None
    is_not_covered_yet: bool
    payer: tuple[str, str] | None = None  # kind and name of who pays the dues in the member's place
    unsettled_months: tuple[int, ...] = ()


_day_of: Final = dt.date.fromordinal
_new: Final = tuple.__new__  # fast: see docs/performance.md
_UNREGISTERED: Final = Standing(False, None, False, None, None, None, None, False, 0, False, False, 0, None, False)


class _Held(NamedTuple):
    """The period that answers for the day, its enrolment in the program, and the last month owed for it."""

    period: Period
    span: Span | None
    is_held: bool
    last_owed: int


def standing(member: Member, program: str, day: dt.date, book: Book, *, is_disease: bool = False) -> Standing:
    """The standing on `day`, from all facts of `member` (cut it with `as_of` to what was known at a time).

    `is_disease`: an occupational disease, which cover reaches some years past the end of the enrolment.
    """
    periods = periods_with(member, book)
    if not periods:
        return _UNREGISTERED
    number = day.toordinal()
    period, span, is_held, last_owed = _held(periods, program, number, book, is_disease)
    spells = spells_of(period, book, last_owed)
    spell = _spell_at(spells, number)
    run = arrears_on(period, spell, number, book, last_owed) if spell is not None else NO_ARREARS
    first_cover = _day_of(spells[0].start) if spells else None
    cover_start = first_cover
    if spell is None:
        cover_start = None
    elif spell is not spells[0]:
        cover_start = _day_of(spell.start)
    enrolment = period.enrolment
    birth_date = enrolment.birth_date
    return _new(
        Standing,
        (
            True,
            enrolment.segment,
            is_held,
            _day_of(span[0]) if span else None,
            _day_of(span[1]) if span and span[1] < NEVER else None,
            cover_start,
            first_cover,
            spell is not None and spell.start == number,
            run.months,
            run.has_backdated,
            spell is not None and spell.lapsed <= number,
            age_on(birth_date, day),
            age_on(birth_date, first_cover) if first_cover is not None else None,
            is_held and spell is None,
            (enrolment.payer_kind, enrolment.payer_name or "") if enrolment.payer_kind is not None else None,
            run.unsettled,
        ),
    )


def is_in_force(member: Member, day: dt.date, book: Book | None = None) -> bool:
    """Whether this membership number gives coverage on `day`, in any program; without a book by the own one."""
    book = book or Book.load()
    number = day.toordinal()
    at = _period_at(periods_with(member, book), number)
    if at is None or at.last < number:
        return False
    held = any(since <= number <= until for spans in at.programs.values() for since, until in spans)
    spell = _spell_at(spells_of(at, book), number)
    return held and spell is not None and number < spell.lapsed


def contribution_months(member: Member, day: dt.date) -> int:
    """Contribution months up to the month of `day` that were paid by `day`, over all periods of this number."""
    paid = short_column(member.paid_months)[: bisect_right(short_column(member.paid_days), day.toordinal())]
    last = month_of(day)
    return len({month for month in paid if month <= last})


def wage_on(member: Member, day: dt.date, book: Book, *, is_disease: bool = False) -> Wage | None:
    """The monthly wage that benefits of an event on `day` follow; None where no report counts.

    See `wages.reported_wage`. After a re-registration the reports of that registration count, and older ones of the
    same segment where it has none at all; for a disease those of the enrolment whose cover reaches the day.
    """
    period = _period_of_wage(member, day, book, is_disease)
    return reported_wage(member, period, day, law_on(book, day)) if period is not None else None


def wage_jump_on(member: Member, day: dt.date, book: Book, *, is_disease: bool = False) -> WageJump | None:
    """See `wages.wage_jump`. Before the first report of a registration the wage of an older one was in force."""
    period = _period_of_wage(member, day, book, is_disease)
    if period is None:
        return None
    older = _older_with_reports(member, period, periods_with(member, book))
    return wage_jump(member, period, day, law_on(book, day), older)


def _period_of_wage(member: Member, day: dt.date, book: Book, is_disease: bool) -> Period | None:
    periods = periods_with(member, book)
    if not periods:
        return None
    number = day.toordinal()
    if is_disease:
        period = _held(periods, "JKK", number, book, is_disease).period
    else:
        period = _period_at(periods, number) or periods[0]
    if len(periods) > 1 and not has_reports(member, period):
        return _older_with_reports(member, period, periods) or period
    return period


def _older_with_reports(member: Member, period: Period, periods: tuple[Period, ...]) -> Period | None:
    """The newest one before `period`, of its segment, that says anything about a wage."""
    older, segment = periods[: periods.index(period)], period.enrolment.segment
    found = (one for one in reversed(older) if one.enrolment.segment == segment and has_reports(member, one))
    return next(found, None)


def period_on(member: Member, day: dt.date, book: Book) -> Period | None:
    """The newest registration that has begun by `day`, ended or not."""
    return _period_at(periods_with(member, book), day.toordinal())


def spell_on(period: Period, day: dt.date, book: Book) -> Spell | None:
    """The latest time of cover that started by `day`, lapsed or not."""
    return _spell_at(spells_of(period, book), day.toordinal())


def periods_with(member: Member, book: Book) -> tuple[Period, ...]:
    """The periods of this number, computed once a member and book."""
    derived = member.cache_for(book)
    found: tuple[Period, ...] | None = derived.get("periods")
    if found is None:
        found = derived["periods"] = periods_of(member)
    return found


def _held(periods: tuple[Period, ...], program: str, day: int, book: Book, is_disease: bool) -> _Held:
    """The newest registration answers; for a disease an older one whose cover still reaches the day.

    Before a registration an enrolment counts as held where it begins no later than the membership (then only the
    start of cover is missing), and from its own first day on where it begins earlier than that.
    """
    begun = periods if periods[-1].first <= day else tuple(period for period in periods if period.first <= day)
    current = begun[-1] if begun else None
    span = _span_at(current, program, day) if current is not None else None
    if (
        current is not None
        and span is not None
        and (not is_disease or _spell_at(spells_of(current, book), day) is not None)
    ):
        return _Held(current, span, True, NO_END)
    if is_disease and (reaching := _reaching(begun, program, day, book)) is not None:
        return reaching
    if current is not None and span is not None:
        return _Held(current, span, True, NO_END)
    for upcoming in periods[len(begun) : len(begun) + 1]:
        for since, until in upcoming.programs.get(program, ()):
            if since <= day <= until or (current is None and since <= upcoming.first):
                return _Held(upcoming, (since, until), True, NO_END)
    answering = current or periods[0]
    return _Held(answering, _nearest(answering, program, day), False, NO_END)


def _reaching(begun: tuple[Period, ...], program: str, day: int, book: Book) -> _Held | None:
    """The newest enrolment that ended with cover and whose cover of a disease still reaches `day`.

    Nothing is owed for it after the month in which it ended.
    """
    years = law_on(book, dt.date.fromordinal(day)).disease_cover_years.value
    for period in reversed(begun):
        for span in reversed(period.programs.get(program, ())):
            until = span[1]
            # From the end of employment (Perpres 7/2019 art 2(2)), also where that came before the membership's.
            left = period.employment_ended if until == period.last and period.employment_ended is not None else until
            if until >= day or add_years(dt.date.fromordinal(left), years).toordinal() < day:
                continue
            last_owed = month_of(dt.date.fromordinal(until))
            if _spell_at(spells_of(period, book, last_owed), until) is not None:
                return _Held(period, span, True, last_owed)
    return None


def _period_at(periods: tuple[Period, ...], day: int) -> Period | None:
    """The newest one that has begun by `day`, ended or not."""
    for period in reversed(periods):
        if period.first <= day:
            return period
    return None


def _spell_at(spells: tuple[Spell, ...], day: int) -> Spell | None:
    for spell in reversed(spells):
        if spell.start <= day:
            return spell
    return None


def _span_at(period: Period, program: str, day: int) -> Span | None:
    for since, until in period.programs.get(program, ()):
        if since <= day <= until:
            return since, until
    return None


def _nearest(period: Period, program: str, day: int) -> Span | None:
    spans = period.programs.get(program, ())
    ended = [span for span in spans if span[1] < day]
    return ended[-1] if ended else (spans[0] if spans else None)
