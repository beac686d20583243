"""`santunan replay`, `doctor`, `migrate`: proof that the history decides the same again, and that all is in order."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.options import DAY, Json
from agents.terminal import console, print_json, progress, rupiah, table

if TYPE_CHECKING:
    from agents.settings import Settings


def add_to(cli: typer.Typer) -> None:
    cli.command("replay")(replay)
    cli.command("doctor")(doctor)
    cli.command("migrate")(migrate)


def replay(
    since: Annotated[dt.date | None, typer.Option("--from", **DAY, help="Compare decisions from this day on.")] = None,
    until: Annotated[dt.date | None, typer.Option("--until", **DAY, help="Compare decisions before this day.")] = None,
    claim: Annotated[str | None, typer.Option("--claim", metavar="CLAIM", help="Compare this claim only.")] = None,
    json: Json = False,
) -> None:
    """Decide the whole history again and compare.

    As it was known then, on a path that writes and publishes nothing. Exit code 1 if a decision would be
    another one today, with the claims and the rupiah that differ.

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
            status_of(store, claim)  # a claim that nobody knows would be found without a difference, too
        found = decide_again(store, since=_start(since), until=_start(until), claim_id=claim, on_progress=bar.advance)
    if json:
        print_json([found])
    else:
        _show_replay(found)
    if found.differences:
        raise typer.Exit(EXIT_REFUSED)


def _start(day: dt.date | None) -> dt.datetime | None:
    from schemas.clock import JAKARTA

    return None if day is None else dt.datetime.combine(day, dt.time(), JAKARTA)


def _show_replay(found: Any) -> None:
    print(f"{found.events:,} events decided again: {found.decisions:,} decisions, {len(found.differences):,} differ.")
    if not found.differences:
        return
    shown = table("claim", "revision", "was", "would be", "rupiah", right=("rupiah",))
    for one in found.differences[:30]:
        shown.add_row(one.claim_id, str(one.revision), one.was, one.would_be, rupiah(one.rupiah))
    console().print(shown)
    if len(found.differences) > 30:
        print(f"and {len(found.differences) - 30:,} more; --json lists all")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice`: what to do where it is not in order."""

    what: str
    is_well: bool
    told: str


def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="Also check every invariant of the store.")] = False,
    json: Json = False,
) -> None:
    """What is set, what is there, what is wrong, what to do.

    Shows no password. Exit code 1 if something is not well.

    \b
    Examples:
      santunan doctor
      santunan doctor --deep
    """
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED

    settings = read_settings()
    findings = [_look("settings", _look_at_names), _look("rule book", _look_at_rules)]
    findings.append(_look("store", lambda: _look_at_store(settings)))
    findings.append(_look("broker", lambda: _look_at_broker(settings)))
    if deep:
        findings += _look_deep()
    if json:
        print_json([{"settings": settings.redacted(), "findings": findings}])
    else:
        _show_health(settings, findings)
    if not all(one.is_well for one in findings):
        raise typer.Exit(EXIT_REFUSED)


def _look(what: str, look: Callable[[], str]) -> Finding:
    from pipeline.errors import SantunanError

    try:
        return Finding(what, True, look())
    except SantunanError as error:
        return Finding(what, False, str(error))


def _look_at_names() -> str:
    """A misspelt variable would be passed over without a word, and its default be used."""
    import os

    from agents.settings import Settings
    from pipeline.errors import NotReady

    known = {f"SANTUNAN_{name.upper()}" for name in Settings.model_fields}
    unknown = [name for name in sorted(os.environ) if name.startswith("SANTUNAN_") and name not in known]
    if unknown:
        raise NotReady(f"{', '.join(unknown)}: no such setting; correct the name, or unset it")
    return "every SANTUNAN_ variable is a setting"


def _look_at_rules() -> str:
    from pipeline.law.book import Book

    book = Book.load()
    return f"{len(book.parameters)} parameters, sound from {book.first_day} to {book.through}"


def _look_at_store(settings: "Settings") -> str:
    from agents.cli.store import opened_store
    from pipeline.queries.statistics import counts

    with opened_store() as store:
        found = counts(store)
    place = settings.embedded_file if settings.is_embedded else "PostgreSQL"
    return (
        f"{place}: {found['ledger']:,} events, {found['cases']:,} claims, {found['decisions']:,} decisions, "
        f"{found['dead_letters']:,} dead letters"
    )


def _look_at_broker(settings: "Settings") -> str:
    if settings.is_embedded:
        waiting = _waiting(settings)
        hint = "; a worker reads them: `santunan run`" if waiting else ""
        told = "1 event waits" if waiting == 1 else f"{waiting:,} events wait"
        return f"embedded, in the file of the store; {told} to be decided{hint}"
    from agents.kafka.topics import check
    from pipeline.errors import NotReady

    faults = check(settings)
    if faults:
        raise NotReady("; ".join(faults))
    return f"{settings.kafka_bootstrap}: all topics are as declared"


def _waiting(settings: "Settings") -> int:
    """Events that were submitted and not read yet."""
    from pipeline.store import open_reader
    from pipeline.store.embedded_log import Log
    from pipeline.store.engines import translate_sqlite_errors
    from schemas.topics import INTAKE

    if not settings.embedded_file.exists():
        return 0
    open_reader(settings.database_url).close()
    log = Log(settings.embedded_file)
    try:
        with translate_sqlite_errors():
            read = log.positions(settings.group)
            return sum(end - read.get(place, 0) for place, end in log.ends().items() if place[0] in INTAKE)
    finally:
        log.close()


def _look_deep() -> list[Finding]:
    from agents.cli.store import opened_store
    from pipeline.audit.invariants import check
    from pipeline.errors import SantunanError

    try:
        with opened_store() as store, progress("checking invariants"):
            breaches = check(store)
    except SantunanError as error:
        return [Finding("invariants", False, str(error))]
    if not breaches:
        return [Finding("invariants", True, "all hold")]
    return [Finding("invariants", False, str(breach)) for breach in breaches]


def _show_health(settings: "Settings", findings: list[Finding]) -> None:
    screen = console()
    for name, value in settings.redacted().items():
        if value is not None:
            screen.print(f"[dim]{name:24}[/] {value}", soft_wrap=True)
    screen.print()
    for one in findings:
        mark = "[green]well [/]" if one.is_well else "[red]wrong[/]"
        screen.print(f"{mark}  [bold]{one.what}[/]: ", end="")
        screen.print(one.told, markup=False, soft_wrap=True)


def migrate(
    to: Annotated[str, typer.Option("--to", help="A revision; by default the newest.")] = "head",
) -> None:
    """Bring the tables of the store to this version. An embedded file does that by itself.

    \b
    Examples:
      santunan migrate
      SANTUNAN_DATABASE_URL=postgresql://santunan@db/santunan santunan migrate
    """
    from agents.settings import read_settings
    from pipeline.store import migrate as bring

    print(f"The tables are at revision {bring(read_settings().database_url, to)}.")
