"""Row 15: facts that a person must look at first, unless an advisor's or an officer's decision on it is on file. Pure.

Medical, disease, violence and conduct concern JKK only. A doctor's certificate answers for percentages only.
"""

from typing import Final

from pipeline.claims.assessment import Assessment, Stop, law_of_payment
from pipeline.claims.benefits.disability import determined_loss, loss_of
from pipeline.claims.rules.determinations import (
    determined_codes,
    facts_of,
    is_appealed,
    is_cause_determined,
)
from pipeline.claims.rules.entitlement import Finding
from pipeline.law import references
from pipeline.law.references import Origin
from schemas.clock import iso
from schemas.decisions import Scalar

_CERTIFIED_LINES: Final = frozenset({"partial_disability", "permanent_total"})


def triggers_are_answered(assessment: Assessment) -> Stop | None:
    """Row 15. All codes that are open, in the order of the row."""
    open_codes: list[str] = []
    if assessment.program == "JKK":
        _medical(assessment, open_codes)
        _accident(assessment, open_codes)
    else:
        _sudden_death_jkm(assessment, open_codes)
    death = assessment.death
    if death is not None:
        if assessment.program == "JKM" and death.missing_person:
            _ask(
                assessment,
                open_codes,
                "missing_person_settled",
                "JKM_MISSING",
                {},
                references.MISSING_PERSON.on(assessment.event_date),
            )
        if death.caused_by_heir:
            _ask(assessment, open_codes, "heirs_qualified", "HEIR_DISQUALIFIED", {}, references.HEIRS)
    if assessment.program == "JKK":
        accident = assessment.case.accident
        is_suicide = death is not None and death.cause == "suicide"
        if is_suicide or (accident is not None and accident.self_inflicted):
            _ask(assessment, open_codes, "self_inflicted_settled", "JKK_SELF_INFLICTED", {}, references.SELF_INFLICTED)
    determination = assessment.case.determination
    if determination is not None:
        check, facts = "determination_final", facts_of(determination)
        if determination.liable is not None:
            facts["liable"] = determination.liable
        assessment.relied_on.append("determination")
        if is_appealed(assessment.case):
            _ask(assessment, open_codes, check, "DET_APPEALED", facts, references.DETERMINATION)
        else:
            assessment.note(check, "met", facts, references.DETERMINATION)
    if assessment.program == "JKK" and death is not None and death.missing_person:
        _ask(assessment, open_codes, "missing_at_work_settled", "JKK_MISSING", {}, references.MISSING_AT_WORK)
    court = assessment.case.court_decision
    if death is not None and court is not None:
        ruling: dict[str, Scalar] = {"ruling": court.ruling, "decided_on": iso(court.decided_on)}
        check, source = "court_decision_confirmed", references.COURT_DECISION
        _ask(assessment, open_codes, check, "HEIR_COURT_DECISION", ruling, source)
    return Stop("REFERRED", tuple(open_codes)) if open_codes else None


def _ask(
    assessment: Assessment,
    open_codes: list[str],
    check: str,
    code: str,
    facts: dict[str, Scalar],
    source: Origin,
    *,
    is_computable: bool = True,
) -> None:
    """Note whether an advisor or an officer has answered this code; else it is open.

    `is_computable`: an amount that no decision on file can replace is known.
    """
    answered = assessment.case.answered_codes if assessment.case.advice else assessment.answered
    if assessment.case.determination is not None:
        answered |= determined_codes(assessment.case)
    is_answered = code in answered and is_computable
    if is_answered:
        facts["settled"] = True
    else:
        open_codes.append(code)
    assessment.note(check, "met" if is_answered else "undetermined", facts, source)


def _medical(assessment: Assessment, open_codes: list[str]) -> None:
    medical, accident, death = assessment.case.medical, assessment.case.accident, assessment.death
    assert accident is not None and assessment.law is not None
    certified_by = medical.certified_by if medical is not None else None
    trigger, is_computable = _medical_trigger(assessment)
    if trigger is not None:
        facts: dict[str, Scalar] = {"trigger": trigger, "certified_by": certified_by}
        _ask(
            assessment,
            open_codes,
            "medically_settled",
            "REF_MEDICAL_ADVISOR",
            facts,
            references.CERTIFICATE.on(assessment.event_date),
            is_computable=is_computable,
        )
    elif (
        medical is not None
        and certified_by is not None
        and death is None
        and (medical.disabilities or medical.permanent_total)
    ):
        trigger = "permanent_total" if medical.permanent_total else "disability"
        facts = {"trigger": trigger, "certified_by": certified_by}
        assessment.note("medically_settled", "met", facts, references.CERTIFICATE.on(assessment.event_date))


def certificate_is_confirmed(assessment: Assessment, finding: Finding) -> Stop | None:
    """The last of row 16: one facility's certificate alone does not bring a decision above the officer's limit by a
    line for a disability. An advisor's decision on file settles it, or officers do (amendment 27)."""
    if finding.outcome != "APPROVED" or assessment.death is not None:
        return None
    if not any(one.line in _CERTIFIED_LINES for one in finding.benefits):
        return None
    limit = law_of_payment(assessment).officer_limit
    answered = assessment.case.answered_codes if assessment.case.advice else assessment.answered
    if determined_loss(assessment.case, law_of_payment(assessment)) is not None:
        return None
    if finding.total <= limit.value or "REF_MEDICAL_ADVISOR" in answered:
        return None
    facts: dict[str, Scalar] = {"total": finding.total, "limit": limit.value}
    assessment.note("certificate_confirmed", "undetermined", facts, limit)
    return Stop("REFERRED", ("REF_MEDICAL_ADVISOR",))


def _medical_trigger(assessment: Assessment) -> tuple[str | None, bool]:
    """What needs the advisor (the first that holds), and whether a decision on file would let an amount be computed."""
    medical, accident, death, law = (
        assessment.case.medical,
        assessment.case.accident,
        assessment.death,
        assessment.law,
    )
    assert accident is not None and law is not None
    trigger: str | None = None
    is_computable = True
    is_unclear = accident.cause_unclear or (death is not None and death.cause == "unknown")
    if is_unclear and not is_cause_determined(assessment.case):
        trigger = "cause_unclear"
    if medical is not None and death is None:
        if medical.permanent_total:
            if medical.certified_by is None:
                trigger = trigger or "permanent_total"
        elif medical.disabilities and determined_loss(assessment.case, law) is None:
            loss = loss_of(medical, law)
            is_computable = loss.share is not None
            if medical.certified_by is None or loss.needs_person:
                trigger = trigger or "disability"
    if _awaits_approved_amount(assessment):
        trigger, is_computable = trigger or "approved_amount", False
    return trigger, is_computable


def _awaits_approved_amount(assessment: Assessment) -> bool:
    costs, approved = assessment.case.costs, assessment.case.approved
    if costs is None:
        return False
    return bool(
        (costs.prosthesis and (approved is None or approved.prosthesis is None))
        or (costs.return_to_work and (approved is None or approved.return_to_work is None))
    )


def _accident(assessment: Assessment, open_codes: list[str]) -> None:
    accident, death, law = assessment.case.accident, assessment.death, assessment.law
    assert accident is not None and law is not None
    if accident.kind == "sudden_death":
        hours = death.hours_from_attack if death is not None else None
        _ask(
            assessment,
            open_codes,
            "sudden_death_settled",
            "REF_SUDDEN_DEATH",
            {"hours": hours},
            law.sudden_death_hours,
        )
    elif accident.kind == "occupational_disease":
        _ask(assessment, open_codes, "disease_settled", "REF_PAK", {}, references.DISEASE.on(assessment.event_date))
    elif accident.kind == "violence":
        _ask(
            assessment,
            open_codes,
            "violence_settled",
            "REF_VIOLENCE",
            {},
            references.VIOLENCE.on(assessment.event_date),
        )
    if accident.conduct:
        facts: dict[str, Scalar] = {"conduct": ",".join(accident.conduct)}
        _ask(assessment, open_codes, "conduct_settled", "JKK_CONDUCT", facts, references.CONDUCT)
    if accident.detour:
        _ask(assessment, open_codes, "route_settled", "JKK_ROUTE_CHECK", {}, references.ROUTE)
    if accident.recurrence:
        _ask(assessment, open_codes, "recurrence_settled", "JKK_RECURRENCE", {}, references.CONDUCT)


def _sudden_death_jkm(assessment: Assessment, open_codes: list[str]) -> None:
    """An attack at work and death within the day may be JKK; once something is concluded, rows 10 and 11 answer."""
    death, law = assessment.death, assessment.law
    assert death is not None and law is not None
    if not death.attack_at_work or assessment.case.conclusion is not None:
        return
    hours, limit = death.hours_from_attack, law.sudden_death_hours
    if hours is None or hours < limit.value:
        _ask(assessment, open_codes, "sudden_death_settled", "REF_SUDDEN_DEATH", {"hours": hours}, limit)
