"""`santunan submit`: hands events in, as a clinic, an employer, an office or an operator with history."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.options import EVENTS_FILE, STANDARD_INPUT, Json, must_be_there, name_of, no_event_in
from agents.terminal import complain, print_json, progress

if TYPE_CHECKING:
    from agents.cli.submission import Send
    from agents.clients import Outgoing, Submitter
    from schemas.decisions import FieldError
    from schemas.events import Refused


def add_to(cli: typer.Typer) -> None:
    cli.command("submit")(submit)


def submit(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            callback=must_be_there,
            help=EVENTS_FILE,
        ),
    ],
    history: Annotated[
        bool, typer.Option("--history", help="For operators: each event counts as received at its own `time`.")
    ] = False,
    spool: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep events here while the Kafka broker is away.")
    ] = None,
    json: Json = False,
) -> None:
    """Hand events in: claims, evidence, membership, settlements.

    Each event is checked first; what cannot be read is named with its line and what to correct, the rest goes through,
    and the exit code is 1. Submitting twice does no harm: an event is known by its source and id. After
    `santunan login` the events go in as yours: each names you as its source.

    \b
    Examples:
      santunan submit claim.json
      santunan submit members.jsonl claims.jsonl
      santunan submit --history 2019.jsonl
    """
    from agents.cli.identity import read_login
    from agents.cli.submission import opened_submission
    from agents.clients import open_submitter
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED

    settings = read_settings()
    login = read_login(settings)
    if login is not None and (history or spool):
        raise typer.BadParameter("--history and --spool do not go with a sign-in: `santunan logout` first")
    refused = _Refusals(as_json=json)
    is_read = json
    found: Counter[Path] = Counter()
    with ExitStack() as opened, progress("submitting") as bar:
        count = kept = 0
        receipts: Iterator[Any]
        if login is not None:
            receipts = _send_signed_in(opened.enter_context(opened_submission(settings, login)), files, refused, found)
        else:
            submitter = opened.enter_context(open_submitter(settings, spool=spool))
            receipts = submitter.send(_outgoing(files, submitter, refused, found, is_history=history))
        for receipt in receipts:
            count += 1
            kept += getattr(receipt, "is_spooled", False)
            bar.advance()
            if is_read:
                try:
                    print_json([receipt])
                except BrokenPipeError:
                    is_read = False  # the reader of the receipts has closed the pipe; the events go in all the same
    if found and not json:
        submitted = f"{count:,} event{'s' * (count != 1)} submitted"
        print(submitted + (f", {kept:,} of them kept in {spool} until the broker is back" if kept else "") + ".")
    empty = [file for file in dict.fromkeys(files) if not found[file] and file not in refused.others]
    for file in empty:
        refused.report_empty(file)
    if refused.count and not json:
        complain(f"{refused.count:,} refused; correct and submit {'it' if refused.count == 1 else 'them'} again.")
    if refused.count or empty:
        raise typer.Exit(EXIT_REFUSED)


class _Refusals:
    """Reports each refusal when it happens, in words or as JSON, on standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.count = 0
        self.others: set[Path] = set()  # files that are something else
        self._as_json = as_json

    def report(self, file: Path, number: int, refused: "Refused") -> None:
        self.count += 1
        if self._as_json:
            _complain_as_json(file, number, refused.reason, refused.errors)
            return
        for error in refused.errors:
            complain(f"{file}, line {number}: {error.field}: {error.message}")

    def report_other(self, file: Path, what: str) -> None:
        from schemas.decisions import FieldError

        self.count += 1
        self.others.add(file)
        if self._as_json:
            _complain_as_json(file, None, "NOT_JSON", (FieldError("file", what),))
        else:
            complain(f"{name_of(file)} {what}")

    def report_empty(self, file: Path) -> None:
        if self._as_json:
            _complain_as_json(file, None, "EMPTY", ())
        else:
            complain(no_event_in(file))


def _complain_as_json(file: Path, number: int | None, reason: str, errors: Sequence["FieldError"]) -> None:
    import orjson

    complain(orjson.dumps({"file": str(file), "line": number, "reason": reason, "errors": errors}).decode())


def _outgoing(
    files: Iterable[Path], submitter: "Submitter", refusals: _Refusals, found: Counter[Path], *, is_history: bool
) -> Iterator["Outgoing"]:
    """`found`: counts the documents of each file."""
    from agents.clients import outgoing
    from agents.clients.event_files import NotEvents
    from schemas.events import Refused

    for file in files:
        try:
            for number, line in _documents(file):
                found[file] += 1
                try:
                    yield from outgoing(line, submitter.partitions, is_history=is_history)
                except Refused as refused:
                    refusals.report(file, number, refused)
        except NotEvents as error:
            refusals.report_other(file, str(error))


def _send_signed_in(
    send: "Send", files: Iterable[Path], refusals: _Refusals, found: Counter[Path]
) -> Iterator[dict[str, Any]]:
    """As `_outgoing`, and sends; a receipt each."""
    from agents.cli.submission import Taken, together
    from agents.clients.event_files import NotEvents
    from pipeline.messages.admission import admit
    from schemas.events import Refused

    for file in files:
        try:
            for run in together(_documents(file)):
                found[file] += len(run)
                good = []
                for number, raw in run:
                    try:
                        admit(raw)
                        good.append((number, raw))
                    except Refused as refused:
                        refusals.report(file, number, refused)
                answers = send([raw for _, raw in good]) if good else []
                for (number, _), answer in zip(good, answers, strict=True):
                    if isinstance(answer, Taken):
                        yield answer.receipt
                    else:
                        refusals.report(file, number, Refused(answer.reason, answer.errors))
        except NotEvents as error:
            refusals.report_other(file, str(error))


def _documents(file: Path) -> Iterator[tuple[int, bytes]]:
    from agents.clients.event_files import documents

    if file == STANDARD_INPUT:  # not closed: it may be named twice
        yield from documents(file, sys.stdin.buffer)
        return
    with file.open("rb") as stream:
        yield from documents(file, stream)
