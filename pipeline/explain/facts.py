"""Kinds of the facts of a check and of the numbers of a formula, and their words.

Two tables that the decision table and the texts must both agree with: a fact that is in neither is a bug.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pipeline.explain import figures
from pipeline.explain.texts import NoText, text

if TYPE_CHECKING:
    from schemas.decisions import Check, Decision

Scalar = str | int | bool | None

# fmt: off
# check -> fact -> kind. `flag` chooses sentences and is never shown; `unused` is for officers' JSON only.
CHECK_FACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "input_consistent": {
        "fields": "fields", "field": "fields", "date": "moment", "writer": "name", "other": "fields",
        "other_date": "moment", "other_writer": "name", "mended_by": "words:sender",
    },
    "not_claimed_before": {"first_claim_id": "name"},
    "law_known": {"event_date": "day", "rule_version": "layers"},
    "segment_in_scope": {
        "segment": "word:segment", "phase": "word:phase", "death": "rupiah", "funeral": "rupiah",
    },
    "registered": {"member_number": "name", "project": "flag"},
    "program_held": {"program": "word:program", "event_date": "day", "since": "day", "until": "day"},
    "cover_started": {"cover_start": "day", "event_date": "day"},
    "contributions_paid": {
        "segment": "word:segment", "unpaid_months": "months", "limit": "months", "backdated": "flag",
        "payer_kind": "word:payer_kind", "payer": "name",
        "owed_months": "month_names", "owed": "rupiah",
    },
    "age_in_range": {"age": "years", "minimum": "years", "age_at_registration": "years"},
    "one_membership": {"memberships": "memberships", "each_pays": "flag", "paid_already": "words:line"},
    "worked_when_registered": {"found_on": "day", "registered_on": "day", "cover_start": "day"},
    "claimed_in_time": {"claim_date": "day", "last_day": "day"},
    "death_not_work_related": {"concluded": "flag", "jkk_claim": "name"},
    "work_related": {
        "concluded_on": "day", "by": "word:determined_by", "determined_on": "day",
    },
    "concluded": {"reported_on": "day", "days": "days", "limit_days": "days"},
    "reported_in_time": {
        "hours": "hours", "limit_hours": "hours", "reported": "flag",
        "by": "word:determined_by", "determined_on": "day",
    },
    "papers_complete": {"required": "papers", "missing": "paper_names"},
    "identity_matches": {},
    "medically_settled": {"trigger": "words:trigger", "certified_by": "word:certified_by"},
    "sudden_death_settled": {"hours": "hours"},
    "disease_settled": {},
    "violence_settled": {},
    "conduct_settled": {"conduct": "words:conduct"},
    "route_settled": {},
    "recurrence_settled": {},
    "missing_person_settled": {},
    "heirs_qualified": {},
    "self_inflicted_settled": {},
    "determination_final": {"by": "word:determined_by", "determined_on": "day", "liable": "word:liable"},
    "missing_at_work_settled": {},
    "court_decision_confirmed": {"ruling": "word:court_ruling", "decided_on": "day"},
    "wage_known": {"wage": "rupiah", "basis": "word:basis", "month": "month"},
    "one_law": {"accident_on": "day", "died_on": "day"},
    "no_prior_disability": {},
    "waiting_transition": {"cover_start": "day", "died_on": "day"},
    "child_choice": {"children": "children", "limit": "children"},
    "wage_steady": {
        "reported_on": "day", "wage": "rupiah", "wage_before": "rupiah", "total": "rupiah", "total_before": "rupiah",
    },
    "waiting_period_over": {"cover_start": "day", "full_from": "day", "died_on": "day"},
    "heir_known": {"heir": "word:heir"},
    "certificate_confirmed": {"total": "rupiah", "limit": "rupiah"},
    "facts_confirmed": {},
    "one_source": {"sections": "words:section", "writer": "name", "other": "name"},
    "member_confirmed": {"office": "name"},
    "payment_deadline": {"pay_by": "day"},
    "second_hand": {"officer": "name", "moves": "rupiah", "limit": "rupiah", "replaced": "name"},
}

# any check may say that an advisor or an officer settled it
COMMON_FACTS: Final[Mapping[str, str]] = {"settled": "flag"}

FORMULA_NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "fixed_amount": {"amount": "rupiah"},
    "periodic": {"months": "months", "monthly": "rupiah"},
    "multiple_of_wage": {"multiplier": "count", "wage": "rupiah"},
    "minimum_applied": {"multiplier": "count", "wage": "rupiah", "minimum": "rupiah"},
    "percent_of_multiple": {"percent": "percent", "multiplier": "count", "wage": "rupiah"},
    "stmb": {
        "wage": "rupiah", "days": "days", "days_1": "days", "percent_1": "percent", "days_2": "days",
        "percent_2": "percent", "days_3": "days", "percent_3": "percent",
    },
    "capped_cost": {"cost": "rupiah", "cap": "rupiah"},
    "transport": dict.fromkeys(("land", "land_cap", "sea", "sea_cap", "air", "air_cap"), "rupiah"),
    "homecare": {"cost": "rupiah", "months": "months", "max_months": "months", "cap": "rupiah"},
    "scholarship_flat": {"amount": "rupiah"},
    "scholarship_year": {
        "children": "children", "level_1": "word:level", "amount_1": "rupiah", "level_2": "word:level",
        "amount_2": "rupiah", "cap_child": "rupiah", "cap_family": "rupiah",
        **{f"yearly_{level}": "rupiah" for level in ("tk", "sd", "smp", "sma", "pt", "training")},
        **{f"years_{level}": "years" for level in ("tk", "sd", "smp", "sma", "pt", "training")},
    },
    "excess": {"bill": "rupiah", "paid": "rupiah"},
    "approved_on_file": {"amount": "rupiah", "asked": "rupiah"},
    "late_payment": {
        "sum": "rupiah", "days": "days", "percent": "percent", "deadline": "day", "paid_on": "day",
    },
    "decided_by_officer": {"amount": "rupiah", "computed": "rupiah"},
}

# formula -> what `arithmetic.derived` works out from its numbers, so that a sentence can say it
DERIVED_NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "multiple_of_wage": {"is_rounded": "flag"},
    "percent_of_multiple": {"is_rounded": "flag"},
    "stmb": {"is_rounded": "flag"},
    "late_payment": {"is_rounded": "flag"},
    "capped_cost": {"is_capped": "flag"},
    "homecare": {"is_longer": "flag", "is_capped": "flag", "is_rounded": "flag"},
    "transport": {"land_paid": "rupiah", "sea_paid": "rupiah", "air_paid": "rupiah", "has_several": "flag"},
    "scholarship_year": {"has_several": "flag"},
}
# fmt: on

_UNITS: Final = frozenset({"months", "days", "hours", "years", "children", "papers", "memberships"})
KINDS: Final = _UNITS | {
    "flag",
    "unused",
    "name",
    "count",
    "day",
    "moment",
    "month",
    "month_names",
    "rupiah",
    "percent",
    "fields",
    "layers",
    "paper_names",
}


def in_words(value: Scalar, kind: str, language: str) -> str:
    """One fact as the words of a sentence. Raises NoText for a code without a word."""
    assert value is not None
    if kind in _UNITS:
        return figures.counted(str(value), kind, language)
    if kind.startswith("word"):
        vocabulary = kind.partition(":")[2]
        codes = str(value).split(",") if kind.startswith("words:") else [str(value)]
        return figures.listed([text(language, "words", vocabulary, code) for code in codes], language)
    match kind:
        case "rupiah":
            return figures.rupiah(str(value), language)
        case "day":
            return figures.day(str(value), language)
        case "moment":
            return figures.moment(str(value), language)
        case "month":
            return figures.month(str(value), language)
        case "month_names":
            return figures.listed([figures.month(one, language) for one in str(value).split(",")], language)
        case "percent":
            return figures.percent(str(value), language)
        case "paper_names":
            return listed_codes(str(value).split(","), "paper", language)
        case "fields":
            return listed_codes(str(value).split(","), "field", language)
        case "layers":
            return rule_version_text(str(value), language)
        case "name" | "count":
            return str(value)
        case _:
            raise AssertionError(f"a fact of kind {kind!r} is not shown")


def listed_codes(codes: Sequence[str], vocabulary: str, language: str) -> str:
    """`("ktp", "visum")` -> `KTP … dan visum et repertum`. Raises NoText."""
    return figures.listed([text(language, "words", vocabulary, code) for code in codes], language)


def rule_version_text(rule_version: str, language: str) -> str:
    """`B2_PP82+P2_PMK5_2021` -> the regulations by name. Raises NoText for a layer without a name."""
    names = [text(language, "words", "layer", layer) for layer in rule_version.split("+")]
    return text(language, "words", "figures", "with").join(names)


def sentences(
    items: Sequence[Any], values: Mapping[str, Scalar], kinds: Mapping[str, str], language: str, **ready: str
) -> list[str]:
    """The items whose facts are all there, filled. `ready` are values that are words already.

    An item is a text, or a text under `say` with a condition: `if` a fact is there and not false or 0, `unless` it is.
    """
    found = []
    for item in items:
        if isinstance(item, Mapping):
            if ("if" in item and not values.get(item["if"])) or ("unless" in item and values.get(item["unless"])):
                continue
            item = item["say"]
        named = placeholders(item)
        if all(ready.get(name) or _is_shown(values.get(name), kinds.get(name)) for name in named):
            shown = {name: ready.get(name) or in_words(values[name], kinds[name], language) for name in named}
            found.append(item.format_map(shown))
    return found


def _is_shown(value: Scalar, kind: str | None) -> bool:
    return value not in (None, "") and kind not in (None, "flag", "unused")


def placeholders(sentence: str) -> list[str]:
    """`"{months} × {monthly}"` -> `["months", "monthly"]`. The texts use nothing but plain names in braces."""
    return [part.partition("}")[0] for part in sentence.split("{")[1:]]


def facts_of(check: "Check", decision: "Decision") -> dict[str, Scalar]:
    """The facts of a check, with those in the head of its decision."""
    head: dict[str, Scalar] = {
        "event_date": decision.event_date.isoformat(),
        "rule_version": decision.rule_version,
        "member_number": decision.member_number,
        "program": decision.program,
    }
    asked = CHECK_FACTS.get(check.check, {})
    return {name: value for name, value in head.items() if name in asked} | check.facts


def kinds_of_facts(check: str, facts: Mapping[str, Scalar], language: str) -> dict[str, str]:
    """The kind of each fact of a check. Raises NoText for a check or a fact that is not in the table."""
    if check not in CHECK_FACTS:
        raise NoText(language, "checks", check)
    return _covering({**COMMON_FACTS, **CHECK_FACTS[check]}, facts, language, "checks", check)


def kinds_of_numbers(formula: str, numbers: Mapping[str, Scalar], language: str) -> dict[str, str]:
    """The kind of each number of a formula, derived ones included. Raises NoText as `kinds_of_facts` does."""
    if formula not in FORMULA_NUMBERS:
        raise NoText(language, "formulas", formula)
    kinds = {**FORMULA_NUMBERS[formula], **DERIVED_NUMBERS.get(formula, {})}
    return _covering(kinds, numbers, language, "formulas", formula)


def _covering(
    kinds: dict[str, str], values: Mapping[str, Scalar], language: str, room: str, code: str
) -> dict[str, str]:
    for name in values:
        if name not in kinds:
            raise NoText(language, room, code, name)
    return kinds
