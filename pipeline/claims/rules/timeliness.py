"""Rows 9 to 13: deadlines of claim and report, the conclusion on the cause, and the deadline for payment.

A claim's clock and its time limits are dates of the calendar; only the 48 hours of the stage I report are exact hours.
"""

import datetime as dt
from typing import Any, Final

from pipeline.claims.assessment import Assessment, Stop, law_of_payment, remembered
from pipeline.claims.rules.determinations import facts_of as determined
from pipeline.claims.rules.determinations import is_employer_determined, is_liability_determined
from pipeline.law import references
from pipeline.law.calendar import SURE, add_years, holidays_marker, working_days_after
from pipeline.law.declarations import Value
from pipeline.law.money import rounded
from schemas.claims import Determination
from schemas.clock import JAKARTA, iso, local, local_day
from schemas.codes import LATE_PAYMENT, CheckResult, Marker
from schemas.decisions import Benefit, Check, Scalar

_DAY: Final = dt.timedelta(days=1)
_HOUR: Final = dt.timedelta(hours=1)


def is_claimed_in_time(assessment: Assessment) -> Stop | None:
    """Row 9. An event of B1 whose two years had not ended when B2 came needs a person up to the fifth year.

    JKM has no time limit.
    """
    law = assessment.law
    assert law is not None
    if assessment.program == "JKM":
        return None
    claim_date = assessment.case.claim_date(law.claim_date_trusted_days.value)
    years = law.jkk_expiry_years
    last_day = add_years(assessment.event_date, years.value)
    if claim_date <= last_day:
        assessment.trace.append(_claimed_in_time("met", claim_date, last_day, years))
        return None
    facts: dict[str, Scalar] = {"claim_date": iso(claim_date), "last_day": iso(last_day)}
    later = assessment.book.on(last_day).jkk_expiry_years
    if claim_date <= add_years(assessment.event_date, later.value):
        return assessment.refer("claimed_in_time", ("CLM_EXPIRY_TRANSITION",), facts, years)
    assessment.trace.append(_claimed_in_time("not_met", claim_date, last_day, years))
    return Stop("REJECTED", ("CLM_EXPIRED",))


@remembered
def _claimed_in_time(result: CheckResult, claim_date: dt.date, last_day: dt.date, years: Value[Any]) -> Check:
    facts: dict[str, Scalar] = {"claim_date": claim_date.isoformat(), "last_day": last_day.isoformat()}
    return Check("claimed_in_time", result, facts, years.reference, years.marker)


def cause_is_settled(assessment: Assessment) -> Stop | None:
    """Rows 10 to 12: JKM pays no death by a work accident, JKK nothing else; a missing conclusion is waited for."""
    return (
        _death_is_not_work_related(assessment)
        if assessment.program == "JKM"
        else _is_concluded_work_related(assessment)
    )


def _death_is_not_work_related(assessment: Assessment) -> Stop | None:
    conclusion, determination = assessment.case.conclusion, assessment.case.determination
    concluded = conclusion.work_related if conclusion is not None else None
    if determination is not None and determination.work_related is not None:
        concluded = determination.work_related and determination.status == "final"
    paid = next(
        (one.claim_id for one in assessment.case_file.other_claims if one.program == "JKK" and one.is_death_approved),
        None,
    )
    facts: dict[str, Scalar] = {
        "concluded": concluded,
        "jkk_claim": paid,
    }
    if concluded or paid is not None:
        assessment.note("death_not_work_related", "not_met", facts, references.JKM_DEFINITION)
        return Stop("REJECTED", ("JKM_WORK_RELATED",))
    assessment.note("death_not_work_related", "met", facts, references.JKM_DEFINITION)
    return None


def _is_concluded_work_related(assessment: Assessment) -> Stop | None:
    conclusion, determination = assessment.case.conclusion, assessment.case.determination
    if determination is not None and determination.work_related is not None:
        return _is_determined_work_related(assessment, determination)
    if conclusion is None:
        return _wait_for_conclusion(assessment)
    if conclusion.work_related:
        assessment.trace.append(_work_related("met", conclusion.concluded_on))
        return None
    assessment.trace.append(_work_related("not_met", conclusion.concluded_on))
    return Stop("REJECTED", ("JKK_NOT_WORK_RELATED",))


def _is_determined_work_related(assessment: Assessment, determination: Determination) -> Stop | None:
    """In the place of the office's conclusion. One that is appealed decides nothing yet: row 15 refers it."""
    facts = determined(determination)
    if determination.status == "appealed":
        assessment.note("work_related", "undetermined", facts, references.DETERMINATION)
        return None
    result: CheckResult = "met" if determination.work_related else "not_met"
    assessment.note("work_related", result, facts, references.DETERMINATION)
    return None if determination.work_related else Stop("REJECTED", ("JKK_NOT_WORK_RELATED",))


@remembered
def _work_related(result: CheckResult, concluded_on: dt.date) -> Check:
    return Check("work_related", result, {"concluded_on": concluded_on.isoformat()}, *references.WORK_ACCIDENT)


def _wait_for_conclusion(assessment: Assessment) -> Stop | None:
    """Row 12: the office has 30 days from the report; from the day they are over a person must look."""
    law, report = assessment.law, assessment.case.report
    assert law is not None
    limit = law.conclusion_days
    if report is None:
        facts: dict[str, Scalar] = {"reported_on": None, "days": None, "limit_days": limit.value}
        assessment.note("concluded", "undetermined", facts, limit)
        return Stop("PENDING", ("JKK_UNDER_CONCLUSION",))
    reported_on = local_day(report.reported_at)
    days = max((assessment.today - reported_on).days, 0)
    facts = {"reported_on": reported_on.isoformat(), "days": days, "limit_days": limit.value}
    if days < limit.value:
        assessment.note("concluded", "undetermined", facts, limit)
        assessment.wake_on = reported_on + limit.value * _DAY
        return Stop("PENDING", ("JKK_UNDER_CONCLUSION",))
    return assessment.refer("concluded", ("JKK_CONCLUSION_OVERDUE",), facts, limit)


def is_reported_in_time(assessment: Assessment) -> Stop | None:
    """Row 13, employers only: what was reported late, or not at all, the employer pays first; so it is where that was
    determined."""
    law, standing, case = assessment.law, assessment.standing, assessment.case
    if case.determination is not None and is_employer_determined(case):
        facts: dict[str, Scalar] = {**determined(case.determination), "reported": True}
        codes, source = ("REP_LATE_EMPLOYER_LIABLE",), references.DETERMINATION
        return assessment.refer("reported_in_time", codes, facts, source, result="not_met")
    assert law is not None and standing is not None
    if assessment.program != "JKK" or standing.segment != "PU" or law.late_report_liability.absent:
        return None
    report, limit = assessment.case.report, law.stage1_report_hours
    start = _report_clock_start(assessment)
    until = report.reported_at if report is not None else assessment.case_file.clock
    facts = {
        "hours": max((until - start) // _HOUR, 0),
        "limit_hours": limit.value,
        "reported": report is not None,
    }
    last_moment = start + limit.value * _HOUR
    if until > last_moment:
        if is_liability_determined(case):
            assessment.note("reported_in_time", "met", {**facts, "settled": True}, references.DETERMINATION)
            return None
        late, codes = law.late_report_liability, ("REP_LATE_EMPLOYER_LIABLE",)
        return assessment.refer("reported_in_time", codes, facts, late, result="not_met")
    if report is None:
        assessment.wake_on = max(last_moment.astimezone(JAKARTA).date(), assessment.today + _DAY)
    assessment.note("reported_in_time", "met", facts, limit)
    return None


def _report_clock_start(assessment: Assessment) -> dt.datetime:
    """The moment of the accident; a diagnosis has a day only, so its clock starts when that day is over."""
    accident = assessment.case.accident
    assert accident is not None
    if accident.kind != "occupational_disease" or accident.diagnosed_on is None:
        return accident.occurred_at
    return dt.datetime.combine(accident.diagnosed_on + _DAY, dt.time(), local(accident.occurred_at).tzinfo)


def payment_deadline(assessment: Assessment) -> dt.date:
    """Last day on which payment is in time; the clock starts the day after the last fact needed was received.

    An estimate, where it rests on a year whose holidays no decree has set: then the trace says so.
    """
    complete_on = assessment.case.progress.approved_on or assessment.today
    known: dict[Any, tuple[dt.date, Marker]] = assessment.law.made if assessment.law is not None else {}
    key = ("payment_deadline", assessment.program, complete_on)
    found = known.get(key)
    if found is None:
        law = law_of_payment(assessment)
        days = law.payment_working_days_jkk if assessment.program == "JKK" else law.payment_working_days_jkm
        deadline = working_days_after(complete_on, days.value, assessment.book)
        marker = holidays_marker(complete_on.year, deadline.year, assessment.book)
        found = known[key] = deadline, marker
    deadline, marker = found
    if marker not in SURE:
        source = references.HOLIDAYS_ESTIMATED if marker == "RECALLED" else references.HOLIDAYS_UNKNOWN
        assessment.note("payment_deadline", "undetermined", {"pay_by": iso(deadline)}, source)
    return deadline


def late_payment(assessment: Assessment, benefits: list[Benefit], deadline: dt.date) -> Benefit | None:
    """What is owed for each calendar day after the deadline, on the sum of all other lines; first settlement only.

    Nothing where the holidays up to the deadline are not known: it may be too early, and money would be paid for days
    that were in time. Assessed again once they are known, the claim gets it.
    """
    progress = assessment.case.progress
    paid_on = progress.settled_on if progress.settlements else None
    if paid_on is None or paid_on <= deadline:
        return None
    if references.HOLIDAYS_UNKNOWN.reference in [check.reference for check in assessment.trace]:
        return None
    percent = law_of_payment(assessment).late_payment_percent_per_day
    total = sum(one.amount for one in benefits)
    days = (paid_on - deadline).days
    numbers: dict[str, Scalar] = {
        "sum": total,
        "days": days,
        "percent": percent.value,
        "deadline": deadline.isoformat(),
        "paid_on": paid_on.isoformat(),
    }
    return Benefit(
        LATE_PAYMENT,
        rounded(total * days * percent.value, 100),
        benefits[0].payee,
        "late_payment",
        numbers,
        percent.reference,
        percent.marker,
    )
