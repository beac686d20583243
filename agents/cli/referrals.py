"""`santunan referrals`: the work queue of officers."""

from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import After, Json
from agents.terminal import console, field, print_json, rupiah

if TYPE_CHECKING:
    from pipeline.queries.pages import Page
    from pipeline.queries.queue import WaitingClaim

_SHOWN = 50


def add_to(cli: typer.Typer) -> None:
    cli.command("referrals")(referrals)


def referrals(
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")] = _SHOWN,
    after: After = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Instead, the ids under which only evidence came and no claim.")
    ] = False,
    json: Json = False,
) -> None:
    """The claims that wait for an officer, the most urgent first.

    With --json, each has the `cursor` for --after.

    \b
    Examples:
      santunan referrals
      santunan referrals --limit 500 --json
      santunan referrals --evidence
    """
    from agents.cli.store import opened_store
    from pipeline.queries.queue import waiting

    if evidence:
        _list_evidence(limit, json=json)
        return
    with opened_store() as store:
        page = waiting(store, limit=limit, after=after)
    if json:
        print_json(page.rows)
    elif page.rows:
        _show(page)
    else:
        print("Nothing waits for an officer." if after is None else "Nothing more waits for an officer.")


def _list_evidence(limit: int, *, json: bool) -> None:
    from agents.cli.store import opened_store
    from pipeline.queries.queue import count_unopened, unopened

    with opened_store() as store:
        rows, count = unopened(store, limit=limit), count_unopened(store)
    if json:
        print_json(rows)
        return
    screen = console()
    for one in rows:
        screen.print(f"{one.since}  [bold]{field(one.claim_id)}[/]", soft_wrap=True)
    print(f"Evidence came under {count:,} ids that no claim has. Its senders are told after a day.")


def _show(page: "Page[WaitingClaim]") -> None:
    from pipeline.explain import short

    screen = console()
    for one in page.rows:  # no table: it would break a claim's id that somebody copies from it
        about = f"  about {rupiah(one.indicative_total)}" if one.indicative_total else ""
        screen.print(f"{one.since}  [bold]{field(one.claim_id)}[/]{about}", soft_wrap=True)
        for code in one.codes:
            screen.print(f"    {field(short(code, 'en'))} [dim]{field(code)}[/]")
    if page.cursor is None:
        print(f"{len(page.rows)} waiting. `santunan review CLAIM` shows one and how to answer.")
        return
    print(f"{len(page.rows):,} shown, {page.more:,} more wait. `santunan review CLAIM` shows one and how to answer;")
    print(f"`santunan referrals --after {page.cursor}` shows the next.")
