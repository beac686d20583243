"""`santunan dead-letters`: lists, shows and submits again events that were refused."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from agents.cli.options import Json
from agents.terminal import console, field, print_json

Place = Annotated[str, typer.Argument(metavar="PLACE", help="topic/partition/offset, as `list` shows it.")]

group = typer.Typer(
    help="Events that were refused: list, read, try again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(group, name="dead-letters")


@group.command("list")
def list_dead_letters(
    everything: Annotated[bool, typer.Option("--all", help="Those that were tried again, too.")] = False,
    json: Json = False,
) -> None:
    """The refused events, the oldest first, with the reason of each.

    \b
    Examples:
      santunan dead-letters list
      santunan dead-letters list --all --json
    """
    from agents.cli.store import opened_store
    from pipeline.explain import short
    from pipeline.queries.dead_letters import dead_letters

    with opened_store() as store:
        found = dead_letters(store, with_retried=everything)
    if json:
        print_json(
            {
                "place": one.place,
                "reason": one.reason,
                "errors": one.errors,
                "source": one.source,
                "id": one.event_id,
                "is_retried": one.is_retried,
            }
            for one in found
        )
        return
    if not found:
        print("Nothing was refused." if everything else "No refused event is left.")
        return
    screen = console()
    for one in found:  # no table: it would break a place or a source that somebody copies from it
        source = field(one.source or "(unreadable)")
        screen.print(f"[bold]{field(one.place)}[/]  {field(one.reason)}  {source}", soft_wrap=True)
        screen.print(f"    {short(one.reason, 'en')}")
    print(f"{len(found)} refused. `santunan dead-letters show PLACE` says what to correct.")


@group.command("show")
def show_dead_letter(
    place: Place,
    original: Annotated[
        bool, typer.Option("--original", help="Print the event as it came; it may hold personal data.")
    ] = False,
    json: Json = False,
) -> None:
    """One refused event: what is wrong with it, field by field.

    \b
    Examples:
      santunan dead-letters show history.events/0/17
      santunan dead-letters show history.events/0/17 --original > corrected.json
    """
    from agents.cli.store import opened_store
    from pipeline.explain import refusal_text
    from pipeline.queries.dead_letters import dead_letter

    with opened_store() as store:
        found = dead_letter(store, place)
    if original:
        with _recorded("dead-letter.original", place):
            _print_original(found.original or b"")
        return
    if json:
        print_json(
            [
                {
                    "place": found.place,
                    "reason": found.reason,
                    "errors": found.errors,
                    "source": found.source,
                    "id": found.event_id,
                    "is_retried": found.is_retried,
                }
            ]
        )
        return
    print(f"{found.place}  {found.reason}")
    print(f"from {found.source or '(unreadable)'}, id {found.event_id or '(unreadable)'}")
    console().print(refusal_text(found.reason, "en"), markup=False)
    for error in found.errors:
        print(f"  {error['field']}: {error['message']}")
    if found.is_retried:
        print("It was tried again.")


def _print_original(raw: bytes) -> None:
    if sys.stdout.isatty():
        print(raw.decode(errors="backslashreplace"))
    else:
        sys.stdout.buffer.write(raw + b"\n")


@group.command("retry")
def retry_dead_letters(
    places: Annotated[list[str], typer.Argument(metavar="PLACE", help="topic/partition/offset, as `list` shows it.")],
) -> None:
    """Submit refused events once more, unchanged.

    For when the cause was removed; each counts as received when it first came. To correct an event, submit the
    corrected one: its id is still free.

    \b
    Example:
      santunan dead-letters retry history.events/0/17
    """
    from agents.clients.resubmission import retry
    from agents.settings import read_settings

    settings = read_settings()
    for place in places:
        with _recorded("dead-letter.retry", place):
            retry(settings, place)
        print(f"{place} was submitted again.")


@contextmanager
def _recorded(action: str, place: str) -> Iterator[None]:
    """Who does it, once it is done: what is printed may hold personal data, and what is submitted again may move money.

    Raises Denied where somebody signed in who is no operator, before anything is done.
    """
    from agents.cli.identity import now, operator_hand
    from agents.cli.store import opened_store
    from agents.settings import read_settings
    from agents.stores import open_access
    from pipeline.store.access_rows import AuditRecord

    settings = read_settings()
    with opened_store(), open_access(settings) as book:  # the first makes no store where there is none
        hand = operator_hand(settings, book)
        yield
        book.write(AuditRecord(now(), hand, action, place))
