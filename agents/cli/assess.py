"""`santunan assess`: decides events offline, with the rule book alone."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from agents.cli.options import EVENTS_FILE, STANDARD_INPUT, Language, must_be_there, name_of, no_event_in
from agents.terminal import complain

if TYPE_CHECKING:
    from pipeline.errors import Poison
    from schemas.decisions import Decision

_BLOCK_BYTES: Final = 1 << 18
_BLOCK_EVENTS: Final = 64


def add_to(cli: typer.Typer) -> None:
    cli.command("assess")(assess_file)


def assess_file(
    file: Annotated[
        Path,
        typer.Argument(callback=must_be_there, help=EVENTS_FILE),
    ],
    explain: Annotated[bool, typer.Option("--explain", help="Print each decision in words instead of JSON.")] = False,
    lang: Language = "id",
) -> None:
    """Decide events offline: no store, nothing is kept.

    Reads membership and claim events in order; what is known is what stands earlier in the file, and the clock of an
    event is its own `time`. Prints one decision a line (JSON) for every event that makes one. Refused events go to
    standard error, one JSON document a line, and then the exit code is 1.

    \b
    Examples:
      santunan assess events.jsonl
      santunan assess events.jsonl --explain --lang en
      grep JKK-2024-0007 events.jsonl | cat members.jsonl - | santunan assess -
    """
    import gc

    from agents.clients.event_files import NotEvents, documents
    from pipeline.errors import EXIT_REFUSED
    from pipeline.law.book import Book
    from pipeline.processing.offline import Offline

    offline = Offline(Book.load())
    gc.disable()  # fast: see docs/performance.md
    with _opened(file) as stream:
        show = _in_words(lang) if explain else _as_json()
        is_typed = file == STANDARD_INPUT and sys.stdin.isatty()
        try:
            events, refused = _assess(offline, documents(file, stream), show, is_typed=is_typed)
        except NotEvents as error:
            complain(f"{name_of(file)} {error}")
            raise typer.Exit(EXIT_REFUSED) from None
    if not events:
        complain(no_event_in(file))
    if refused or not events:
        raise typer.Exit(EXIT_REFUSED)


def _opened(file: Path) -> Any:
    from contextlib import nullcontext

    if file == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    return file.open("rb", buffering=_BLOCK_BYTES)


def _assess(offline: Any, numbered: Iterator[tuple[int, bytes]], show: Any, *, is_typed: bool) -> tuple[int, int]:
    """Reads and writes in large blocks; returns how many events there were and how many were refused."""
    from pipeline.errors import Poison

    waiting: list[bytes] = []
    events = refused = waiting_bytes = 0
    while block := list(islice(numbered, 1 if is_typed else _BLOCK_EVENTS)):
        events += len(block)
        answers = offline.take_block([raw for _, raw in block])
        for (number, raw), answer in zip(block, answers, strict=True):
            if isinstance(answer, Poison):
                refused += 1
                sys.stderr.buffer.write(_refusal(number, raw, answer))
                continue
            texts = [show(decision) for decision in answer]
            waiting += texts
            waiting_bytes += sum(map(len, texts))
        if waiting_bytes > _BLOCK_BYTES or is_typed:
            sys.stdout.buffer.write(b"".join(waiting))
            sys.stdout.buffer.flush()
            waiting.clear()
            waiting_bytes = 0
    sys.stdout.buffer.write(b"".join(waiting))
    sys.stdout.buffer.flush()
    sys.stderr.buffer.flush()
    return events, refused


def _refusal(number: int, raw: bytes, poison: "Poison") -> bytes:
    import orjson

    from pipeline.messages.intake import claimed_identity

    source, identity = claimed_identity(raw)
    document = {"line": number, "source": source, "id": identity, "reason": poison.reason, "errors": poison.errors}
    return orjson.dumps(document) + b"\n"


def _as_json() -> Any:
    from pipeline.messages.outputs import encode

    def show(decision: "Decision") -> bytes:
        return encode(decision) + b"\n"

    return show


def _in_words(lang: Literal["id", "en"]) -> Any:
    from agents.terminal import plain, text_width
    from pipeline.explain import explain, render_text

    width = text_width()

    def show(decision: "Decision") -> bytes:
        return (plain(render_text(explain(decision, lang), width)) + "\n").encode()

    return show
