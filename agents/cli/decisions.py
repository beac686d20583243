"""`santunan decisions`: the decisions that were published."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from agents.cli.options import After, Json
from agents.terminal import OUTCOME_STYLES, complain, console, field, plain_json, rupiah

Outcome = Annotated[
    Literal["APPROVED", "REJECTED", "REFERRED", "PENDING"] | None, typer.Option("--outcome", help="Only these.")
]


def add_to(cli: typer.Typer) -> None:
    cli.command("decisions")(decisions)


def decisions(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new ones until Ctrl-C.")] = False,
    claim: Annotated[str | None, typer.Option("--claim", metavar="CLAIM", help="Of one claim.")] = None,
    outcome: Outcome = None,
    position: Annotated[
        Path | None, typer.Option("--position", metavar="FILE", help="Go on where this file says, and keep it there.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="At most so many; 100 with --claim or --outcome, else all."),
    ] = None,
    after: After = None,
    json: Json = False,
) -> None:
    """Every decision that was published, in order.

    With --json, the published events themselves.

    \b
    Examples:
      santunan decisions
      santunan decisions --claim JKK-2024-0007
      santunan decisions --follow --outcome REFERRED
      santunan decisions --json --position seen.json | my-program
    """
    is_filtered = any(one is not None for one in (claim, outcome, limit, after))
    if (follow or position is not None) and not (limit is None and after is None):
        raise typer.BadParameter("--limit and --after do not go with --follow or --position")
    if is_filtered and not follow and position is None:
        _show_stored(claim, outcome, limit, after, as_json=json)
        return
    wanted = (
        (document, value)
        for document, value in _in_topic(follow=follow, position=position)
        if (claim is None or document["data"]["claim_id"] == claim)
        and (outcome is None or document["data"]["outcome"] == outcome)
    )
    if json:
        for _, value in wanted:
            _write(value)
            if follow:
                sys.stdout.buffer.flush()
        return
    if not _show(document for document, _ in wanted) and position is None:
        _say_that_there_is_none()


def _show_stored(
    claim: str | None,
    outcome: Literal["APPROVED", "REJECTED", "REFERRED", "PENDING"] | None,
    limit: int | None,
    after: str | None,
    *,
    as_json: bool,
) -> None:
    """From the store's indexes; reading the topic would take as long as everything that was ever decided."""
    import orjson

    from agents.cli.store import opened_store
    from pipeline.queries.decisions import published
    from pipeline.queries.pages import PAGE_ROWS

    with opened_store() as store:
        page = published(store, claim_id=claim, outcome=outcome, limit=limit or PAGE_ROWS, after=after)
    if as_json:
        for value in page.rows:
            _write(value)
        sys.stdout.buffer.flush()
    elif not _show(map(orjson.loads, page.rows)) and after is None:
        _say_that_there_is_none()
    if page.cursor is not None:
        complain(f"{page.more:,} more; the same with --after {page.cursor} shows the next.")


def _in_topic(*, follow: bool, position: Path | None) -> Iterator[tuple[Any, bytes]]:
    """What is no decision is named and left out: another writer than the worker may have put it there."""
    from agents.clients import open_feed
    from agents.settings import read_settings
    from schemas import topics

    with open_feed(read_settings(), (topics.DECISIONS,), position_file=position) as feed:
        for one in feed.read(follow=follow):
            document = _document(one.value)
            if document is None:
                complain(f"{one.topic}/{one.partition}/{one.offset} is no decision, and is left out")
                continue
            yield document, one.value


def _document(value: bytes | None) -> Any:
    """None: these bytes are no decision."""
    import orjson

    try:
        document = orjson.loads(value or b"")
        data = document["data"]
        is_whole = (
            isinstance(data["decided_at"], str)
            and isinstance(data["claim_id"], str)
            and isinstance(data["revision"], int)
            and data["outcome"] in OUTCOME_STYLES
            and all(isinstance(one, str) for one in data["reason_codes"])
            and isinstance(data["total"], int | None)
        )
    except (ValueError, TypeError, LookupError):
        return None
    return document if is_whole else None


def _write(value: bytes) -> None:
    sys.stdout.buffer.write(plain_json(value) + b"\n")


def _show(documents: Iterable[Any]) -> bool:
    """False: there was none."""
    screen = console()
    is_empty = True
    for document in documents:
        screen.print(_one_line(document["data"]), soft_wrap=True)
        is_empty = False
    return not is_empty


def _say_that_there_is_none() -> None:
    complain("There is no such decision; `santunan doctor` says what waits, and where it was looked for.")


def _one_line(decision: Any) -> str:
    outcome = decision["outcome"]
    style = OUTCOME_STYLES[outcome]
    money = rupiah(decision["total"]) if decision["total"] else ""
    return (
        f"{field(decision['decided_at'][:10])}  {field(decision['claim_id'])}  r{decision['revision']}  "
        f"[{style}]{outcome:8}[/]  {field(', '.join(decision['reason_codes']))}  {money}"
    ).rstrip()
