"""Logging of all processes: to stderr, one line an entry, as text for a person or as JSON for a collector.

A log may hold claim and event ids, in fields of their own; never a NIK, a name, a diagnosis, a key or the text of a
claim. Each caller sees to that; ids (chosen by senders) and errors (written by libraries) are guarded here again.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final

import structlog

from pipeline.errors import SantunanError

_REPEATED_SECONDS: Final = 10.0  # a broker that is away would fill a disk with one sentence
# Faust and aiokafka log every step of a rebalance; we log what an operator must know of it. Faust logs under the names
# of our modules too, where they subclass it; our own loggers begin with "santunan".
_QUIET: Final = ("faust", "mode", "aiokafka", "kafka", "asyncio", "alembic", "agents")

IDS: Final = frozenset({"claim_id", "event_id"})
# What `extra=` may add to a line. `event_id`, not `event`: that is what the collectors call the text of a line.
FIELDS: Final = IDS | {
    *("source", "address", "topic", "partition", "offset", "program", "revision", "outcome", "reason", "status")
}
_ID: Final = re.compile(r"[A-Za-z0-9._:@/+-]{1,160}")  # text with blanks is no id
_NIK: Final = re.compile(r"[0-9]{16,}")
MOST_CAUSES: Final = 5
PROCESS_VARIABLE: Final = "SANTUNAN_PROCESS"  # where one command starts several processes, the number of this one


class Seldom(logging.Filter):
    """Lets one entry of each library through every ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        library = record.name.partition(".")[0]
        if library not in _QUIET:
            return True
        if record.created - self._last.get(library, 0.0) < _REPEATED_SECONDS:
            return False
        self._last[library] = record.created
        return True


def configure_logs(level: str, form: str) -> None:
    """Set up the root logger; `form`: "console" or "json". Replaces what was there."""
    renderer: Any = structlog.processors.JSONRenderer()
    if form == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    before = (
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(FIELDS),
        add_process,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=list(before),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(without_words),
            guard,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    if level != "DEBUG":
        handler.addFilter(Seldom())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.ERROR))


def add_process(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the process, where there are several. A processor of structlog."""
    process = os.environ.get(PROCESS_VARIABLE)
    return line if process is None else {**line, "process": process}


def guard(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Sixteen digits in a row are taken for a NIK, in any field; an id that does not look like one is left out.

    A processor of structlog.
    """
    for name, value in line.items():
        if isinstance(value, str):
            shown = value if name not in IDS or _ID.fullmatch(value) else "(not shown)"
            line[name] = _NIK.sub("(not shown)", shown)
    return line


def without_words(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Traceback and type of an error; its text only if it is ours, since others repeat input."""
    shown: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(shown) < MOST_CAUSES:
        words = f": {error}" if isinstance(error, SantunanError) else ""
        shown.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__ + words)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich came from\n\n".join(shown)
