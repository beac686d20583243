"""Row 14: the documents a claim needs, those that are missing, and the identity of the person. Pure."""

from typing import Final

from pipeline.claims.assessment import Assessment, Stop, remembered
from pipeline.claims.benefits.heirs import heir_paper
from pipeline.claims.case import Case
from pipeline.law import references
from pipeline.law.references import Reference
from schemas.claims import Costs
from schemas.codes import PaperName
from schemas.decisions import Check, Scalar

_IDENTIFIED: Final = Check("identity_matches", "met", {}, *references.IDENTITY)
_CODES: Final = {paper: f"DOC_{paper.upper()}_MISSING" for paper in PaperName.__args__}  # type: ignore[attr-defined]

_JKK_ALWAYS: Final[tuple[PaperName, ...]] = ("membership_card", "ktp")


def documents_are_complete(assessment: Assessment) -> Stop | None:
    """Row 14. An identity that does not match comes last; one that was never questioned is not asked for."""
    case = assessment.case
    required = required_documents(assessment)
    held = case.documents
    if _is_share_of_jasa_raharja_unknown(case):
        # The letter may be there, but what it says was paid is not: without that the excess would be paid twice.
        held = held - {"jasa_raharja_letter"}
    missing: tuple[PaperName, ...] = ()
    if not held.issuperset(required):
        missing = tuple(paper for paper in required if paper not in held)
    assessment.trace.append(_complete(len(required), missing, _source(assessment)))
    codes = tuple(_CODES[paper] for paper in missing) if missing else ()
    if case.identity is not None and case.identity.matches:
        assessment.trace.append(_IDENTIFIED)
    elif case.identity is not None or _names_two_persons(assessment):
        assessment.note("identity_matches", "not_met", {}, references.IDENTITY)
        codes += ("DOC_IDENTITY_MISMATCH",)
    assessment.missing = missing
    return Stop("PENDING", codes) if codes else None


def _names_two_persons(assessment: Assessment) -> bool:
    """The claim gives a number and a NIK that do not belong together; the office may say that they do."""
    reference, member = assessment.case.member, assessment.member
    assert reference is not None and member is not None
    if reference.member_number is None or reference.nik is None:
        return False
    return (reference.member_number, reference.nik) != (member.number, member.nik)


@remembered
def _complete(required: int, missing: tuple[PaperName, ...], source: Reference) -> Check:
    facts: dict[str, Scalar] = {"required": required, "missing": ",".join(missing)}
    return Check("papers_complete", "not_met" if missing else "met", facts, *source)


def required_documents(assessment: Assessment) -> tuple[PaperName, ...]:
    """In the order in which they are asked for."""
    return _for_a_death(assessment) if assessment.program == "JKM" else _for_an_accident(assessment)


def _for_a_death(assessment: Assessment) -> tuple[PaperName, ...]:
    assert assessment.death is not None and assessment.standing is not None and assessment.law is not None
    proof: PaperName = "court_letter" if assessment.death.missing_person else "death_certificate"
    letter = tuple(one for one in heir_paper(assessment.case, assessment.law) if one != proof)
    if assessment.standing.segment == "JAKON":
        return (proof, *letter, "project_number")
    return ("membership_card", "ktp", "family_card", proof, *letter)


def _for_an_accident(assessment: Assessment) -> tuple[PaperName, ...]:
    case = assessment.case
    accident, costs = case.accident, case.costs
    assert accident is not None and assessment.law is not None
    death = assessment.death
    is_missing = death is not None and death.missing_person  # nobody saw a body: the rescue agency's letter instead
    required: list[PaperName] = [*_JKK_ALWAYS] if is_missing else [*_JKK_ALWAYS, "doctor_letter"]
    if costs is not None:
        if costs.transport is not None and (costs.transport.land or costs.transport.sea or costs.transport.air):
            required.append("transport_receipt")
        if _asks_for_treatment(costs):
            required.append("treatment_receipt")
    if accident.traffic != "none":
        required.append("police_report")
        if accident.traffic != "single_vehicle" and costs is not None and costs.treatment:
            required.append("jasa_raharja_letter")  # it says what Jasa Raharja paid of the treatment
    assert assessment.standing is not None
    if accident.setting == "commuting":
        if assessment.standing.segment == "PU":  # nobody signs it for a self-employed person
            required.append("attendance")
    elif accident.setting == "duty_travel":
        required.append("assignment_letter")
    if accident.kind == "violence":
        required += ("police_letter", "visum")
    if death is not None:
        required.append("rescue_letter" if is_missing else "death_certificate")
        required += heir_paper(case, assessment.law)
        required.append("family_card")
    return tuple(required)


def _asks_for_treatment(costs: Costs) -> bool:
    return bool(
        costs.treatment or costs.home_care or costs.denture or costs.hearing_aid or costs.glasses or costs.prosthesis
    )


def _is_share_of_jasa_raharja_unknown(case: Case) -> bool:
    accident, costs = case.accident, case.costs
    return (
        costs is not None
        and case.program == "JKK"
        and accident is not None
        and accident.traffic == "several_vehicles"
        and bool(costs.treatment)
        and costs.jasa_raharja_paid is None
    )


def _source(assessment: Assessment) -> Reference:
    assert assessment.law is not None and assessment.standing is not None
    if assessment.program == "JKK":
        return references.JKK_PAPERS[assessment.law.procedure_layer.value]
    is_construction = assessment.standing.segment == "JAKON"
    papers = references.CONSTRUCTION_JKM_PAPERS if is_construction else references.JKM_PAPERS
    return papers.on(assessment.event_date)
