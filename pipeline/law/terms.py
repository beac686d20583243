"""The parameters of one day that claims are decided by, unpacked once per span of constant law.

A claim needs forty of them, and has forty microseconds. Holds no number of the law itself.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from pipeline.law.book import Book, Law, Value


@dataclass(frozen=True, slots=True)
class Terms:
    """Each field is the parameter of that name (`parameters/NAME.yaml`) on the event day."""

    benefit_layer: Value
    procedure_layer: Value
    funeral: Value
    periodic_months: Value
    periodic_monthly: Value
    jkk_death_multiplier: Value
    jkk_death_minimum: Value
    jkm_death: Value
    permanent_total_multiplier: Value
    partial_multiplier: Value
    disability_table: Value
    disability_cap_percent: Value
    transport_cap_land: Value
    transport_cap_sea: Value
    transport_cap_air: Value
    stmb_tranches: Value
    denture_cap: Value
    hearing_aid_cap: Value
    glasses_cap: Value
    homecare_cap: Value
    homecare_max_months: Value
    scholarship_flat: Value
    scholarship_yearly: Value
    scholarship_max_children: Value
    scholarship_tenure_months: Value
    child_age_limit: Value
    child_work_exceptions: Value
    bpu_income_table: Value
    bpu_wait_months: Value
    bpu_arrears_limit_months: Value
    pu_arrears_limit_months: Value
    age_minimum: Value
    age_light_work_until: Value
    bpu_registration_age_limit: Value
    daily_wage_days: Value
    piece_wage_months: Value
    weather_wage_months: Value
    jkk_expiry_years: Value
    jkm_review_years: Value
    conclusion_days: Value
    stage1_report_hours: Value
    heirs_order: Value
    late_report_liability: Value
    payment_working_days_jkk: Value
    payment_working_days_jkm: Value
    late_payment_percent_per_day: Value
    claim_date_trusted_days: Value
    officer_limit: Value
    sudden_death_hours: Value
    # Lines that come out the same for claim after claim, made once.
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


_NAMES = tuple(one.name for one in fields(Terms) if one.name != "made")


def terms_of(law: Law, book: Book) -> Terms:
    """The terms of the day of `law`, kept with it. Raises NoLaw before 2015-07-01."""
    terms: Terms | None = law.terms
    if terms is None:
        values = tuple(law[name] for name in _NAMES)
        # Days of one span share their terms; the book keeps its values, so an id stays the value's own.
        same = book.derived.setdefault("terms_by_values", {})
        span = tuple(map(id, values))
        if span not in same:
            same[span] = Terms(*values)  # type: ignore[arg-type]
        terms = law.terms = same[span]
    return terms
