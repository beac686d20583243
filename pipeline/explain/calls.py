"""The message to a member, an employer or a payer about a contribution: short enough for a phone. Pure."""

import datetime as dt
from collections.abc import Sequence

from pipeline.explain import figures
from pipeline.explain.texts import text


def call_message(
    kind: str,
    name: str,
    months: Sequence[str],
    amount: int | None,
    fine: int,
    until: dt.date | None,
    payer: str | None,
    language: str,
) -> str:
    """`kind`: of `pipeline.coverage.calls`. To the payer where one pays in the member's place. Raises NoText."""
    values = {
        "name": name,
        "payer": payer or "",
        "months": _months(months, language),
        "amount": _amount(amount, fine, language),
        "until": figures.day(until, language) if until is not None else "",
    }
    whom = "payer" if payer is not None else "member"
    said = text(language, "calls", "messages", kind)
    greeting = text(language, "calls", "greetings", "employer" if kind == "employer" else whom)
    return f"{greeting} {said} {text(language, 'calls', 'how_to_pay')}".format_map(values)


def call_kind(kind: str, language: str) -> str:
    """In a few words, for a table. Raises NoText."""
    return text(language, "calls", "kinds", kind)


def _months(months: Sequence[str], language: str) -> str:
    first = figures.month(months[0], language)
    return first if len(months) == 1 else f"{first} – {figures.month(months[-1], language)}"


def _amount(amount: int | None, fine: int, language: str) -> str:
    if amount is None:
        return text(language, "calls", "amount_unknown")
    written = figures.rupiah(amount, language)
    return written if not fine else text(language, "calls", "with_fine").format(
        amount=written, fine=figures.rupiah(fine, language)
    )  # fmt: skip
