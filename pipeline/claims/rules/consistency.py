"""Row 1: the dates of a claim agree with one another and with the day they were received. Pure; knows no benefit.

A slip of a clerk costs nobody a benefit: the claim waits until one of the two dates is corrected. Clock times are
compared as instants. A day is compared with a clock time by Jakarta's calendar too, since Papua's day begins earlier.
"""

import datetime as dt
from typing import Final, NamedTuple

from pipeline.claims.assessment import Assessment, Stop
from pipeline.law import references
from schemas.clock import JAKARTA, local_day
from schemas.decisions import Check
from schemas.values import source_kind

RECEIPT: Final = "receipt"  # stands in the place of a second field
# section -> its date, of what office, inspector and court found
_FOUND_ON: Final = (
    ("project_dues", "paid_on"),
    ("determination", "decided_on"),
    ("working_found", "found_on"),
    ("court_decision", "decided_on"),
)
_CONSISTENT: Final = Check("input_consistent", "met", {}, *references.INPUT)
_DAY: Final = dt.timedelta(days=1)
_OFFICE: Final = "office"  # corrects whatever another one wrote


class _Contradiction(NamedTuple):
    """Two dates of which one is wrong, as they were written, and their writers (None: not kept, or the log itself).

    `over_on`: the first day on which time alone ends it; None: never.
    """

    field: str
    date: dt.date
    writer: str | None
    other: str
    other_date: dt.date
    other_writer: str | None
    over_on: dt.date | None = None


def input_is_consistent(assessment: Assessment) -> Stop | None:
    """Row 1. Each contradiction is named by both dates, who wrote each, and who can correct it."""
    found: list[_Contradiction] = []
    _add_after_receipt(assessment, found)
    _add_against_event(assessment, found)
    if not found:
        assessment.trace.append(_CONSISTENT)
        return None
    by_field: dict[str, _Contradiction] = {}
    for one in found:
        if by_field.setdefault(one.field, one) is one:
            _note(assessment, one)
    assessment.fields = tuple(by_field)
    over_on = [one.over_on for one in found]
    assessment.wake_on = None if None in over_on else max(day for day in over_on if day is not None)
    return Stop("PENDING", ("VAL_DATES_CONTRADICT",))


def _note(assessment: Assessment, one: _Contradiction) -> None:
    writers = [writer for writer in (one.writer, one.other_writer) if writer is not None]
    assessment.note(
        "input_consistent",
        "not_met",
        {
            "field": one.field,
            "date": one.date.isoformat(),
            "writer": one.writer,
            "other": one.other,
            "other_date": one.other_date.isoformat(),
            "other_writer": one.other_writer,
            "mended_by": ",".join(dict.fromkeys([*map(source_kind, writers), _OFFICE])),
        },
        references.INPUT,
    )


def _add_after_receipt(assessment: Assessment, found: list[_Contradiction]) -> None:
    """What lies after the day, or the moment, up to which the claim is known."""
    case, today, clock = assessment.case, assessment.today, assessment.case_file.clock
    accident, report, conclusion, death = case.accident, case.report, case.conclusion, assessment.death
    if accident is not None:
        if accident.occurred_at > clock:
            found.append(_late(assessment, "accident.occurred_at", accident.occurred_at))
        if accident.diagnosed_on is not None and accident.diagnosed_on > today:
            found.append(_late(assessment, "accident.diagnosed_on", accident.diagnosed_on))
    if death is not None and death.died_on > today:
        found.append(_late(assessment, "death.died_on", death.died_on))
    if report is not None and report.reported_at > clock:
        found.append(_late(assessment, "report.reported_at", report.reported_at))
    if conclusion is not None and conclusion.concluded_on > today:
        found.append(_late(assessment, "conclusion.concluded_on", conclusion.concluded_on))
    medical = case.medical
    if medical is not None and medical.healed_on is not None and medical.healed_on > today:
        found.append(_late(assessment, "medical.healed_on", medical.healed_on))
    for advice, writer in zip(case.advice, case.advice_by, strict=True):
        if advice.decided_on > today:
            found.append(_late(assessment, "advice.decided_on", advice.decided_on, writer))
    if case.claimed is not None and case.claimed.claimed_on > today:
        found.append(_late(assessment, "claimed.claimed_on", case.claimed.claimed_on))
    if case.children and (youngest := max(child.birth_date for child in case.children)) > today:
        found.append(_late(assessment, "children.birth_date", youngest))
    for section, name in _FOUND_ON:
        what = getattr(case, section)
        if what is not None and getattr(what, name) > today:
            found.append(_late(assessment, f"{section}.{name}", getattr(what, name)))
    member = assessment.member
    if member is not None and member.enrolments:
        newest = member.enrolments[-1]
        if newest.birth_date > today:
            found.append(_late(assessment, "member.birth_date", newest.birth_date, newest.writer))
        if member.last_paid_day > today.toordinal():
            paid_on = dt.date.fromordinal(member.last_paid_day)
            found.append(_late(assessment, "contribution.paid_on", paid_on))


def _late(assessment: Assessment, field: str, written: dt.date, writer: str | None = None) -> _Contradiction:
    over_on = written
    if isinstance(written, dt.datetime):
        over_on = max(written.astimezone(JAKARTA).date(), assessment.today + _DAY)
    writer = writer or _writer(assessment, field)
    return _Contradiction(field, written, writer, RECEIPT, assessment.today, None, over_on)


def _add_against_event(assessment: Assessment, found: list[_Contradiction]) -> None:
    """A claim before its event, a member born after it; for an injury also a death, a report or a conclusion before
    the accident. What is written of a disease before its diagnosis is no contradiction."""
    case, program = assessment.case, assessment.program
    field, event = _event(assessment)
    if case.claimed is not None:
        if _is_before(case.claimed.claimed_on, event):
            found.append(_early(assessment, "claimed.claimed_on", case.claimed.claimed_on, field, event))
    elif _is_after_opening(assessment, event):
        assert case.received_at is not None
        received_on = case.received_at.astimezone(JAKARTA).date()
        found.append(_Contradiction(field, event, _writer(assessment, field), RECEIPT, received_on, None))
    member = assessment.member
    if member is not None and member.enrolments and member.enrolments[-1].birth_date > assessment.event_date:
        newest = member.enrolments[-1]
        found.append(_early(assessment, "member.birth_date", newest.birth_date, field, event, newest.writer))
    if program != "JKK" or field != "accident.occurred_at":
        return
    assert isinstance(event, dt.datetime)
    if assessment.death is not None and _is_before(assessment.death.died_on, event):
        found.append(_early(assessment, "death.died_on", assessment.death.died_on, field, event))
    if case.report is not None and case.report.reported_at < event:
        found.append(_early(assessment, "report.reported_at", case.report.reported_at, field, event))
    if case.conclusion is not None and _is_before(case.conclusion.concluded_on, event):
        found.append(_early(assessment, "conclusion.concluded_on", case.conclusion.concluded_on, field, event))


def _event(assessment: Assessment) -> tuple[str, dt.date]:
    """The field that dates the event, and what it says."""
    if assessment.program == "JKM":
        assert assessment.death is not None
        return "death.died_on", assessment.death.died_on
    accident = assessment.case.accident
    assert accident is not None
    if accident.kind == "occupational_disease":
        assert accident.diagnosed_on is not None
        return "accident.diagnosed_on", accident.diagnosed_on
    return "accident.occurred_at", accident.occurred_at


def _early(
    assessment: Assessment, field: str, written: dt.date, other: str, event: dt.date, writer: str | None = None
) -> _Contradiction:
    writer = writer or _writer(assessment, field)
    return _Contradiction(field, written, writer, other, event, _writer(assessment, other))


def _is_before(day: dt.date, event: dt.date) -> bool:
    if isinstance(event, dt.datetime):
        # Both days are tried: the writer of the other date may live in another zone.
        return day < min(local_day(event), event.astimezone(JAKARTA).date())
    return day < event


def _is_after_opening(assessment: Assessment, event: dt.date) -> bool:
    """The event, corrected later, would lie after its claim was received."""
    received_at = assessment.case.received_at
    assert received_at is not None
    if isinstance(event, dt.datetime):
        return event > received_at
    if received_at is assessment.case_file.clock:
        return event > assessment.today
    return event > received_at.astimezone(JAKARTA).date()


def _writer(assessment: Assessment, field: str) -> str | None:
    """The source whose version of the section counts; that of a contribution is not kept."""
    section, writers = field.partition(".")[0], assessment.case.writers
    if section == "death" and section not in writers:
        section = "medical"
    return writers.get(section)
