"""Reads files of events without trusting them: a line of any length costs the memory of one event.

Never imports the pipeline.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from agents.clients.other_files import HEAD_BYTES, other_kind
from schemas.values import MAX_EVENT_BYTES

_MOST_BYTES = MAX_EVENT_BYTES + 2  # an event, and either kind of line end


class NotEvents(ValueError):
    """The file as a whole is something else. The text goes on after the file's name: what it is, and what to do."""


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines; one that is too long is cut, and still too long to be read as an event."""
    mark = BOM_UTF8  # some editors begin a file with it
    while line := stream.readline(_MOST_BYTES):
        yield line.removeprefix(mark)
        mark = b""
        while len(line) == _MOST_BYTES and not line.endswith(b"\n"):
            line = stream.readline(_MOST_BYTES)


def documents(file: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(line number, document): one document a line, or, where the name of `file` ends in .json, one over several lines.

    Raises NotEvents where the file is something else.
    """
    lines = bounded_lines(stream)
    first = next(lines, b"")
    if other := other_kind(_head(first, stream)):
        raise NotEvents(other)
    if file.suffix == ".json" and not _is_whole(first):
        document = (first + stream.read(MAX_EVENT_BYTES + 1)).strip()
        if document.startswith(b"["):
            raise NotEvents(other_kind(document))
        if document:
            yield 1, document
        return
    for number, line in enumerate(chain((first,), lines), 1):
        if document := line.strip():
            yield number, document


def _head(first: bytes, stream: BinaryIO) -> bytes:
    """The beginning of the file; beyond the first line only of an archive, which has no next line to lose."""
    return first + stream.read(HEAD_BYTES) if first.startswith(b"PK") else first


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
