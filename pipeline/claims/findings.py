"""Findings of the office that would change nothing are refused with what they lack, never taken in silence. Pure.

Only where an event is taken in: what was accepted before stays.
"""

import datetime as dt
from typing import Final

from pipeline.claims.assessor import Assessor
from pipeline.claims.case import Case, FactsEvent
from pipeline.errors import Poison
from pipeline.membership.arrears import spells_of
from pipeline.membership.coverage import periods_with
from schemas.codes import REASONS
from schemas.decisions import FieldError

_CAUSE: Final = frozenset({"JKK_NOT_WORK_RELATED", "JKM_WORK_RELATED"})
_COVER: Final = frozenset({"MEM_NOT_REGISTERED", "MEM_PROGRAM_NOT_HELD", "MEM_NOT_COVERED_YET"})
_FROM_REGISTER: Final = frozenset({"MEM_NOT_REGISTERED", "MEM_PROGRAM_NOT_HELD"})
_ADVISED: Final = frozenset(REASONS[15])


def require_apt_findings(assessor: Assessor, case: Case, event: FactsEvent, clock: dt.datetime) -> None:
    """Raises Poison (FINDING_UNFIT). The event is folded in already."""
    data = event.data
    if data.advice is not None and (others := sorted(set(data.advice.settles) - _ADVISED)):
        message = (
            f"advice settles no {', '.join(others)}; what the labour inspector or the minister determined is the "
            "section `determination`, and all else is an officer's review"
        )
        raise Poison("FINDING_UNFIT", FieldError("data.advice.settles", message))
    if data.working_found is not None:
        _require_registration(assessor, case, data.working_found.registered_on)
    if data.determination is not None:
        _require_answer(assessor, case, clock)


def _require_registration(assessor: Assessor, case: Case, day: dt.date) -> None:
    assert case.member is not None
    numbers = assessor.numbers_of(case.member.nik) | {case.member.member_number or ""}
    for number in numbers:
        member = assessor.members.get(number)
        for period in periods_with(member, assessor.book) if member is not None else ():
            starts = [dt.date.fromordinal(spell.start) for spell in spells_of(period, assessor.book)]
            if day == period.enrolment.registered_on or day in starts:
                return
    message = "no registration of this person, and no cover, began on this day; write the day of the registration"
    raise Poison("FINDING_UNFIT", FieldError("data.working_found.registered_on", message))


def _require_answer(assessor: Assessor, case: Case, clock: dt.datetime) -> None:
    determination, medical = case.determination, case.medical
    assert determination is not None
    if determination.disability_percent is not None and not (medical is not None and medical.disabilities):
        message = "the claim tells of no disability; send `medical` with what was lost before or with its percentage"
        raise Poison("FINDING_UNFIT", FieldError("data.determination.disability_percent", message))
    verdict, _, _ = assessor.assess_plainly(case, clock)
    code = verdict.reason_codes[0]
    if verdict.outcome != "REJECTED" or code == "REV_REJECTED":
        return
    if code in _CAUSE and determination.work_related is not None:
        return
    if code in _COVER and determination.liable == "EMPLOYER":
        return
    if code in _CAUSE:
        lacks = "write `work_related`"
    elif code in _FROM_REGISTER and determination.liable == "BPJS":
        lacks = (
            "money is paid to a membership with the program: have the office register the person or correct it first"
        )
    elif code in _COVER:
        lacks = "write `liable`: who must pay, BPJS or the employer"
    else:
        lacks = "no determination answers that; the family may object, and an officer decides"
    message = f"the claim is REJECTED by {code}, of which this says nothing: {lacks}"
    raise Poison("FINDING_UNFIT", FieldError("data.determination", message))
