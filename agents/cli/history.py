"""`santunan history`: everything that happened to a claim, and what was known of it at a time."""

import textwrap
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agents.cli.options import ClaimId, Json, KnownOn, Language
from agents.terminal import plain, print_json, rupiah, text_width

if TYPE_CHECKING:
    from pipeline.operations.audit import TrailEntry

_HERE = "auditor:here"  # who is at the machine of an embedded store


def add_to(cli: typer.Typer) -> None:
    cli.command("history")(history)


def history(
    claim: ClaimId,
    known_on: KnownOn = None,
    before: Annotated[
        int | None, typer.Option("--before", min=1, metavar="N", help="Go on behind this entry, with older ones.")
    ] = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Everything that happened to a claim.

    Events with their digests, decisions, payouts, rulings with reasons, papers, refused events, who looked: the newest
    first, 50 at a time. With --known-on, what had happened by then; and what was known then beside what is known now,
    each difference marked. Nothing personal is shown.

    \b
    Examples:
      santunan history JKK-2024-0007
      santunan history JKK-2024-0007 --known-on 2024-07-31 --lang en
    """
    from agents.cli.compared import known_moment, print_compared, require_known_past
    from agents.cli.coverage import opened
    from pipeline.explain.known import known_text
    from pipeline.operations.audit import read_trail
    from pipeline.operations.known import read_known

    if known_on is not None:
        require_known_past(known_on)
    with opened(None, here=_HERE) as (front, principal):
        found = read_trail(front, principal, claim, lang, before=before, known_on=known_on)
        is_first = known_on is not None and before is None
        known = read_known(front, principal, claim, known_on, lang) if known_on is not None and is_first else None
    if json:
        print_json([*found.rows] if known is None else [known, *found.rows])
        return
    if known is not None:
        moment = known_moment(known.known_on, lang)
        print(known_text(lang, "sentences", "claim", claim=claim, moment=moment))
        if known.then is None:
            print(known_text(lang, "sentences", "not_opened"))
        print_compared(known.rows, known.differences, lang)
        print()
    count = len(found.rows) + found.more
    print(known_text(lang, "sentences", "history", claim=claim, count=count))
    _show(found.rows, lang)
    if found.cursor is not None:
        print(known_text(lang, "sentences", "more", count=found.more, before=found.cursor))


def _show(rows: "tuple[TrailEntry, ...]", lang: Literal["id", "en"]) -> None:
    from pipeline.explain import day as written_day
    from schemas.clock import JAKARTA

    day = None
    for row in rows:
        at = row.at.astimezone(JAKARTA)
        if at.date() != day:
            day = at.date()
            print(f"\n{written_day(day, lang)}")
        first = f"  {at:%H:%M}  {row.number:>4}  "
        text = textwrap.fill(
            plain(_said(row, lang)),
            max(text_width(), 40),
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )
        print(text)


def _said(row: "TrailEntry", lang: Any) -> str:
    from pipeline.explain import outcome_name, paper_name, payee_name
    from pipeline.explain.known import known_text

    said = [known_text(lang, "kinds", row.kind)]
    if row.kind == "decided":
        assert row.outcome is not None
        said[0] += f" r{row.revision}: {outcome_name(row.outcome, lang)}"
        said += [rupiah(row.amount)] if row.amount else []
        said += [one.text for one in row.reasons if one.code != "OK"]
        said += [f"{direction} {rupiah(amount)} {payee_name(payee, lang)}" for direction, payee, amount in row.moves]
        return "; ".join(said)
    said[0] += f" {row.what}" if row.what else ""
    said += [row.who] if row.who else []
    said += [row.verdict] if row.verdict else []
    said += [rupiah(row.amount)] if row.amount is not None else []
    said += [", ".join(row.sections)] if row.sections else []
    said += [", ".join(paper_name(one, lang) for one in row.papers)] if row.papers else []
    said += [f"“{row.note}”"] if row.note else []
    said += [f"{row.place} id {row.event_id}"] if row.place else []
    said += [f"SHA-256 {row.digest}"] if row.digest else []
    return "; ".join(said)
