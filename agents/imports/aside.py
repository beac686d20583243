"""Keeps what a check says of each row in a temporary file until the end, so that memory does not grow by it."""

import tempfile
import weakref
from collections.abc import Iterator
from itertools import islice


class Aside:
    """Lines by number of row, in the order in which they were added. The file has no name and goes with its last user:
    lines may hold personal data."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (kept open for as long as this is)
        weakref.finalize(self, self._file.close)
        self._count = 0

    def add(self, number: int, line: bytes) -> None:
        """`line`: without a line break, as JSON is."""
        self._file.write(b"%d %s\n" % (number, line))
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """From the first one on, each time; one reader at a time."""
        self._file.seek(0)
        for line in self._file:
            number, _, rest = line.partition(b" ")
            yield int(number), rest[:-1]

    def batches(self, most: int) -> Iterator[list[tuple[int, bytes]]]:
        """`most`: lines at once."""
        lines = iter(self)
        while some := list(islice(lines, most)):
            yield some
