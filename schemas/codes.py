"""Every code of a decision, once: outcomes, reasons, benefit lines, papers, checks, payees.

The order of `REASONS` is the order of the codes in a decision (clarifications, "Results").
Texts for people are in `pipeline/explain`; a test holds that each code has both languages.
"""

from typing import Final, Literal, get_args

Outcome = Literal["APPROVED", "REJECTED", "REFERRED", "PENDING"]
Program = Literal["JKK", "JKM", "JHT", "JP"]
ClaimProgram = Literal["JKK", "JKM"]
Segment = Literal["PU", "BPU", "JAKON", "PMI"]

# fmt: off
PaperName = Literal[
    "membership_card", "ktp", "doctor_letter", "transport_receipt", "treatment_receipt", "police_report",
    "jasa_raharja_letter", "attendance", "assignment_letter", "police_letter", "visum", "death_certificate",
    "heir_letter", "family_card", "project_number", "court_letter", "rescue_letter",
]

LineCode = Literal[
    "jkk_death", "jkm_death", "periodic", "funeral", "scholarship", "scholarship_year_1", "stmb",
    "partial_disability", "permanent_total", "transport", "homecare", "denture", "hearing_aid", "glasses",
    "prosthesis", "return_to_work", "medical_excess", "late_payment_compensation",
]

# The outcomes that move money; a claim keeps what its latest effective decision pays.
EFFECTIVE: Final = ("APPROVED", "REJECTED")

# The lines that a death pays once. Without an heir, or in the waiting time, it is the funeral alone.
DEATH_LINES: Final = frozenset({"jkk_death", "jkm_death", "funeral"})
LATE_PAYMENT: Final = "late_payment_compensation"  # owed for each claim that was paid late; no benefit of the event

# How sure we are of the text of the law, the surest first (rules.md, "Markers").
Marker = Literal["VERIFIED", "VERIFIED-2", "RECALLED", "DESIGN"]
MARKERS: Final[tuple[Marker, ...]] = get_args(Marker)

Payee = Literal["member", "heirs", "employer", "funeral_arranger", "children"]

# What a claim asks for (clarifications, "Input and duplicates"): two claims for one event are compared by these.
BenefitKind = Literal[
    "death", "temporary_disability", "partial_disability", "permanent_total", "transport", "treatment", "homecare",
    "denture", "hearing_aid", "glasses", "prosthesis", "return_to_work",
]

CheckResult = Literal["met", "not_met", "undetermined"]

# row of the decision table (rules.md section 8) -> its codes in their order; row 0 is what an officer's review,
# a membership fact that came later, or another hand in the claim makes of it before the table is walked
REASONS: Final[dict[int, tuple[str, ...]]] = {
    0: (
        "REV_SECOND_OFFICER", "REV_REJECTED", "REV_NEW_FACTS", "DOC_REQUESTED", "MEM_CHANGED_LATER",
        "CLM_OTHER_SOURCE", "CLM_OTHER_MEMBER",
    ),
    1: ("VAL_DATES_CONTRADICT",),
    2: ("CLM_DUPLICATE", "CLM_SAME_EVENT"),
    3: ("RULE_BEFORE_2015_07_01",),
    4: ("SEG_PMI_OUT_OF_SCOPE",),
    5: ("MEM_NOT_REGISTERED", "MEM_PROGRAM_NOT_HELD", "MEM_PROJECT_UNNAMED"),
    6: ("MEM_NOT_COVERED_YET", "MEM_SAME_DAY"),
    7: ("MEM_LAPSED", "MEM_BPU_ARREARS_1_TO_3", "MEM_PAYER_ARREARS", "MEM_PU_ARREARS_GT3",
        "MEM_BACKDATED_PAYMENT", "MEM_BACKDATED_FACT"),
    8: ("MEM_AGE", "MEM_NOT_WORKING", "MEM_MULTIPLE", "MEM_AGE_CHECK", "MEM_WORK_CHECK"),
    9: ("CLM_EXPIRED", "CLM_EXPIRY_TRANSITION"),
    10: ("JKM_WORK_RELATED",),
    11: ("JKK_NOT_WORK_RELATED",),
    12: ("JKK_UNDER_CONCLUSION", "JKK_CONCLUSION_OVERDUE"),
    13: ("REP_LATE_EMPLOYER_LIABLE",),
    14: (
        "DOC_MEMBERSHIP_CARD_MISSING", "DOC_KTP_MISSING", "DOC_DOCTOR_LETTER_MISSING",
        "DOC_TRANSPORT_RECEIPT_MISSING", "DOC_TREATMENT_RECEIPT_MISSING", "DOC_POLICE_REPORT_MISSING",
        "DOC_JASA_RAHARJA_LETTER_MISSING", "DOC_ATTENDANCE_MISSING", "DOC_ASSIGNMENT_LETTER_MISSING",
        "DOC_POLICE_LETTER_MISSING", "DOC_VISUM_MISSING", "DOC_DEATH_CERTIFICATE_MISSING",
        "DOC_HEIR_LETTER_MISSING", "DOC_FAMILY_CARD_MISSING", "DOC_PROJECT_NUMBER_MISSING",
        "DOC_COURT_LETTER_MISSING", "DOC_RESCUE_LETTER_MISSING", "DOC_IDENTITY_MISMATCH",
    ),
    15: (
        "REF_MEDICAL_ADVISOR", "REF_SUDDEN_DEATH", "REF_PAK", "REF_VIOLENCE", "JKK_CONDUCT", "JKK_ROUTE_CHECK",
        "JKK_RECURRENCE", "JKM_MISSING", "HEIR_DISQUALIFIED", "JKK_SELF_INFLICTED", "DET_APPEALED", "JKK_MISSING",
        "HEIR_COURT_DECISION",
    ),
    16: (
        "WAGE_UNKNOWN", "RULE_STRADDLE", "BEN_PRIOR_DISABILITY", "JKM_BPU_WAIT_TRANSITION", "BEN_CHILD_CHOICE",
        "WAGE_JUMP",
    ),
    17: ("OK_PARTIAL", "JKM_BPU_WAIT_3M"),
    18: ("OK_PARTIAL", "HEIR_NONE_TO_FUND"),
    19: (
        "OK", "BEN_CAPPED", "BEN_MINIMUM_APPLIED", "BEN_CHILD_NOT_ELIGIBLE", "BEN_SCHOLARSHIP_TENURE_SHORT",
        "MEM_PU_ARREARS_LE3", "COORD_JASA_RAHARJA", "MEM_BACKDATED_PAYMENT", "BEN_NOT_COVERED",
        "PAY_LATE_COMPENSATION", "REV_CHANGED",
    ),
}

# Decided no more; decisions that were made before carry them, so they are still read and explained.
FORMER_REASONS: Final = ("VAL_BAD_INPUT", "CLM_JKM_OLD")

# Referrals that are no decision of the table; the decision and the money stay.
APPEALED: Final = "CLM_APPEALED"
PAYMENT_FAILED: Final = "PAY_FAILED"

# Every check of the trace, in the order of the decision table.
CHECKS: Final[tuple[str, ...]] = (
    "input_consistent", "not_claimed_before", "law_known", "segment_in_scope", "registered", "program_held",
    "cover_started", "contributions_paid", "age_in_range", "one_membership", "worked_when_registered",
    "claimed_in_time", "death_not_work_related", "work_related", "concluded", "reported_in_time", "papers_complete",
    "identity_matches", "medically_settled", "sudden_death_settled", "disease_settled", "violence_settled",
    "conduct_settled", "route_settled", "recurrence_settled", "missing_person_settled", "heirs_qualified",
    "self_inflicted_settled", "determination_final", "missing_at_work_settled", "court_decision_confirmed",
    "wage_known", "one_law", "no_prior_disability", "waiting_transition", "child_choice", "wage_steady",
    "waiting_period_over", "heir_known", "certificate_confirmed", "facts_confirmed", "one_source", "member_confirmed",
    "payment_deadline", "second_hand",
)
