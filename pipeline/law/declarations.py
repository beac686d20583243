"""The declaration of every parameter of the law: its unit, the reader of its YAML, and the type of its value.

A number is added to the law in two places: a line in `Law` below, and a file `parameters/NAME.yaml`. A reader turns
what the YAML says into what the rules use; it raises ValueError with the remedy. Percentages with a fraction are quoted
text in the YAML ("4.5") and basis points in the book (450), never a float. Pure.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Final, Generic, TypeVar, get_args

from schemas.codes import MARKERS, LineCode, Marker
from schemas.values import MAX_RUPIAH

T = TypeVar("T")
Reader = Callable[[Any], T]
Row = dict[str, Any]  # a row of a table; its keys are those of its `record`

BASIS_POINTS_A_PERCENT: Final = 100
NEXT_WORKING_DAY: Final = "to_the_next_working_day"
WORKING_DAY_BEFORE: Final = "to_the_working_day_before"
_MAX_COUNT = 36_525  # the longest term is a few years; a century in days is a slip
_PERCENT_TEXT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?")


class Value(Generic[T]):
    """What the law says from `since` on. `absent`: the law says that there is no such thing (`value` is None).
    `written`: the value as its file has it, for people: there a percentage is one, and no number of basis points.

    Compared by identity, so that results can be cached under it. Treat as immutable. No dataclass, because mypyc does
    not compile a generic one.
    """

    __slots__ = ("value", "reference", "marker", "since", "absent", "written")

    def __init__(
        self, value: T, reference: str, marker: Marker, since: dt.date, absent: bool = False, written: Any = None
    ) -> None:
        self.value = value
        self.reference = reference
        self.marker = marker
        self.since = since
        self.absent = absent
        self.written = written


@dataclass(frozen=True, slots=True)
class Shape:
    """`fits`: a condition on the whole value, given the day from which it is in force; raises ValueError."""

    unit: str
    read: Reader[Any]
    may_be_absent: bool = False
    fits: Callable[[dt.date, Any], None] | None = None


def _whole(limit: int, kind: str) -> Reader[int]:
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


def one_of(*names: str) -> Reader[str]:
    def read(value: Any) -> str:
        if value not in names:
            raise ValueError(f"write one of {', '.join(names)}")
        return str(value)

    return read


def or_nothing(reader: Reader[T]) -> Reader[T | None]:
    return lambda value: None if value is None else reader(value)


def listed(reader: Reader[T], *, at_least: int = 1) -> Reader[tuple[T, ...]]:
    def read(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) < at_least:
            raise ValueError(f"write a list of at least {at_least}")
        return tuple(_inside(f"item {number}", reader, one) for number, one in enumerate(value, 1))

    return read


def table(reader: Reader[T], *keys: str) -> Reader[dict[str, T]]:
    """A mapping of names to values of one shape; with `keys`, of exactly these names."""

    def read(value: Any) -> dict[str, T]:
        if not isinstance(value, dict) or not value:
            raise ValueError("write a mapping of names to values")
        if keys and set(value) != set(keys):
            raise ValueError(f"write exactly the keys {', '.join(keys)}")
        return {str(key): _inside(str(key), reader, one) for key, one in value.items()}

    return read


def record(**readers: Reader[Any]) -> Reader[Row]:
    """A mapping with these keys; a key whose reader takes nothing (`or_nothing`) may be left out."""

    def read(value: Any) -> Row:
        if not isinstance(value, dict):
            raise ValueError(f"write a mapping with the keys {', '.join(readers)}")
        if unknown := [str(key) for key in value if key not in readers]:
            raise ValueError(f"unknown key {', '.join(unknown)}; the keys are {', '.join(readers)}")
        return {key: _inside(key, reader, value.get(key)) for key, reader in readers.items()}

    return read


def _inside(where: str, reader: Reader[T], value: Any) -> T:
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
    def fits(_: dt.date, rows: tuple[Row, ...]) -> None:
        bounds = [row[key] for row in rows if row[key] is not None]
        if bounds != sorted(set(bounds)):
            raise ValueError(f"`{key}` must rise from row to row")

    return fits


def _from_zero_rising(since: dt.date, rows: tuple[Row, ...]) -> None:
    _rising("from")(since, rows)
    if rows[0]["from"] != 0:
        raise ValueError("the first row must begin `from: 0`, or an income would have no row")


def _mirrors_agree(_: dt.date, rows: dict[str, Row]) -> None:
    for key, row in rows.items():
        if row["mirror"] is not None and rows.get(row["mirror"], {}).get("mirror") != key:
            raise ValueError(f"{key}: its mirror must be a row that names {key} as its own mirror")


_RISK_CLASSES = ("very_low", "low", "medium", "high", "very_high")
_SEGMENTS = one_of("PU", "BPU", "JAKON", "PMI")
_LEVELS = ("TK", "SD", "SMP", "SMA", "PT", "TRAINING")
_TRANCHE = record(days=or_nothing(count), percent=percent, marker=or_nothing(one_of(*MARKERS)))
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
_DUE_DAY = record(day=count, months_after=count, moves=one_of(NEXT_WORKING_DAY, WORKING_DAY_BEFORE))
_INCOME = record(**{"from": rupiah, "base": rupiah})
_PMI = record(
    before_work=rupiah,
    work_and_after=rupiah,
    cover_months=count,
    extension_month=rupiah,
    shorter=listed(_PMI_CONTRACT),
)
_PMI_DEATH = record(during=rupiah, during_funeral=rupiah, after=rupiah)
_HELD = record(**dict.fromkeys(("JKK", "JKM", "JHT", "JP"), one_of("must", "may", "no")))
_HOLDERS = ("PU_micro", "PU_cooperative", "PU_small", "PU_medium", "PU_large", "BPU", "JAKON", "PMI")
_WORK_EXCEPTIONS = record(wage_earner_max_months=count, self_employed=flag, apprentice=flag)

_SHAPES: Final[dict[Value[Any], Shape]] = {}


def declared(unit: str, read: Reader[T], fits: Callable[[dt.date, T], None] | None = None) -> Value[T]:
    """A parameter that has a value on every day."""
    return _placeholder(Shape(unit, read, fits=fits))


def declared_or_absent(unit: str, read: Reader[T]) -> Value[T | None]:
    """A parameter that the law does not know on some days: its file says `absent: true` then."""
    return _placeholder(Shape(unit, read, may_be_absent=True))


def _placeholder(shape: Shape) -> Value[Any]:
    """The default of a field of `Law`, by which its shape is found; the book replaces every one of them."""
    placeholder: Value[Any] = Value(None, "", "DESIGN", dt.date.min)
    _SHAPES[placeholder] = shape
    return placeholder


@dataclass(slots=True, eq=False)
class Law:
    """The law of a span of days on which nothing changes. Each field is the parameter of its name.

    Made by the book alone; treat as immutable. `made`: results that depend on these parameters alone, cached.
    """

    # Versions
    benefit_layer: Value[str] = declared("text", text)
    procedure_layer: Value[str] = declared("text", text)

    # Contributions
    contribution_rate_jkk: Value[dict[str, int]] = declared("percent of the wage", table(basis_points, *_RISK_CLASSES))
    contribution_rate_jkm: Value[int] = declared("percent of the wage", basis_points)
    contribution_rate_jht: Value[int] = declared("percent of the wage", basis_points)
    contribution_rate_jp: Value[int] = declared("percent of the wage", basis_points)
    jp_wage_limit: Value[int] = declared("rupiah", rupiah)
    contribution_jkp_share: Value[dict[str, int] | None] = declared_or_absent(
        "percent of the wage", table(basis_points, "JKK", "JKM")
    )
    contribution_relief: Value[tuple[Row, ...]] = declared("percent of the contribution", listed(_RELIEF, at_least=0))
    contribution_due_day: Value[dict[str, Row]] = declared("day of the month", table(_DUE_DAY, "PU", "BPU"))
    bpu_contribution_percent_jkk: Value[int] = declared("percent of the base income", basis_points)
    bpu_contribution_percent_jht: Value[int] = declared("percent of the base income", basis_points)
    bpu_contribution_jkm: Value[int] = declared("rupiah", rupiah)
    bpu_income_table: Value[tuple[Row, ...]] = declared("rupiah", listed(_INCOME), _from_zero_rising)
    construction_contract_rates: Value[tuple[Row, ...]] = declared(
        "percent of the contract value", listed(_CONTRACT_BAND), _rising("up_to")
    )
    construction_wage_rate: Value[dict[str, int]] = declared("percent of the wage", table(basis_points, "JKK", "JKM"))
    pmi_contribution: Value[Row | None] = declared_or_absent("rupiah", _PMI)
    late_fine_percent: Value[dict[str, int]] = declared("percent a month", table(basis_points, "PU", "BPU"))

    # Membership
    pu_arrears_limit_months: Value[int] = declared("months", count)
    bpu_arrears_limit_months: Value[int] = declared("months", count)
    bpu_wait_months: Value[int | None] = declared_or_absent("months", count)
    bpu_registration_age_limit: Value[int] = declared("years", count)
    programs_allowed: Value[dict[str, dict[str, str]]] = declared("text", table(_HELD, *_HOLDERS))
    project_unnamed_workers: Value[str | None] = declared_or_absent("text", one_of("by project number"))
    bpu_work_check_months: Value[int | None] = declared_or_absent("months", count)
    age_minimum: Value[int] = declared("years", count)
    age_light_work_until: Value[int] = declared("years", count)
    disease_cover_years: Value[int] = declared("years", count)

    # Wages
    daily_wage_days: Value[int] = declared("days", count)
    construction_daily_wage_days: Value[int] = declared("days", count)
    piece_wage_months: Value[int] = declared("months", count)
    weather_wage_months: Value[int] = declared("months", count)
    wage_jump_months: Value[int] = declared("months", count)
    wage_jump_percent: Value[int] = declared("percent of the wage before", percent)

    # Benefits of a death
    funeral: Value[int] = declared("rupiah", rupiah)
    periodic_months: Value[int] = declared("months", count)
    periodic_monthly: Value[int] = declared("rupiah", rupiah)
    jkm_death: Value[int] = declared("rupiah", rupiah)
    jkm_lines_once_a_person: Value[tuple[str, ...]] = declared("text", listed(one_of(*get_args(LineCode))))
    pmi_death: Value[Row | None] = declared_or_absent("rupiah", _PMI_DEATH)
    jkk_death_multiplier: Value[int] = declared("times the monthly wage", count)
    jkk_death_minimum: Value[int] = declared("rupiah", rupiah)
    heirs_order: Value[tuple[tuple[str, ...], ...]] = declared("text", listed(listed(text)))

    # Benefits of an accident
    permanent_total_multiplier: Value[int] = declared("times the monthly wage", count)
    partial_multiplier: Value[int] = declared("times the monthly wage", count)
    disability_table: Value[dict[str, Row]] = declared("percent", table(_DISABILITY), _mirrors_agree)
    disability_cap_percent: Value[int] = declared("percent", percent)
    stmb_tranches: Value[tuple[Row, ...]] = declared("percent of the wage", listed(_TRANCHE))
    transport_cap_land: Value[int] = declared("rupiah", rupiah)
    transport_cap_sea: Value[int] = declared("rupiah", rupiah)
    transport_cap_air: Value[int] = declared("rupiah", rupiah)
    denture_cap: Value[int] = declared("rupiah", rupiah)
    hearing_aid_cap: Value[int | None] = declared_or_absent("rupiah", rupiah)
    glasses_cap: Value[int | None] = declared_or_absent("rupiah", rupiah)
    homecare_cap: Value[int | None] = declared_or_absent("rupiah", rupiah)
    homecare_max_months: Value[int | None] = declared_or_absent("months", count)
    jasa_raharja_treatment_limit: Value[int] = declared("rupiah", rupiah)

    # Scholarship
    scholarship_flat: Value[int | None] = declared_or_absent("rupiah", rupiah)
    scholarship_yearly: Value[dict[str, Row] | None] = declared_or_absent(
        "rupiah a year", table(record(amount=rupiah, max_years=count), *_LEVELS)
    )
    scholarship_max_children: Value[int | None] = declared_or_absent("children", count)
    scholarship_cap_child: Value[int | None] = declared_or_absent("rupiah", rupiah)
    scholarship_cap_total: Value[int | None] = declared_or_absent("rupiah", rupiah)
    scholarship_tenure_months: Value[int] = declared("months", count)
    child_age_limit: Value[int] = declared("years", count)
    child_work_exceptions: Value[Row | None] = declared_or_absent("months", _WORK_EXCEPTIONS)

    # Time limits
    jkk_expiry_years: Value[int] = declared("years", count)
    claim_date_trusted_days: Value[int] = declared("days", count)
    conclusion_days: Value[int] = declared("days", count)
    stage1_report_hours: Value[int] = declared("hours", count)
    sudden_death_hours: Value[int] = declared("hours", count)
    late_report_liability: Value[str | None] = declared_or_absent("text", one_of("employer"))
    payment_working_days_jkk: Value[int] = declared("working days", count)
    payment_working_days_jkm: Value[int] = declared("working days", count)
    late_payment_percent_per_day: Value[int] = declared("percent a day", percent)
    public_holidays: Value[tuple[dt.date, ...]] = declared("dates", _dates, _all_in_the_year)

    # Officers
    officer_limit: Value[int] = declared("rupiah", rupiah)
    recovery_days: Value[int] = declared("days", count)
    registration_wait_hours: Value[int] = declared("hours", count)

    rule_version: str = field(init=False)
    made: dict[Any, Any] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.rule_version = f"{self.benefit_layer.value}+{self.procedure_layer.value}"


SHAPES: Final[dict[str, Shape]] = {one.name: _SHAPES[one.default] for one in fields(Law) if one.default in _SHAPES}
