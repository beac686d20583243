"""Uses of each number of the law: found and written by `python -m tests.law.uses`. Pure.

A number that is not here is kept for its source and decides nothing yet.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Use(NamedTuple):
    """`areas`: of the engine. `codes`, `lines`: reason codes and benefit lines that depend on the number."""

    areas: tuple[str, ...]
    codes: tuple[str, ...]
    lines: tuple[str, ...]


# ruff: noqa: E501
# fmt: off
USES: Final[Mapping[str, Use]] = {
    "age_light_work_until": Use(("contributions", "rules",), ("MEM_AGE_CHECK",), ()),
    "age_minimum": Use(("contributions", "rules",), ("MEM_AGE", "MEM_MULTIPLE", "MEM_AGE_CHECK", "DOC_MEMBERSHIP_CARD_MISSING",), ("jkm_death", "periodic",)),
    "benefit_layer": Use(("rules",), ("RULE_STRADDLE",), ()),
    "bpu_arrears_limit_months": Use(("cover", "rules",), ("MEM_SAME_DAY", "MEM_LAPSED", "MEM_BPU_ARREARS_1_TO_3",), ()),
    "bpu_contribution_jkm": Use(("contributions",), (), ()),
    "bpu_contribution_percent_jht": Use(("contributions",), (), ()),
    "bpu_contribution_percent_jkk": Use(("contributions",), (), ()),
    "bpu_income_table": Use(("benefits", "contributions", "rules", "wage",), ("REV_SECOND_OFFICER", "REF_MEDICAL_ADVISOR",), ("jkk_death", "stmb", "partial_disability", "permanent_total",)),
    "bpu_registration_age_limit": Use(("contributions", "rules",), ("MEM_AGE_CHECK", "MEM_WORK_CHECK", "JKM_BPU_WAIT_TRANSITION", "WAGE_JUMP",), ()),
    "bpu_wait_months": Use(("rules",), ("JKM_BPU_WAIT_TRANSITION", "JKM_BPU_WAIT_3M", "HEIR_NONE_TO_FUND",), ()),
    "bpu_work_check_months": Use(("rules",), ("MEM_WORK_CHECK",), ()),
    "child_age_limit": Use(("benefits",), ("BEN_CHILD_CHOICE", "BEN_CHILD_NOT_ELIGIBLE", "BEN_SCHOLARSHIP_TENURE_SHORT",), ("scholarship_year_1",)),
    "child_work_exceptions": Use(("benefits",), ("BEN_CHILD_NOT_ELIGIBLE",), ()),
    "claim_date_trusted_days": Use(("rules",), ("CLM_EXPIRED",), ()),
    "conclusion_days": Use(("rules",), ("JKK_UNDER_CONCLUSION", "JKK_CONCLUSION_OVERDUE",), ()),
    "construction_contract_rates": Use(("contributions",), (), ()),
    "construction_daily_wage_days": Use(("wage",), (), ("jkk_death", "stmb",)),
    "construction_wage_rate": Use(("contributions",), (), ()),
    "contribution_due_day": Use(("calendar",), ("MEM_BPU_ARREARS_1_TO_3", "MEM_PAYER_ARREARS", "MEM_PU_ARREARS_GT3", "MEM_BACKDATED_PAYMENT", "MEM_WORK_CHECK", "JKM_BPU_WAIT_TRANSITION", "MEM_PU_ARREARS_LE3",), ()),
    "contribution_rate_jht": Use(("contributions",), (), ()),
    "contribution_rate_jkk": Use(("contributions",), (), ()),
    "contribution_rate_jkm": Use(("contributions",), (), ()),
    "contribution_rate_jp": Use(("contributions",), (), ()),
    "contribution_relief": Use(("contributions",), (), ()),
    "daily_wage_days": Use(("wage",), (), ("stmb",)),
    "denture_cap": Use(("benefits",), ("BEN_CAPPED",), ("denture",)),
    "disability_cap_percent": Use(("benefits",), ("BEN_CAPPED",), ("partial_disability",)),
    "disability_table": Use(("benefits",), ("REV_SECOND_OFFICER", "REF_MEDICAL_ADVISOR", "BEN_CAPPED",), ("partial_disability",)),
    "disease_cover_years": Use(("cover", "rules",), ("MEM_PROGRAM_NOT_HELD",), ()),
    "funeral": Use(("benefits",), (), ("funeral", "late_payment_compensation",)),
    "glasses_cap": Use(("benefits",), ("BEN_CAPPED",), ("glasses",)),
    "hearing_aid_cap": Use(("benefits",), ("BEN_CAPPED",), ("hearing_aid",)),
    "heirs_order": Use(("benefits",), (), ()),
    "homecare_cap": Use(("benefits",), ("BEN_CAPPED",), ("homecare",)),
    "homecare_max_months": Use(("benefits",), ("BEN_CAPPED",), ("homecare",)),
    "jkk_death_minimum": Use(("benefits",), ("WAGE_JUMP", "BEN_MINIMUM_APPLIED",), ("jkk_death",)),
    "jkk_death_multiplier": Use(("benefits",), ("REV_SECOND_OFFICER", "WAGE_JUMP", "BEN_MINIMUM_APPLIED",), ("jkk_death",)),
    "jkk_expiry_years": Use(("rules",), ("CLM_EXPIRED", "CLM_EXPIRY_TRANSITION",), ()),
    "jkm_death": Use(("benefits",), (), ("jkm_death", "late_payment_compensation",)),
    "jkm_lines_once_a_person": Use(("payouts", "rules",), ("MEM_MULTIPLE",), ()),
    "jp_wage_limit": Use(("contributions",), (), ()),
    "late_fine_percent": Use(("contributions",), (), ()),
    "late_payment_percent_per_day": Use(("rules",), (), ("late_payment_compensation",)),
    "late_report_liability": Use(("rules",), ("REP_LATE_EMPLOYER_LIABLE",), ()),
    "officer_limit": Use(("rules",), ("REV_SECOND_OFFICER", "REF_MEDICAL_ADVISOR",), ()),
    "partial_multiplier": Use(("benefits",), ("REV_SECOND_OFFICER", "REF_MEDICAL_ADVISOR",), ("partial_disability",)),
    "payment_working_days_jkk": Use(("calendar", "rules",), ("PAY_LATE_COMPENSATION",), ("late_payment_compensation",)),
    "payment_working_days_jkm": Use(("calendar", "rules",), ("PAY_LATE_COMPENSATION",), ("late_payment_compensation",)),
    "periodic_monthly": Use(("benefits",), ("REF_MEDICAL_ADVISOR",), ("periodic", "late_payment_compensation",)),
    "periodic_months": Use(("benefits",), ("REF_MEDICAL_ADVISOR",), ("periodic", "late_payment_compensation",)),
    "permanent_total_multiplier": Use(("benefits",), ("REF_MEDICAL_ADVISOR",), ("permanent_total",)),
    "piece_wage_months": Use(("benefits", "wage",), ("WAGE_JUMP",), ("jkk_death", "stmb",)),
    "pmi_death": Use(("rules",), (), ("funeral",)),
    "procedure_layer": Use(("rules",), (), ()),
    "programs_allowed": Use(("contributions",), (), ()),
    "project_unnamed_workers": Use(("rules",), ("MEM_PROJECT_UNNAMED",), ()),
    "pu_arrears_limit_months": Use(("cover", "rules",), ("MEM_PU_ARREARS_GT3", "MEM_BACKDATED_PAYMENT", "MEM_PU_ARREARS_LE3",), ()),
    "public_holidays": Use(("calendar",), (), ()),
    "recovery_days": Use(("payouts",), (), ()),
    "registration_wait_hours": Use(("intake",), (), ()),
    "scholarship_cap_child": Use(("benefits",), (), ()),
    "scholarship_cap_total": Use(("benefits",), (), ()),
    "scholarship_flat": Use(("benefits",), (), ("scholarship",)),
    "scholarship_max_children": Use(("benefits",), ("BEN_CHILD_CHOICE",), ("scholarship_year_1",)),
    "scholarship_tenure_months": Use(("benefits",), ("BEN_SCHOLARSHIP_TENURE_SHORT",), ()),
    "scholarship_yearly": Use(("benefits",), ("REF_MEDICAL_ADVISOR",), ("scholarship_year_1",)),
    "stage1_report_hours": Use(("rules",), ("REP_LATE_EMPLOYER_LIABLE",), ()),
    "stmb_tranches": Use(("benefits",), ("REV_SECOND_OFFICER",), ("stmb", "late_payment_compensation",)),
    "sudden_death_hours": Use(("rules",), ("REF_SUDDEN_DEATH",), ()),
    "transport_cap_air": Use(("benefits",), ("BEN_CAPPED",), ("transport",)),
    "transport_cap_land": Use(("benefits",), ("BEN_CAPPED",), ("transport",)),
    "transport_cap_sea": Use(("benefits",), ("BEN_CAPPED",), ("transport",)),
    "wage_jump_months": Use(("wage",), ("WAGE_JUMP",), ()),
    "wage_jump_percent": Use(("rules", "wage",), ("WAGE_JUMP",), ()),
    "weather_wage_months": Use(("benefits", "wage",), (), ("stmb",)),
}
