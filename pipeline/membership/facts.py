"""The facts of a member as they were reported: registrations, programs, ends, payments, and who wrote them. Pure."""

import datetime as dt
from typing import Any, Final, NamedTuple

from pipeline.membership.columns import SHORT, packed_short, short_at
from schemas.membership import ProgramPeriod, Registration
from schemas.values import source_kind

# The basis of a wage report, one letter a report; "-" is a report that names none: the registration's counts.
BASIS_LETTERS: Final = {"monthly": "m", "daily": "d", "piece": "p", "weather": "w"}
BASIS_OF_LETTER: Final = {letter: basis for basis, letter in BASIS_LETTERS.items()}
UNNAMED_BASIS: Final = "-"

CONFIRMED: Final = "c"
UNCONFIRMED: Final = "u"
CONFIRMING: Final = frozenset({"office", "payments"})  # the office, and the bank that collects contributions

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
    writer: str | None = None  # the source; None: from before it was kept
    payer_kind: str | None = None  # who pays the dues in the member's place
    payer_name: str | None = None
    phase: str | None = None  # of a migrant worker's placement
    channel: str | None = None  # the cooperative or group that a self-employed worker joined through
    region: str | None = None  # as the registration writes it

    @property
    def is_confirmed(self) -> bool:
        return self.writer is None or source_kind(self.writer) == "office"


class ProgramList(NamedTuple):
    """The whole list of programs, from when it became known. `is_confirmed`: the office wrote it."""

    known: int
    programs: tuple[ProgramSpan, ...]
    is_confirmed: bool = True


class End(NamedTuple):
    """`ended_on`: the last day the membership was in force. `is_confirmed`: the office wrote it."""

    known: int
    ended_on: dt.date
    is_confirmed: bool = True
    employment_ended_on: dt.date | None = None  # None: with the membership


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


def spans_of(programs: tuple[ProgramPeriod, ...]) -> tuple[ProgramSpan, ...]:
    return tuple((one.program, one.since, one.until) for one in programs)


def enrolment_of(data: Registration, known: int, writer: str) -> Enrolment:
    employer = data.employer
    return Enrolment(
        known=known,
        registered_on=data.registered_on,
        nik=data.nik,
        birth_date=data.birth_date,
        segment=data.segment,
        programs=spans_of(data.programs),
        declared_income=data.declared_income,
        wage_basis=data.wage_basis,
        sector=data.sector,
        funded_by=data.funded_by,
        risk_class=employer.risk_class if employer else None,
        scale=employer.scale if employer else None,
        employer_number=employer.number if employer else None,
        writer=writer,
        payer_kind=data.payer.kind if data.payer is not None else None,
        payer_name=data.payer.name if data.payer is not None else None,
        phase=data.phase,
        channel=data.channel,
        region=data.region,
    )


def read_spans(spans: list[Any]) -> tuple[ProgramSpan, ...]:
    return tuple([(program, read_day(since), read_day(until) if until else None) for program, since, until in spans])


def read_end(row: list[Any]) -> End:
    known, day, *more = row  # what was stored before has no more
    if len(more) > 1 and more[1] is not None:
        more[1] = read_day(more[1])
    return End(known, read_day(day), *more)


def read_enrolment(row: list[Any]) -> Enrolment:
    return Enrolment(row[0], read_day(row[1]), row[2], read_day(row[3]), row[4], read_spans(row[5]), *row[6:])


read_day: Final = dt.date.fromisoformat
