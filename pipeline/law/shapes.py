"""Which parameters the law has here, in what unit, and of what shape: what the loader holds every file against.

A reader takes what the YAML says and gives what the rules use; it raises ValueError with what to do instead.
Percentages with a fraction are quoted text in the YAML ("4.5") and basis points in the book (450), never a float.
Pure; imports nothing of this project but the limits of the wire.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from schemas.codes import MARKERS
from schemas.values import MAX_RUPIAH

Reader = Callable[[Any], Any]

BASIS_POINTS_A_PERCENT: Final = 100
_MAX_COUNT = 36_525  # the longest term is a few years; a century in days is a slip
_PERCENT_TEXT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Shape:
    """`fits`: what a value must hold besides, given the day from which it is in force; raises ValueError."""

    unit: str
    read: Reader
    may_be_absent: bool = False
    fits: Callable[[dt.date, Any], None] | None = None


def _whole(limit: int, kind: str) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
            raise ValueError(f"write {kind}: a whole number from 0 to {limit:,}, without quotes")
        return value

    return read


rupiah = _whole(MAX_RUPIAH, "whole rupiah")
count = _whole(_MAX_COUNT, "a count")
percent = _whole(100, "whole percent")


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("write a text")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false")
    return value


def basis_points(value: Any) -> int:
    found = _PERCENT_TEXT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a percentage as quoted text with at most two decimals, like "4.5"')
    whole, fraction = found.groups()
    points = int(whole) * BASIS_POINTS_A_PERCENT + int(f"{fraction or '':0<2}")
    if points > 100 * BASIS_POINTS_A_PERCENT:
        raise ValueError("a percentage is at most 100")
    return points


def one_of(*names: str) -> Reader:
    def read(value: Any) -> str:
        if value not in names:
            raise ValueError(f"write one of {', '.join(names)}")
        return str(value)

    return read


def or_nothing(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def listed(reader: Reader, *, at_least: int = 1) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < at_least:
            raise ValueError(f"write a list of at least {at_least}")
        return tuple(_inside(f"item {number}", reader, one) for number, one in enumerate(value, 1))

    return read


def table(reader: Reader, *keys: str) -> Reader:
    """A mapping of names to values of one shape; with `keys`, of exactly these names."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            raise ValueError("write a mapping of names to values")
        if keys and set(value) != set(keys):
            raise ValueError(f"write exactly the keys {', '.join(keys)}")
        return {str(key): _inside(str(key), reader, one) for key, one in value.items()}

    return read


def record(**readers: Reader) -> Reader:
    """A mapping with these keys; a key whose reader takes nothing (`or_nothing`) may be left out."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"write a mapping with the keys {', '.join(readers)}")
        if unknown := [str(key) for key in value if key not in readers]:
            raise ValueError(f"unknown key {', '.join(unknown)}; the keys are {', '.join(readers)}")
        return {key: _inside(key, reader, value.get(key)) for key, reader in readers.items()}

    return read


def _inside(where: str, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _dates(value: Any) -> tuple[dt.date, ...]:
    if not isinstance(value, list) or not all(isinstance(day, dt.date) for day in value):
        raise ValueError("write a list of dates, YYYY-MM-DD without quotes")
    if sorted(set(value)) != value:
        raise ValueError("write each date once, in order")
    return tuple(value)


def _all_in_the_year(since: dt.date, days: tuple[dt.date, ...]) -> None:
    if strays := [day for day in days if day.year != since.year]:
        raise ValueError(f"{strays[0]} does not lie in {since.year}; move it to its year")


def _rising(key: str) -> Callable[[dt.date, Any], None]:
    def fits(_: dt.date, rows: tuple[dict[str, Any], ...]) -> None:
        bounds = [row[key] for row in rows if row[key] is not None]
        if bounds != sorted(set(bounds)):
            raise ValueError(f"`{key}` must rise from row to row")

    return fits


def _from_zero_rising(since: dt.date, rows: tuple[dict[str, Any], ...]) -> None:
    _rising("from")(since, rows)
    if rows[0]["from"] != 0:
        raise ValueError("the first row must begin `from: 0`, or an income would have no row")


def _mirrors_agree(_: dt.date, rows: dict[str, dict[str, Any]]) -> None:
    for key, row in rows.items():
        if row["mirror"] is not None and rows.get(row["mirror"], {}).get("mirror") != key:
            raise ValueError(f"{key}: its mirror must be a row that names {key} as its own mirror")


_RISK_CLASSES = ("very_low", "low", "medium", "high", "very_high")
_SEGMENTS = one_of("PU", "BPU", "JAKON", "PMI")
_LEVELS = ("TK", "SD", "SMP", "SMA", "PT", "TRAINING")
_TRANCHE = record(days=or_nothing(count), percent=percent)
_DISABILITY = record(
    row=count,
    name=text,
    kind=one_of("fixed", "range", "per_ten", "always_refer"),
    percent=or_nothing(basis_points),
    min=or_nothing(basis_points),
    max=or_nothing(basis_points),
    mirror=or_nothing(text),
    marker=one_of(*MARKERS),
)
_RELIEF = record(
    law=text,
    percent=basis_points,
    segments=listed(_SEGMENTS),
    programs=listed(one_of("JKK", "JKM")),
    condition=one_of("everyone", "labour_intensive", "transport", "other"),
    not_funded_by=or_nothing(one_of("state_budget")),
)
_CONTRACT_BAND = record(up_to=or_nothing(rupiah), jkk=basis_points, jkm=basis_points)
_PMI_CONTRACT = record(months=count, amount=rupiah)
_DUE_DAY = record(day=count, months_after=count)

SHAPES: Final[dict[str, Shape]] = {
    "age_light_work_until": Shape("years", count),
    "age_minimum": Shape("years", count),
    "benefit_layer": Shape("text", text),
    "bpu_arrears_limit_months": Shape("months", count),
    "bpu_contribution_jkm": Shape("rupiah", rupiah),
    "bpu_contribution_percent_jkk": Shape("percent of the base income", basis_points),
    "bpu_income_table": Shape("rupiah", listed(record(**{"from": rupiah, "base": rupiah})), fits=_from_zero_rising),
    "bpu_registration_age_limit": Shape("years", count),
    "bpu_wait_months": Shape("months", count, may_be_absent=True),
    "child_age_limit": Shape("years", count),
    "child_work_exceptions": Shape(
        "months", record(wage_earner_max_months=count, self_employed=flag, apprentice=flag), may_be_absent=True
    ),
    "claim_date_trusted_days": Shape("days", count),
    "conclusion_days": Shape("days", count),
    "construction_contract_rates": Shape(
        "percent of the contract value", listed(_CONTRACT_BAND), fits=_rising("up_to")
    ),
    "construction_wage_rate": Shape("percent of the wage", table(basis_points, "JKK", "JKM")),
    "contribution_due_day": Shape("day of the month", table(_DUE_DAY, "PU", "BPU")),
    "contribution_jkp_share": Shape("percent of the wage", table(basis_points, "JKK", "JKM"), may_be_absent=True),
    "contribution_rate_jkk": Shape("percent of the wage", table(basis_points, *_RISK_CLASSES)),
    "contribution_rate_jkm": Shape("percent of the wage", basis_points),
    "contribution_relief": Shape("percent of the contribution", listed(_RELIEF, at_least=0)),
    "daily_wage_days": Shape("days", count),
    "denture_cap": Shape("rupiah", rupiah),
    "disability_cap_percent": Shape("percent", percent),
    "disability_table": Shape("percent", table(_DISABILITY), fits=_mirrors_agree),
    "disease_cover_years": Shape("years", count),
    "funeral": Shape("rupiah", rupiah),
    "glasses_cap": Shape("rupiah", rupiah, may_be_absent=True),
    "hearing_aid_cap": Shape("rupiah", rupiah, may_be_absent=True),
    "heirs_order": Shape("text", listed(listed(text))),
    "homecare_cap": Shape("rupiah", rupiah, may_be_absent=True),
    "homecare_max_months": Shape("months", count, may_be_absent=True),
    "jasa_raharja_treatment_limit": Shape("rupiah", rupiah),
    "jkk_death_minimum": Shape("rupiah", rupiah),
    "jkk_death_multiplier": Shape("times the monthly wage", count),
    "jkk_expiry_years": Shape("years", count),
    "jkm_death": Shape("rupiah", rupiah),
    "jkm_review_years": Shape("years", count),
    "late_fine_percent": Shape("percent a month", table(percent, "PU", "BPU")),
    "late_payment_percent_per_day": Shape("percent a day", percent),
    "late_report_liability": Shape("text", one_of("employer"), may_be_absent=True),
    "officer_limit": Shape("rupiah", rupiah),
    "partial_multiplier": Shape("times the monthly wage", count),
    "payment_working_days_jkk": Shape("working days", count),
    "payment_working_days_jkm": Shape("working days", count),
    "periodic_monthly": Shape("rupiah", rupiah),
    "periodic_months": Shape("months", count),
    "permanent_total_multiplier": Shape("times the monthly wage", count),
    "piece_wage_months": Shape("months", count),
    "pmi_contribution": Shape(
        "rupiah",
        record(
            before_work=rupiah,
            work_and_after=rupiah,
            cover_months=count,
            extension_month=rupiah,
            shorter=listed(_PMI_CONTRACT),
        ),
        may_be_absent=True,
    ),
    "procedure_layer": Shape("text", text),
    "pu_arrears_limit_months": Shape("months", count),
    "public_holidays": Shape("dates", _dates, fits=_all_in_the_year),
    "scholarship_cap_child": Shape("rupiah", rupiah, may_be_absent=True),
    "scholarship_cap_total": Shape("rupiah", rupiah, may_be_absent=True),
    "scholarship_flat": Shape("rupiah", rupiah, may_be_absent=True),
    "scholarship_max_children": Shape("children", count, may_be_absent=True),
    "scholarship_tenure_months": Shape("months", count),
    "scholarship_yearly": Shape(
        "rupiah a year", table(record(amount=rupiah, max_years=count), *_LEVELS), may_be_absent=True
    ),
    "stage1_report_hours": Shape("hours", count),
    "stmb_tranches": Shape("percent of the wage", listed(_TRANCHE)),
    "sudden_death_hours": Shape("hours", count),
    "transport_cap_air": Shape("rupiah", rupiah),
    "transport_cap_land": Shape("rupiah", rupiah),
    "transport_cap_sea": Shape("rupiah", rupiah),
    "weather_wage_months": Shape("months", count),
}
