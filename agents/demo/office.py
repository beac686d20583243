"""The simulated office of Tangerang: 3,000 workers it knows of in 2019, of whom 1,000 are registered and 900 covered.

The numbers are a thousandth of those that the press gave in 2019: three million workers, one million registered, thirty
percent covered. The 200 workers of the portfolio are among the known; from then on cooperatives enrol more, month by
month. Everything follows from the seed; all people are invented. Never imports the operations.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import orjson

from agents.demo.people import CHANNELS, Worker, day_in, month_name, month_of
from agents.demo.writer import BANK, END, OFFICE, at
from schemas.envelope import document
from schemas.membership import ContributionPaid, MemberRegistered

KNOWN: Final = 3_000
LISTED_ON: Final = dt.date(2019, 10, 31)
_COVERED: Final = 900  # on the day of the list
_LAPSED: Final = 100  # registered, but what they paid was used up
_ENROLLED_LATER: Final = 1_000
_MONTHS_AT_ONCE: Final = 24
_LAPSE_LATER_PERCENT: Final = 12
_REGENCIES: Final = (("3671", "Kota Tangerang"), ("3603", "Kabupaten Tangerang"), ("3674", "Kota Tangerang Selatan"))
_TRADES: Final = ("pedagang", "nelayan", "pengrajin", "jasa", "petani")
_COOPERATIVES: Final = tuple(
    f"Koperasi Contoh {name}" for name in ("Anyelir", "Bougenvil", "Cempaka", "Dahlia", "Edelweis")
)
_FIRST_MONTH: Final = 2018 * 12 + 9  # 2018-10


@dataclass(frozen=True, slots=True)
class Known:
    """One worker of the list who is not of the portfolio. `paid_months` 0: pays on until the end of the story."""

    number: str
    nik: str
    name: str
    birth_date: dt.date
    region: str
    sector: str
    cooperative: str
    programs: tuple[str, ...]
    income: int
    registered_on: dt.date | None
    paid_months: int = 0


def known_workers(random: Random, portfolio: int) -> list[Known]:
    """All but the `portfolio` workers of the list."""
    return [_known(random, index) for index in range(1, KNOWN - portfolio + 1)]


def events(known: list[Known]) -> Iterator[bytes]:
    """Registrations and payments in order of time."""
    found: list[tuple[dt.datetime, str, str, type, dict[str, Any]]] = []
    for one in known:
        if one.registered_on is None:
            continue
        found.append((at(one.registered_on, 8), OFFICE, f"reg-{one.number}", MemberRegistered, _registration(one)))
        for day, months in _payments(one):
            data = {"member_number": one.number, "months": months, "paid_on": day.isoformat()}
            found.append((at(day, 12), BANK, f"paid-{one.number}-{months[0]}", ContributionPaid, data))
    for time, source, name, kind, data in sorted(found, key=lambda one: (one[0], one[2])):
        yield orjson.dumps(document(kind, event_id=f"office-{name}", source=source, time=time, data=data))


def known_list(known: list[Known], portfolio: list[Worker]) -> bytes:
    """The list of the office as a sheet: CSV with semicolons, as Excel writes it in Indonesia."""
    file = io.StringIO(newline="")
    out = csv.writer(file, delimiter=";", lineterminator="\r\n")
    out.writerow(["No", "Nama", "NIK", "Tanggal lahir", "Kabupaten/Kota", "Bidang usaha", "Koperasi"])
    names = dict(_REGENCIES)
    rows = [(one.name, one.nik, one.birth_date, one.region, one.sector, one.cooperative) for one in known]
    for worker in portfolio:
        cooperative = worker.business.name
        sector = "transport" if "Ojek" in cooperative else _TRADES[worker.index % len(_TRADES)]
        rows.append((worker.name, worker.nik, worker.birth_date, names[worker.nik[:4]], sector, cooperative))
    for number, (name, nik, born, *rest) in enumerate(rows, 1):
        out.writerow([number, name, nik, born.strftime("%d/%m/%Y"), *rest])
    return file.getvalue().encode("utf-8-sig")


def _known(random: Random, index: int) -> Known:
    is_woman = random.random() < 0.5
    born = dt.date(random.randint(1965, 1999), random.randint(1, 12), random.randint(1, 28))
    code, region = random.choices(_REGENCIES, (50, 35, 15))[0]
    cooperative = random.choice((*_COOPERATIVES, *(one.name for one in CHANNELS)))
    registered_on, paid = _enrolled(random, index)
    return Known(
        number=f"1912{index:07}",
        # district 20, which no worker of the portfolio has
        nik=f"{code}20{born.day + 40 * is_woman:02}{born:%m%y}{index:04}",
        name=f"{'Ibu' if is_woman else 'Bapak'} Misal {index:04}",
        birth_date=born,
        region=region,
        sector="transport" if "Ojek" in cooperative else random.choice(_TRADES),
        cooperative=cooperative,
        programs=random.choice((("JKK", "JKM"), ("JKK", "JKM"), ("JKK", "JKM", "JHT"))),
        income=random.randrange(1_000_000, 4_000_000, 100_000),
        registered_on=registered_on,
        paid_months=paid,
    )


def _enrolled(random: Random, index: int) -> tuple[dt.date | None, int]:
    """Day of registration, and how many months were paid; 0: all."""
    if index <= _COVERED:
        # paid beyond the day of the list by all; some stop after that
        stops = random.randrange(100) < _LAPSE_LATER_PERCENT
        return day_in(_FIRST_MONTH + random.randrange(12), random.randint(2, 12)), _MONTHS_AT_ONCE * stops
    if index <= _COVERED + _LAPSED:
        return day_in(_FIRST_MONTH + random.randrange(6), random.randint(2, 12)), 2
    if index <= _COVERED + _LAPSED + _ENROLLED_LATER:
        later = (index - _COVERED - _LAPSED) * 78 // _ENROLLED_LATER  # from 2020-01 to 2026-06, as many each month
        stops = random.randrange(100) < _LAPSE_LATER_PERCENT
        return day_in(2020 * 12 + later, random.randint(2, 12)), _MONTHS_AT_ONCE * stops
    return None, 0


def _registration(one: Known) -> dict[str, Any]:
    assert one.registered_on is not None
    since = one.registered_on.isoformat()
    return {
        "member_number": one.number,
        "nik": one.nik,
        "name": one.name,
        "birth_date": one.birth_date.isoformat(),
        "segment": "BPU",
        "registered_on": since,
        "programs": [{"program": program, "since": since} for program in one.programs],
        "region": one.region,
        "channel": one.cooperative,
        "declared_income": one.income,
        "sector": "transport" if one.sector == "transport" else "other",
    }


def _payments(one: Known) -> Iterator[tuple[dt.date, list[str]]]:
    """(paid on, months): two years at once, the first on the day of registration."""
    assert one.registered_on is not None
    start = month_of(one.registered_on)
    day, month = one.registered_on, start
    while day <= END.date():
        count = min(_MONTHS_AT_ONCE, one.paid_months or _MONTHS_AT_ONCE)
        yield day, [month_name(at) for at in range(month, month + count)]
        month += count
        if one.paid_months and month - start >= one.paid_months:
            return
        day = day_in(month, 5)
