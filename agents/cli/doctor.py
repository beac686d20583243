"""`santunan doctor`: what is set, what is there, what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agents.cli.options import Json
from agents.terminal import console, field, print_json, progress

if TYPE_CHECKING:
    from agents.settings import Settings

PUBLISHING_SECONDS: Final = 5.0  # in which a worker has published what it stored


def add_to(cli: typer.Typer) -> None:
    cli.command("doctor")(doctor)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One part that was examined. `text`: its state, or what is wrong and what to do."""

    part: str
    is_well: bool
    text: str

    def document(self) -> dict[str, object]:
        """As `--json` prints it; the names are promised to other programs."""
        return {"what": self.part, "is_well": self.is_well, "told": self.text}


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Also check every invariant of the store; over Kafka, the topics.")
    ] = False,
    deploy: Annotated[
        bool, typer.Option("--deploy", help="Also check what must be right before others can reach it.")
    ] = False,
    json: Json = False,
) -> None:
    """What is set, what is there, what is wrong, what to do.

    Shows no password. Exit code 1 if something is not well. With --deploy: TLS, passwords, modes of files, rights in
    the database, the backup, the identity provider, clocks.

    \b
    Examples:
      santunan doctor
      santunan doctor --deep
      santunan doctor --deploy
    """
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED

    settings = read_settings()
    found = [_examine("settings", _variables), _examine("rule book", _rule_book), _examine("holidays", _holidays)]
    found.append(_examine("store", lambda: _store(settings)))
    found.append(_examine("broker", lambda: _broker(settings)))
    if deep:
        found += [*_invariants(), *_accepted()]
        if not settings.is_embedded:
            found += _topics(settings)
    if deploy:
        found += _deployment(settings)
    if json:
        print_json([{"settings": settings.redacted(), "findings": [one.document() for one in found]}])
    else:
        _show(settings, found)
    if not all(one.is_well for one in found):
        raise typer.Exit(EXIT_REFUSED)


def _examine(part: str, look: Callable[[], str]) -> Diagnosis:
    from pipeline.errors import SantunanError

    try:
        return Diagnosis(part, True, look())
    except SantunanError as error:
        return Diagnosis(part, False, str(error))


def _variables() -> str:
    """A misspelt variable would be ignored silently, and the default used."""
    import os

    from agents.settings import Settings
    from pipeline.errors import NotReady

    known = {f"SANTUNAN_{name.upper()}" for name in Settings.model_fields}
    unknown = [name for name in sorted(os.environ) if name.startswith("SANTUNAN_") and name not in known]
    if unknown:
        raise NotReady(f"{', '.join(unknown)}: no such setting; correct the name, or unset it")
    return "every SANTUNAN_ variable is a setting"


def _rule_book() -> str:
    from pipeline.law.book import Book

    book = Book.load()
    return f"{len(book.parameters)} parameters, sound from {book.first_day} to {book.through}"


def _holidays() -> str:
    import datetime as dt

    from pipeline.errors import NotReady
    from pipeline.law.book import Book
    from pipeline.law.calendar import WARN_DAYS, days_of_known_holidays
    from schemas.clock import JAKARTA

    today = dt.datetime.now(JAKARTA).date()
    days = days_of_known_holidays(Book.load(), today)
    year = (today + dt.timedelta(days=days)).year
    if days < WARN_DAYS:
        raise NotReady(
            f"those of {year} are estimated or not known, and deadlines reach that year in {days} days: install a "
            "version with the decree of that year. Until then such deadlines are marked as estimates"
        )
    return f"known up to the end of {year - 1}"


def _store(settings: "Settings") -> str:
    from agents.cli.store import opened_store
    from pipeline.queries.queue import count_unopened
    from pipeline.queries.statistics import counts

    with opened_store() as store:
        found, unopened = counts(store), count_unopened(store)
    place = settings.embedded_file if settings.is_embedded else "PostgreSQL"
    return (
        f"{place}: {found['ledger']:,} events, {found['cases']:,} claims, {found['decisions']:,} decisions, "
        f"{found['dead_letters']:,} dead letters"
        + (
            f"; evidence under {unopened:,} ids whose claim did not come: `santunan referrals --evidence`"
            if unopened
            else ""
        )
    )


def _broker(settings: "Settings") -> str:
    if settings.is_embedded:
        waiting = _waiting(settings)
        hint = "; a worker reads them: `santunan run`" if waiting else ""
        events = "1 event waits" if waiting == 1 else f"{waiting:,} events wait"
        return f"embedded, in the file of the store; {events} to be decided{hint}"
    from agents.kafka.topics import check
    from pipeline.errors import NotReady

    faults = check(settings)
    if faults:
        raise NotReady("; ".join(faults))
    return f"{settings.kafka_bootstrap}: all topics are as declared"


def _waiting(settings: "Settings") -> int:
    """Events that were submitted and not read yet."""
    from agents.cli.store import opened_store
    from pipeline.queries.statistics import events_waiting

    if not settings.embedded_file.exists():
        return 0
    with opened_store() as store:
        return events_waiting(store, settings.group)


def _invariants() -> list[Diagnosis]:
    from agents.cli.store import opened_store
    from pipeline.audit.invariants import check
    from pipeline.errors import SantunanError

    try:
        with opened_store() as store, progress("checking invariants"):
            breaches = check(store)
    except SantunanError as error:
        return [Diagnosis("invariants", False, str(error))]
    if not breaches:
        return [Diagnosis("invariants", True, "all hold")]
    return [Diagnosis("invariants", False, str(breach)) for breach in breaches]


def _accepted() -> list[Diagnosis]:
    """What operators went on without."""
    from agents.cli.store import opened_store
    from pipeline.errors import SantunanError
    from pipeline.queries.acceptances import accepted

    try:
        with opened_store() as store:
            return [Diagnosis("accepted", True, sentence) for sentence in accepted(store)]
    except SantunanError as error:
        return [Diagnosis("accepted", False, str(error))]


def _deployment(settings: "Settings") -> list[Diagnosis]:
    from agents.cli.deployment import examine

    found: list[Diagnosis] = []
    for part, faults in examine(settings).items():
        found += [Diagnosis(part, False, one) for one in faults] or [Diagnosis(part, True, "nothing is wrong")]
    return found


def _topics(settings: "Settings") -> list[Diagnosis]:
    """Topics and store hold the same outputs, and the broker has all that is still to be read."""
    import time

    from agents.cli.store import opened_store
    from agents.kafka.inspector import Inspector
    from pipeline.audit.publication import compare
    from pipeline.errors import SantunanError
    from schemas import topics

    places = [(name, number) for name in topics.INTAKE for number in range(settings.partitions)]
    inspector = Inspector(settings)
    try:
        with opened_store() as store, progress("comparing topics and store"):
            bounds = inspector.bounds(places)
            faults = compare(store, settings.group, inspector.outputs, bounds, lambda: time.sleep(PUBLISHING_SECONDS))
    except SantunanError as error:
        faults = [str(error)]
    if not faults:
        return [Diagnosis("topics", True, "every output is in its topic once, and nothing else is there")]
    return [Diagnosis("topics", False, fault) for fault in faults]


def _show(settings: "Settings", found: list[Diagnosis]) -> None:
    screen = console()
    for name, value in settings.redacted().items():
        if value is not None:
            screen.print(f"[dim]{name:24}[/] {field(value)}", soft_wrap=True)
    screen.print()
    for one in found:
        mark = "[green]well [/]" if one.is_well else "[red]wrong[/]"
        screen.print(f"{mark}  [bold]{one.part}[/]: ", end="")
        screen.print(one.text, markup=False, soft_wrap=True)
