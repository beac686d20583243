"""Reading files of events without trusting them: a line of any length costs the memory of one event.

Never imports the pipeline.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from schemas.values import MAX_EVENT_BYTES

_MOST_BYTES = MAX_EVENT_BYTES + 2  # an event, and either kind of line end


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines; one that is too long comes cut, still too long to be read as an event."""
    mark = BOM_UTF8  # some editors begin a file with it
    while line := stream.readline(_MOST_BYTES):
        yield line.removeprefix(mark)
        mark = b""
        while len(line) == _MOST_BYTES and not line.endswith(b"\n"):
            line = stream.readline(_MOST_BYTES)
