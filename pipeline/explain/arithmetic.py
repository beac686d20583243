"""Works out the numbers of a formula, exactly, and what a sentence says beside the numbers themselves.

This is no second calculation of benefits: it only follows the formula that a line names, so that a reader learns
when a sum was rounded or cut, and so that a test can hold every line to its own numbers.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from pipeline.explain.facts import Scalar

MODES: Final = ("land", "sea", "air")
_MONTH_DAYS: Final = 30  # temporary disability counts months of thirty days


def exact(formula: str, numbers: Mapping[str, Any]) -> Fraction:
    """Rupiah before rounding. Raises KeyError for a formula that is not known."""
    return Fraction(_FORMULAS[formula](numbers))


def derived(formula: str, numbers: Mapping[str, Any], amount: int) -> dict[str, Scalar]:
    """Flags and numbers for the sentences of a formula; `facts.DERIVED_NUMBERS` lists them."""
    match formula:
        case "multiple_of_wage" | "percent_of_multiple" | "stmb" | "late_payment":
            return {"is_rounded": exact(formula, numbers) != amount}
        case "capped_cost":
            return {"is_capped": numbers["cost"] > numbers["cap"]}
        case "homecare":
            share = _covered_share(numbers)
            return {
                "is_longer": numbers["months"] > numbers["max_months"],
                "is_capped": share > numbers["cap"],
                "is_rounded": exact(formula, numbers) != amount,
            }
        case "transport":
            modes = [mode for mode in MODES if mode in numbers]
            paid: dict[str, Scalar] = {f"{mode}_paid": min(numbers[mode], numbers[f"{mode}_cap"]) for mode in modes}
            return {**paid, "has_several": len(modes) > 1}
        case "scholarship_year":
            return {"has_several": numbers["children"] > 1}
        case _:
            return {}


def _wage(numbers: Mapping[str, Any]) -> Fraction:
    """`4000000`, or the exact text `"3333333 1/3"`."""
    return sum((Fraction(part) for part in str(numbers["wage"]).split()), Fraction(0))


def _percent(numbers: Mapping[str, Any], name: str = "percent") -> Fraction:
    """`4`, or `"4.5"`, as a share of the whole."""
    return Fraction(str(numbers[name])) / 100


def _stmb(numbers: Mapping[str, Any]) -> Fraction:
    tranches = [place for place in "123" if f"days_{place}" in numbers]
    percent_days = sum(
        (numbers[f"days_{place}"] * _percent(numbers, f"percent_{place}") for place in tranches), Fraction(0)
    )
    return _wage(numbers) * percent_days / _MONTH_DAYS


def _covered_share(numbers: Mapping[str, Any]) -> Fraction:
    """What of the cost of home care falls into the months that are covered."""
    return Fraction(numbers["cost"] * min(numbers["months"], numbers["max_months"]), numbers["months"])


_FORMULAS: Final[Mapping[str, Callable[[Mapping[str, Any]], Fraction | int]]] = {
    "fixed_amount": lambda n: n["amount"],
    "periodic": lambda n: n["months"] * n["monthly"],
    "multiple_of_wage": lambda n: _wage(n) * n["multiplier"],
    "minimum_applied": lambda n: n["minimum"],
    "percent_of_multiple": lambda n: _percent(n) * n["multiplier"] * _wage(n),
    "stmb": _stmb,
    "capped_cost": lambda n: min(n["cost"], n["cap"]),
    "transport": lambda n: sum(min(n[mode], n[f"{mode}_cap"]) for mode in MODES if mode in n),
    "homecare": lambda n: min(_covered_share(n), Fraction(n["cap"])),
    "scholarship_flat": lambda n: n["amount"],
    "scholarship_year": lambda n: sum(n.get(f"amount_{place}", 0) for place in "12"),
    "excess": lambda n: max(n["bill"] - n["paid"], 0),
    "approved_on_file": lambda n: n["amount"],
    "late_payment": lambda n: _percent(n) * n["days"] * n["sum"],
    "decided_by_officer": lambda n: n["amount"],
}
