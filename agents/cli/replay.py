"""`santunan replay`: proof that the history decides the same again."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import DAY, Json
from agents.terminal import console, field, print_json, progress, signed_rupiah, table

if TYPE_CHECKING:
    from pipeline.audit.replay import Replayed


def add_to(cli: typer.Typer) -> None:
    cli.command("replay")(replay)


def replay(
    since: Annotated[dt.date | None, typer.Option("--from", **DAY, help="Compare decisions from this day on.")] = None,
    until: Annotated[dt.date | None, typer.Option("--until", **DAY, help="Compare decisions before this day.")] = None,
    claim: Annotated[str | None, typer.Option("--claim", metavar="CLAIM", help="Compare this claim only.")] = None,
    json: Json = False,
) -> None:
    """Decide the whole history again and compare.

    As it was known then, on a path that writes and publishes nothing. Exit code 1 if a decision would be
    another one today, with the claims and the rupiah that differ, or if the bytes of an event were changed.

    \b
    Examples:
      santunan replay
      santunan replay --claim JKK-2024-0007
      santunan replay --from 2025-01-01 --until 2026-01-01 --json
    """
    from agents.cli.store import opened_store
    from pipeline.audit.replay import replay as decide_again
    from pipeline.errors import EXIT_REFUSED
    from pipeline.queries.claim import status_of

    if since and until and since >= until:
        raise typer.BadParameter("--from is a day before --until")
    with opened_store() as store, progress("deciding again") as bar:
        if claim is not None:
            status_of(store, claim)  # raises NotFound: an unknown claim would have no difference
        found = decide_again(store, since=_start(since), until=_start(until), claim_id=claim, on_progress=bar.advance)
    if json:
        print_json([found])
    else:
        _show(found)
    if found.differences or found.altered:
        raise typer.Exit(EXIT_REFUSED)


def _start(day: dt.date | None) -> dt.datetime | None:
    from schemas.clock import JAKARTA

    return None if day is None else dt.datetime.combine(day, dt.time(), JAKARTA)


def _show(found: "Replayed") -> None:
    if found.altered:
        print(f"{len(found.altered):,} events do not have the bytes that were accepted; nothing was decided again:")
        for place in found.altered[:30]:
            print(f"  {place}")
        print("Somebody changed them in the database: find out who, and put a backup in its place.")
        return
    print(f"{found.events:,} events decided again: {found.decisions:,} decisions, {len(found.differences):,} differ.")
    if found.others:
        print(f"{found.others:,} decisions of another version of the law or the program were taken as they are.")
    if not found.differences:
        return
    shown = table("claim", "revision", "was", "would be", "families get", right=("families get",))
    for one in found.differences[:30]:
        difference = signed_rupiah(one.rupiah)
        shown.add_row(field(one.claim_id), str(one.revision), field(one.was), field(one.would_be), difference)
    console().print(shown)
    if len(found.differences) > 30:
        print(f"and {len(found.differences) - 30:,} more; --json lists all")
