"""`santunan replay`: proof that the history decides the same again."""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.impact import show_impact
from agents.cli.options import DAY, Json
from agents.terminal import console, field, print_json, progress, signed_rupiah, table

if TYPE_CHECKING:
    from pipeline.audit.replay import Replayed
    from pipeline.audit.topic_history import TopicHistory
    from pipeline.ledger.notes import SigningKey


def add_to(cli: typer.Typer) -> None:
    cli.command("replay")(replay)


def replay(
    since: Annotated[dt.date | None, typer.Option("--from", **DAY, help="Compare decisions from this day on.")] = None,
    until: Annotated[dt.date | None, typer.Option("--until", **DAY, help="Compare decisions before this day.")] = None,
    claim: Annotated[str | None, typer.Option("--claim", metavar="CLAIM", help="Compare this claim only.")] = None,
    from_topics: Annotated[
        bool, typer.Option("--from-topics", help="Read topics alone, and no database; needs room for them in TMPDIR.")
    ] = False,
    slices: Annotated[int, typer.Option("--slices", min=1, max=64, help="Side by side, without the rows.")] = 1,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="DIR", exists=True, file_okay=False, help="Decide by the law of this folder."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write JSON to FILE, and a signed text to FILE.note."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint", metavar="FILE", help="For the report: the signed note; else the newest of store or topic."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Your own key for the report, made if missing; else the ledger's."),
    ] = None,
    json: Json = False,
) -> None:
    """Decide the whole history again and compare.

    As it was known then, on a path that writes and publishes nothing: decisions, payouts and referrals, byte for
    byte, and the rows from which workers decide. Exit code 1 if one would be another one today, with the claims and
    the rupiah that differ, or if an event was changed or is gone.

    \b
    Examples:
      santunan replay
      santunan replay --claim JKK-2024-0007
      santunan replay --from 2025-01-01 --until 2026-01-01 --json
      santunan replay --from-topics --slices 4
      santunan replay --rules drafts --from-topics
      santunan replay --report replay.json
    """
    from pipeline.errors import EXIT_REFUSED

    if since and until and since >= until:
        raise typer.BadParameter("--from is a day before --until")
    if slices > 1 and claim is not None:
        raise typer.BadParameter("--slices is for the whole history; leave it out for one claim")
    if rules is not None:
        if since or until or claim or report or slices > 1:
            raise typer.BadParameter("--rules compares how all claims end; it takes --from-topics and --json alone")
        differs = _by_other_rules(rules, is_of_topics=from_topics, json=json)
    else:
        signing = _keys(key) if report is not None else []
        with _history(is_of_topics=from_topics) as store:
            found = _decided_again(store, since, until, claim, slices)
            if report is not None:
                note = _checkpoint(store, checkpoint, is_of_topics=from_topics)
                _write_report(report, store, found, (since, until, claim, note), signing)
        if json:
            print_json([found])
        else:
            _show(found, is_of_topics=from_topics)
            if from_topics:
                _show_topics(store)
        differs = bool(found.differences or found.altered)
    if differs:
        raise typer.Exit(EXIT_REFUSED)


@contextmanager
def _history(*, is_of_topics: bool) -> Iterator[Any]:
    """Both are read on connections that cannot write."""
    from agents.cli.store import opened_store

    if not is_of_topics:
        with opened_store() as store:
            yield store
        return
    from agents.settings import read_settings
    from agents.topic_history import read

    with progress("reading topics") as bar:
        history = read(read_settings(), bar.advance)
    with history:
        yield history


def _decided_again(
    store: Any, since: dt.date | None, until: dt.date | None, claim: str | None, slices: int
) -> "Replayed":
    from pipeline.audit.replay import replay as decide_again

    with progress("deciding again") as bar:
        return decide_again(
            store, since=_start(since), until=_start(until), claim_id=claim, on_progress=bar.advance, slices=slices
        )


def _by_other_rules(folder: Path, *, is_of_topics: bool, json: bool) -> bool:
    from pipeline.audit.impact import impact
    from pipeline.law.book import Book

    book = Book.load(folder)
    with _history(is_of_topics=is_of_topics) as store, progress("deciding again") as bar:
        found = impact(store, book, bar.advance)
    if json:
        print_json([found])
    else:
        show_impact(found)
    return bool(found.differences or found.left_out)


def _start(day: dt.date | None) -> dt.datetime | None:
    from schemas.clock import JAKARTA

    return None if day is None else dt.datetime.combine(day, dt.time(), JAKARTA)


def _keys(own: Path | None) -> "list[SigningKey]":
    from agents.settings import read_settings
    from pipeline.errors import NotReady
    from pipeline.store.ledger_key import read_keys, read_or_make_keys

    if own is not None:
        return read_or_make_keys(own)
    try:
        return read_keys(read_settings().ledger_key)
    except FileNotFoundError:
        raise NotReady("the key of the ledger is not here: name a file for your own with --key") from None


def _checkpoint(store: Any, file: Path | None, *, is_of_topics: bool) -> str | None:
    from pipeline.ledger.notes import claimed, split_notes
    from pipeline.queries.receipts import ledger_state

    if file is None:
        return _newest(store.checkpoints()) if is_of_topics else ledger_state(store).note
    try:
        return max(split_notes(file.read_text(encoding="utf-8")), key=lambda note: claimed(note).size)
    except (OSError, ValueError):
        raise typer.BadParameter(f"{file} holds no checkpoint; `santunan ledger` prints the newest") from None


def _newest(notes: "Iterable[str]") -> str | None:
    """Of those that the ledger's key has signed, where its public key is here, so that no other's is taken for one."""
    from agents.cli.ledger import known_keys
    from pipeline.ledger.notes import claimed
    from pipeline.ledger.verifier import opened

    keys, newest, size = known_keys(None), None, -1
    for note in notes:
        with suppress(ValueError):
            found = opened(note, keys) if keys else claimed(note)
            if found.size > size:
                newest, size = note, found.size
    return newest


def _write_report(
    file: Path,
    store: Any,
    found: "Replayed",
    asked: tuple[dt.date | None, dt.date | None, str | None, str | None],
    keys: "list[SigningKey]",
) -> None:
    from importlib.metadata import version

    from pipeline.audit.replay_report import Asked
    from pipeline.audit.replay_report import report as made_of

    now = dt.datetime.now(dt.UTC)
    made = made_of(store, found, Asked(*asked), made_at=now, version=version("santunan"), keys=keys)
    file.write_bytes(made.document)
    file.with_name(f"{file.name}.note").write_text(made.note, encoding="utf-8")


def _show_topics(history: "TopicHistory") -> None:
    print(f"{history.records:,} records of topics: {history.refused:,} events refused, {history.duplicates:,} doubled.")
    if history.unread:
        print(f"{history.unread:,} events were not read by the worker yet.")
    if history.holes:
        print(f"At {history.holes:,} places offsets of intake have no record, as after transactions of other senders.")
        print("If a topic was compacted (`santunan topics check`), records are gone, and differences follow from it.")
    if history.guessed:
        print(f"The order of {history.guessed:,} events among the topics is in no note: they are taken as they came.")


def _show(found: "Replayed", *, is_of_topics: bool) -> None:
    if found.altered:
        count = len(found.altered)
        print(f"At {count:,} places events are gone, or are not those that came in; nothing was decided again:")
        for place in found.altered[:30]:
            print(f"  {place}")
        print("Somebody changed them where they are kept: find out who, and put a backup in its place.")
        if is_of_topics:
            print("Or a topic has a retention, which `santunan topics check` says. The store may still have all.")
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
