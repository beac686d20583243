"""Exact money: whole rupiah out of exact fractions, rounded half up once, at the end of a line. Never a float."""

from fractions import Fraction


def rounded(numerator: int, denominator: int) -> int:
    """`numerator / denominator` as whole rupiah, half a rupiah up. Both are positive or the numerator is 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def times(wage: Fraction, numerator: int, denominator: int = 1) -> int:
    """`wage` x `numerator` / `denominator` in whole rupiah, rounded once."""
    over, under = wage.as_integer_ratio()
    return rounded(over * numerator, under * denominator)


def exact_text(amount: Fraction) -> int | str:
    """A whole amount as an int, any other as text: "3333333 1/3"."""
    over, under = amount.as_integer_ratio()
    if under == 1:
        return over
    whole, rest = divmod(over, under)
    return f"{whole} {rest}/{under}"


def percent_text(share: int) -> str:
    """A share in millionths as percent: 130_000 -> "13", 45_000 -> "4.5"."""
    whole, rest = divmod(share, 10_000)
    return f"{whole}.{rest:04}".rstrip("0") if rest else str(whole)
