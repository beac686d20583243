"""The question that a referral code puts to an officer, in one sentence, with what answers it: sections and papers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from pipeline.explain.facts import facts_of, kinds_of_facts, sentences
from pipeline.explain.texts import NoText, find

if TYPE_CHECKING:
    from schemas.decisions import Decision


class Asked(NamedTuple):
    """`check`: whose facts the sentence may name; empty: none. `sections`: of the claim, and `papers`: by their kind,
    that answer it, with spaces between; * for all."""

    check: str = ""
    sections: str = ""
    papers: str = ""


_ACCIDENT: Final = "accident report conclusion"
# fmt: off
ASKED: Final[Mapping[str, Asked]] = {
    "REV_SECOND_OFFICER": Asked("second_hand", "*", "*"),
    "REV_NEW_FACTS": Asked("", "*", "*"),
    "MEM_CHANGED_LATER": Asked(),
    "CLM_OTHER_SOURCE": Asked("one_source", "*"),
    "CLM_OTHER_MEMBER": Asked("member_confirmed", "identity", "ktp membership_card family_card"),
    "CLM_SAME_EVENT": Asked("not_claimed_before", "accident medical costs death"),
    "RULE_BEFORE_2015_07_01": Asked("", "accident death claimed"),
    "SEG_PMI_OUT_OF_SCOPE": Asked("segment_in_scope", "accident death employment"),
    "MEM_PROJECT_UNNAMED": Asked("registered", "employment project_dues accident",
                                 "project_number attendance assignment_letter"),
    "MEM_SAME_DAY": Asked("cover_started", "accident death"),
    "MEM_BPU_ARREARS_1_TO_3": Asked("contributions_paid"),
    "MEM_PAYER_ARREARS": Asked("contributions_paid"),
    "MEM_PU_ARREARS_GT3": Asked("contributions_paid", "employment"),
    "MEM_BACKDATED_PAYMENT": Asked("facts_confirmed", "employment"),
    "MEM_BACKDATED_FACT": Asked("facts_confirmed", "employment"),
    "MEM_MULTIPLE": Asked("one_membership", "employment"),
    "MEM_AGE_CHECK": Asked("age_in_range", "identity", "ktp family_card"),
    "MEM_WORK_CHECK": Asked("worked_when_registered", "working_found employment death", "attendance assignment_letter"),
    "CLM_EXPIRY_TRANSITION": Asked("claimed_in_time", "claimed accident death"),
    "JKK_CONCLUSION_OVERDUE": Asked("concluded", _ACCIDENT, "police_report attendance assignment_letter"),
    "REP_LATE_EMPLOYER_LIABLE": Asked("reported_in_time", "report accident determination", "police_report attendance"),
    "DOC_IDENTITY_MISMATCH": Asked("identity_matches", "identity", "ktp family_card"),
    "REF_MEDICAL_ADVISOR": Asked("medically_settled", "medical advice approved costs", "doctor_letter visum"),
    "REF_SUDDEN_DEATH": Asked("sudden_death_settled", "death accident medical advice",
                              "doctor_letter visum death_certificate"),
    "REF_PAK": Asked("disease_settled", "accident medical advice", "doctor_letter"),
    "REF_VIOLENCE": Asked("violence_settled", _ACCIDENT, "police_letter police_report visum"),
    "JKK_CONDUCT": Asked("conduct_settled", "accident advice", "police_letter police_report"),
    "JKK_ROUTE_CHECK": Asked("route_settled", _ACCIDENT, "police_report assignment_letter attendance"),
    "JKK_RECURRENCE": Asked("recurrence_settled", "accident medical advice", "doctor_letter"),
    "JKM_MISSING": Asked("missing_person_settled", "death", "court_letter rescue_letter"),
    "HEIR_DISQUALIFIED": Asked("heirs_qualified", "death heirs", "police_letter heir_letter court_letter"),
    "JKK_SELF_INFLICTED": Asked("self_inflicted_settled", "accident death medical", "police_letter visum"),
    "DET_APPEALED": Asked("determination_final", "determination accident"),
    "JKK_MISSING": Asked("missing_at_work_settled", "death accident", "court_letter rescue_letter"),
    "HEIR_COURT_DECISION": Asked("court_decision_confirmed", "court_decision heirs", "court_letter heir_letter"),
    "WAGE_UNKNOWN": Asked("wage_known", "employment"),
    "RULE_STRADDLE": Asked("one_law", "accident death"),
    "BEN_PRIOR_DISABILITY": Asked("no_prior_disability", "medical advice", "doctor_letter"),
    "JKM_BPU_WAIT_TRANSITION": Asked("waiting_transition", "death"),
    "BEN_CHILD_CHOICE": Asked("child_choice", "children heirs", "family_card heir_letter"),
    "WAGE_JUMP": Asked("wage_steady", "employment"),
    "CLM_JKM_OLD": Asked("", "death claimed"),  # asked no more; an old referral may still be open
    "CLM_APPEALED": Asked("", "*", "*"),
    "PAY_FAILED": Asked("", "identity heirs", "ktp family_card heir_letter"),
}
# fmt: on


def question(code: str, language: str, decision: "Decision | None" = None) -> str:
    """One sentence, with the figures of the decision's check where it has them. Raises NoText."""
    asked = ASKED.get(code)
    if asked is None:
        raise NoText(language, "questions", code)
    said = find(language, "questions", code)
    items = [said] if isinstance(said, str) else list(said)
    facts = {}
    if decision is not None and asked.check:
        facts = next((facts_of(one, decision) for one in decision.trace if one.check == asked.check), {})
    kinds = kinds_of_facts(asked.check, facts, language) if asked.check else {}
    found = sentences(items, facts, kinds, language)
    if not found:
        raise NoText(language, "questions", code)
    return found[0]
