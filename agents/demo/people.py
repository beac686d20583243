"""The workers of the made-up portfolio: persons, memberships, payments, endings.

Names, numbers and businesses are plainly invented. Never imports the pipeline.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal

from agents.demo.writer import BANK, END, OFFICE, Writer, at
from schemas.membership import ContributionPaid, MemberRegistered, MembershipEnded, ProgramsChanged, WageReported

WORKERS: Final = 200
UNREGISTERED: Final = 14
ENROLLED_FROM: Final = dt.date(2019, 11, 4)
_FIRST_MONTH: Final = 2019 * 12 + 10  # 2019-11, counted as year * 12 + month - 1
_LAST_MONTH: Final = 2026 * 12 + 9  # 2026-10
_RAISE_PERCENT: Final = 105

# quarter_ahead   pays three months early in the first of them
# quarter_behind  pays three months on the 20th after the last of them: always up to three months in arrears
# half_year_ahead pays six months early in the first of them, as members of a cooperative like to
# monthly         pays each month by its 12th
# monthly_behind  pays each month a few weeks late
Habit = Literal["quarter_ahead", "quarter_behind", "half_year_ahead", "monthly", "monthly_behind"]
_MONTHS_AT_ONCE: Final[dict[Habit, int]] = {
    "quarter_ahead": 3,
    "quarter_behind": 3,
    "half_year_ahead": 6,
    "monthly": 1,
    "monthly_behind": 1,
}


@dataclass(frozen=True, slots=True)
class Business:
    """An employer (`scale` set), or a cooperative through which the self-employed join."""

    source: str
    name: str
    habit: Habit
    number: str | None = None
    scale: str | None = None
    risk_class: str | None = None
    wage_basis: str = "monthly"
    unpaid: tuple[tuple[int, int], ...] = ()  # months from .. to that were paid only after the last of them


def _employer(count: int, name: str, scale: str, risk_class: str, habit: Habit, **more: Any) -> Business:
    kind = "cooperative" if scale == "cooperative" else "employer"
    source = f"urn:santunan:{kind}:tng{count:05}"  # an employer's source ends with its number
    return Business(source, name, habit, f"TNG{count:05}", scale, risk_class, **more)


EMPLOYERS: Final = (
    _employer(1, "Warung Contoh Satu", "micro", "very_low", "quarter_ahead"),
    _employer(2, "Bengkel Contoh Dua", "micro", "medium", "quarter_ahead"),
    _employer(3, "Konveksi Contoh Tiga", "micro", "low", "quarter_ahead", wage_basis="piece"),
    _employer(4, "Tahu Tempe Contoh Empat", "micro", "low", "quarter_ahead", wage_basis="daily"),
    _employer(5, "CV Contoh Lima", "small", "medium", "quarter_behind"),
    # short of money in the first year of the epidemic, and again in 2023
    _employer(
        6,
        "CV Contoh Enam",
        "small",
        "high",
        "quarter_ahead",
        unpaid=((2020 * 12 + 3, 2020 * 12 + 9), (2023 * 12 + 2, 2023 * 12 + 7)),
    ),
    _employer(7, "Koperasi Contoh Tujuh", "cooperative", "low", "quarter_ahead"),
    _employer(8, "Koperasi Contoh Delapan", "cooperative", "medium", "quarter_ahead"),
)
_STAFF: Final = (3, 3, 1, 2, 3, 3, 3, 3)  # how many of the workers each has, relative to one another
CHANNELS: Final = (
    Business("urn:santunan:cooperative:kop-0101", "Koperasi Pasar Contoh", "half_year_ahead"),
    Business("urn:santunan:cooperative:kop-0102", "Koperasi Nelayan Contoh", "half_year_ahead"),
    Business("urn:santunan:cooperative:kop-0103", "Koperasi Ojek Contoh", "half_year_ahead"),
)


@dataclass(slots=True)
class Worker:
    """One membership of one person; `registered_on` None: the employer never enrolled this worker."""

    index: int
    member_number: str
    nik: str
    name: str
    birth_date: dt.date
    business: Business
    segment: Literal["PU", "BPU"]
    programs: tuple[str, ...]
    income: int  # wage of 2019 (a day's for a daily wage), or the declared monthly income
    habit: Habit
    registered_on: dt.date | None
    unpaid: list[tuple[int, int]] = field(default_factory=list)  # never paid
    left_on: dt.date | None = None
    died_on: dt.date | None = None
    returns_on: dt.date | None = None  # enrolled again, through a cooperative
    joins_all_on: dt.date | None = None  # from two programs to four

    def is_here(self, day: dt.date) -> bool:
        """Alive, enrolled, and not yet gone."""
        return (
            self.registered_on is not None
            and self.registered_on < day
            and (self.died_on is None or day < self.died_on)
            and (self.left_on is None or day <= self.left_on)
        )

    def has_paid(self, month: int) -> bool:
        return not any(first <= month <= last for first, last in (*self.unpaid, *self.business.unpaid))

    @property
    def last_month(self) -> int:
        """Of the contributions through this business."""
        ends = [month_of(day) for day in (self.died_on, self.left_on) if day is not None]
        return min([_LAST_MONTH, *ends])


def month_of(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def month_name(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def day_in(month: int, day: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, day)


def workers(random: Random) -> list[Worker]:
    """200 workers; the last `UNREGISTERED` of them were never enrolled. Two hold a second membership elsewhere."""
    found = [_worker(random, index) for index in range(1, WORKERS + 1)]
    for worker in found[-UNREGISTERED:]:
        worker.registered_on = None
    employed = [one for one in found[:-UNREGISTERED] if one.segment == "PU"]
    alone = [one for one in found[:-UNREGISTERED] if one.segment == "BPU"]
    _some_leave(random, employed)
    _some_lapse(random, alone)
    for worker in employed[5:50:5]:
        if set(worker.programs) == {"JKK", "JKM"}:
            worker.joins_all_on = dt.date(2022, 1, 10)
    alone[-1].birth_date = dt.date(1954, 3, 1)  # was 65 when enrolled
    return found


def second_memberships(random: Random, everyone: list[Worker]) -> list[Worker]:
    """The same persons a second time: employed here, self-employed there."""
    staying = [one for one in everyone if one.segment == "PU" and one.registered_on and one.left_on is None]
    return [
        Worker(
            index=WORKERS + count,
            member_number=f"1911{9_000_000 + count:07}",
            nik=first.nik,
            name=first.name,
            birth_date=first.birth_date,
            business=CHANNELS[0],
            segment="BPU",
            programs=("JKK", "JKM"),
            income=1_500_000,
            habit="half_year_ahead",
            registered_on=dt.date(2021, 2, 1),
        )
        for count, first in enumerate(random.sample(staying, 2), 1)
    ]


def _worker(random: Random, index: int) -> Worker:
    is_employed = index % 5 in (0, 1, 2)
    is_woman = random.random() < 0.4
    birth = dt.date(random.randint(1962, 2000), random.randint(1, 12), random.randint(1, 28))
    business = random.choices(EMPLOYERS, _STAFF)[0] if is_employed else random.choice(CHANNELS)
    habit = business.habit
    if not is_employed:
        habit = random.choices(("half_year_ahead", "monthly", "monthly_behind"), (80, 12, 8))[0]
    two, four = ("JKK", "JKM"), ("JKK", "JKM", "JHT", "JP")
    programs = random.choice((two, two, four)) if is_employed else random.choice((two, two, ("JKK", "JKM", "JHT")))
    if business.scale == "small":
        programs = ("JKK", "JKM", "JHT") if programs == two else four
    district = random.randint(1, 13)
    regency = random.choice(("3671", "3603"))  # Kota and Kabupaten Tangerang
    income = random.randrange(2_800_000, 4_600_000, 50_000)
    if not is_employed:
        income = random.randrange(1_000_000, 5_200_000, 100_000)
    return Worker(
        index=index,
        member_number=f"1911{index:07}",
        # district, birth date (women: day + 40), serial from 9001: shaped like a NIK, and no person's
        nik=f"{regency}{district:02}{birth.day + 40 * is_woman:02}{birth:%m%y}{9000 + index:04}",
        name=f"{'Ibu' if is_woman else 'Bapak'} Contoh {index:03}",
        birth_date=birth,
        business=business,
        segment="PU" if is_employed else "BPU",
        programs=programs,
        income=income if business.wage_basis != "daily" else income // 25_000 * 1_000,
        habit=habit,
        registered_on=ENROLLED_FROM + dt.timedelta(days=random.randrange(5)),
    )


def _some_leave(random: Random, employed: list[Worker]) -> None:
    for count, worker in enumerate(random.sample(employed, 12)):
        worker.left_on = dt.date(2020 + count // 2, random.randint(1, 12), random.randint(1, 28))
        if count % 3 == 0:
            worker.returns_on = worker.left_on + dt.timedelta(days=random.randint(100, 300))


def _some_lapse(random: Random, alone: list[Worker]) -> None:
    """Self-employed who stop paying; every third begins again after a year, three of them in 2025."""
    for count, worker in enumerate(random.sample(alone[:-1], 18)):
        first = random.randrange(2020 * 12 + 3, 2024 * 12)
        worker.unpaid.append((first, _LAST_MONTH if count % 3 else first + 11))
        if count % 6 == 0:
            worker.unpaid[-1] = (first, 2025 * 12 + 4)


def write_lives(writer: Writer, random: Random, everyone: list[Worker]) -> None:
    """Enrolment, wages, contributions, endings of all who were ever enrolled."""
    for worker in everyone:
        if worker.registered_on is None:
            continue
        _register(writer, worker, worker.registered_on, worker.segment, worker.business)
        for day, months in _payments(random, worker):
            _pay(writer, worker, day, months)
        _report_wages(writer, worker)
        if worker.joins_all_on and worker.is_here(worker.joins_all_on):
            _join_all(writer, worker, worker.joins_all_on)
        if worker.left_on:
            _end(writer, worker, worker.left_on)
        elif worker.died_on:
            _end(writer, worker, worker.died_on)
        if worker.returns_on:
            _return(writer, worker, worker.returns_on)


def _register(writer: Writer, worker: Worker, day: dt.date, segment: str, business: Business) -> None:
    data: dict[str, Any] = {
        "member_number": worker.member_number,
        "nik": worker.nik,
        "name": worker.name,
        "birth_date": worker.birth_date.isoformat(),
        "segment": segment,
        "registered_on": day.isoformat(),
        "programs": [{"program": one, "since": day.isoformat()} for one in worker.programs if _is_open(one, segment)],
        "region": "Kota Tangerang" if worker.nik.startswith("3671") else "Kabupaten Tangerang",
    }
    if segment == "PU":
        data["employer"] = {
            "number": business.number,
            "name": business.name,
            "scale": business.scale,
            "risk_class": business.risk_class,
        }
        data["wage_basis"] = business.wage_basis
    else:
        data |= {"channel": business.name, "declared_income": min(worker.income, 5_100_000)}
        data["sector"] = "transport" if "Ojek" in business.name else "other"
    time = at(day, 8 + worker.index % 8, worker.index % 60)
    writer.write(time, OFFICE, MemberRegistered, data)


def _is_open(program: str, segment: str) -> bool:
    """JP is not open to the self-employed."""
    return program != "JP" or segment == "PU"


def _payments(random: Random, worker: Worker) -> Iterator[tuple[dt.date, list[int]]]:
    """(paid on, months). The first two months are paid on the day of enrolment: cover starts with them."""
    assert worker.registered_on is not None  # only the enrolled pay
    start = month_of(worker.registered_on)
    yield worker.registered_on, [start, start + 1]
    step = _MONTHS_AT_ONCE[worker.habit]
    first = (start + 2) // step * step
    for month in range(first, worker.last_month + 1, step):
        due = [one for one in range(max(month, start + 2), month + step) if one <= worker.last_month]
        months = [one for one in due if worker.has_paid(one)]
        if months:
            yield _paid_on(random, worker, months), months
    for gap_first, gap_last in worker.business.unpaid:  # the employer pays it all some weeks after
        if gap_last < worker.last_month and start + 2 <= gap_first:
            yield day_in(gap_last + 1, 20), list(range(gap_first, gap_last + 1))


def _paid_on(random: Random, worker: Worker, months: list[int]) -> dt.date:
    match worker.habit:
        case "quarter_behind":
            return day_in(months[-1] + 1, 20)
        case "monthly_behind":
            return day_in(months[0] + 1, random.randint(5, 28))
    return day_in(months[0], random.randint(3, 12))


def _pay(writer: Writer, worker: Worker, day: dt.date, months: list[int]) -> None:
    """A firm reports what it paid for its workers; of a self-employed worker the bank does."""
    payer = worker.business.source if worker.segment == "PU" else BANK
    data = {
        "member_number": worker.member_number,
        "months": [month_name(month) for month in months],
        "paid_on": day.isoformat(),
    }
    time = at(day, 10 + worker.index % 6, worker.index % 60) + dt.timedelta(hours=2)
    writer.write(time, payer, ContributionPaid, data)


def _report_wages(writer: Writer, worker: Worker) -> None:
    """At enrolment and each January; piece work each month, since its wage is a mean of months."""
    if worker.segment != "PU":
        return
    assert worker.registered_on is not None  # only the enrolled have a wage that was reported
    is_piece = worker.business.wage_basis == "piece"
    start = month_of(worker.registered_on)
    for month in range(start, worker.last_month + 1):
        if not (is_piece or month == start or month % 12 == 0):
            continue
        wage = worker.income * _RAISE_PERCENT ** (month // 12 - 2019) // 100 ** (month // 12 - 2019)
        if is_piece:
            wage = wage * (90 + (month * 7 + worker.index) % 21) // 100
        data = {
            "member_number": worker.member_number,
            "month": month_name(month),
            "wage": wage // 1_000 * 1_000,
            "basis": worker.business.wage_basis,
        }
        day = worker.registered_on if month == start else day_in(month, 27 if is_piece else 8)
        writer.write(at(day, 16, worker.index % 60), worker.business.source, WageReported, data)


def _join_all(writer: Writer, worker: Worker, day: dt.date) -> None:
    assert worker.registered_on is not None  # see `is_here`
    held = [{"program": one, "since": worker.registered_on.isoformat()} for one in worker.programs]
    new = [{"program": one, "since": day.isoformat()} for one in ("JHT", "JP")]
    data = {"member_number": worker.member_number, "programs": held + new}
    writer.write(at(day, 11), OFFICE, ProgramsChanged, data)


def _end(writer: Writer, worker: Worker, day: dt.date) -> None:
    data = {"member_number": worker.member_number, "ended_on": day.isoformat()}
    days_later = 3 if worker.died_on is None else 40  # a death reaches the register late
    time = at(day + dt.timedelta(days=days_later), 14)
    writer.write(time, worker.business.source, MembershipEnded, data)


def _return(writer: Writer, worker: Worker, day: dt.date) -> None:
    """Enrolled again as self-employed under the same number; pays half a year ahead."""
    channel = CHANNELS[worker.index % len(CHANNELS)]
    _register(writer, worker, day, "BPU", channel)
    month = month_of(day)
    paid_on = day
    while paid_on <= END.date() and (worker.died_on is None or paid_on < worker.died_on):
        months = range(month, min(month + 6, _LAST_MONTH + 1))
        if not months:
            return
        _pay(writer, worker, paid_on, list(months))
        month += 6
        paid_on = day_in(month, 5)
