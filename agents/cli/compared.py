"""Prints things as known at a time beside what is known now: each difference is marked and said in words."""

import datetime as dt
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import typer

from agents.terminal import plain, text_width

if TYPE_CHECKING:
    from pipeline.operations.known import Compared

_NARROWEST = 40


def require_known_past(known_on: dt.datetime) -> None:
    if known_on > dt.datetime.now(dt.UTC):
        raise typer.BadParameter("--known-on lies after now; give a time that has come, such as today's now")


def known_moment(known_on: dt.datetime, lang: Literal["id", "en"]) -> str:
    from pipeline.explain.figures import moment
    from schemas.clock import JAKARTA

    return moment(known_on.astimezone(JAKARTA).isoformat(timespec="minutes"), lang)


def print_compared(rows: "Sequence[Compared]", differences: int, lang: Literal["id", "en"]) -> None:
    from pipeline.explain.known import known_text

    title = None
    for row in rows:
        if row.title != title:
            title = row.title
            print(f"\n{plain(title[0].upper() + title[1:])}")
        if not row.is_different:
            _print_wrapped(f"  {row.label}: {row.now}")
            continue
        print(f"* {plain(row.label)}")
        nothing = known_text(lang, "sentences", "nothing")
        width = max(len(known_text(lang, "sentences", one)) for one in ("then", "now"))
        for name, said in (("then", row.then), ("now", row.now)):
            _print_wrapped(f"    {known_text(lang, 'sentences', name):{width}}  {said or nothing}")
    print()
    print(known_text(lang, "sentences", "differences" if differences else "same", count=differences))


def _print_wrapped(line: str) -> None:
    width = max(text_width(), _NARROWEST)
    print(textwrap.fill(plain(line), width, subsequent_indent="      ", drop_whitespace=True, break_on_hyphens=False))
