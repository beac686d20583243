"""Reads files of events without trusting them: a line of any length costs the memory of one event.

Never imports the pipeline.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from schemas.values import MAX_EVENT_BYTES

_MOST_BYTES = MAX_EVENT_BYTES + 2  # an event, and either kind of line end


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

    A list is returned as an empty one: it is refused, however long it is.
    """
    lines = bounded_lines(stream)
    if file.suffix == ".json":
        first = next(lines, b"")
        if not _is_whole(first):
            document = (first + stream.read(MAX_EVENT_BYTES + 1)).strip()
            if document:
                yield 1, b"[]" if document.startswith(b"[") else document
            return
        lines = chain((first,), lines)
    for number, line in enumerate(lines, 1):
        if document := line.strip():
            yield number, document


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
