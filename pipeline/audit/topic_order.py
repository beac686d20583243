"""The order in which a worker processed the events of several topics, as far as the topics say it.

The embedded log has one order of all topics, and the worker reads in it. Over Kafka the first output of a chunk says
when that was processed, and what of its partition before (`pipeline/messages/order.py`). Events of other chunks, most
of them facts about members, lie between two such chunks of their partition: there they are taken in the order in which
they came, membership before others.
"""

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from pipeline.messages.order import Processed, processed
from pipeline.processing.ports import Place
from pipeline.queries import history
from schemas import topics


def arrange(file: sqlite3.Connection, ends: Mapping[Place, int], *, is_in_order: bool) -> tuple[int, int]:
    """Fill `queue` from the records in `log`. Returns how many events the worker had not read; and how many lie before
    the first chunk of their partition that says its order, or after the last: the order of these is a guess."""
    marks = ", ".join("?" * len(topics.INTAKE))
    guessed = 0
    if is_in_order:
        file.execute(f"{_QUEUE} SELECT seq FROM log WHERE topic IN ({marks}) ORDER BY seq", topics.INTAKE)  # noqa: S608
    else:
        file.execute("CREATE TABLE moments (seq, moment, is_own, came_ms, is_other, place, at)")
        notes = _Notes(file)
        for place in _places(file):
            for page in history.pages(notes.moments(file, place)):
                guessed += sum(one.is_guess for one in page)
                file.executemany("INSERT INTO moments VALUES (?, ?, ?, ?, ?, ?, ?)", [one[:-1] for one in page])
        file.execute(_IN_ORDER)
        file.execute("DROP TABLE moments")
    for (topic, partition), end in ends.items():
        file.execute(_CUT, (topic, partition, end))
    [(read,)] = file.execute("SELECT count(*) FROM queue")
    [(there,)] = file.execute(f"SELECT count(*) FROM log WHERE topic IN ({marks})", topics.INTAKE)  # noqa: S608
    return there - read, guessed


class _Moment(NamedTuple):
    """When an event was processed: before the chunk `moment` of those that say their order, or in it (`is_own`)."""

    seq: int
    moment: int
    is_own: bool
    came_ms: int
    is_other: bool
    place: str
    at: int
    is_guess: bool


class _Notes:
    """The chunks that say their order, in it. Few: one a chunk, and not one an event."""

    def __init__(self, file: sqlite3.Connection) -> None:
        found = {}
        for topic, text, published_ms in file.execute(_NOTED):
            note = processed(text) if topic in topics.OUTPUT else None
            if note is not None and note.number not in found:
                found[note.number] = (note, published_ms)
        ordered = [found[number] for number in sorted(found)]
        self.all = [note for note, _ in ordered]
        self._published: Sequence[int] = list(accumulate((at for _, at in ordered), max))
        self._of: defaultdict[int, list[int]] = defaultdict(list)
        for at, note in enumerate(self.all):
            self._of[note.partition].append(at)

    def moments(self, file: sqlite3.Connection, place: Place) -> Iterator[_Moment]:
        """Of each event of a place, in its order."""
        topic, partition = place
        own = self._of[partition]
        at = earliest = came = 0
        for seq, offset, came_ms in file.execute(_RECORDS, place):
            came = max(came, came_ms)
            while at < len(own) and offset >= _end(self.all[own[at]], topic):
                earliest = own[at] + 1
                at += 1
            is_other = topic != topics.MEMBERS
            latest = own[at] if at < len(own) else len(self.all)
            if at < len(own) and self._holds(self.all[latest], topic, offset):
                yield _Moment(seq, latest, True, 0, is_other, topic, offset, False)
                continue
            # Not before what was processed before it, nor after what says that it was: between them, when it came.
            moment = min(max(earliest, bisect_left(self._published, came)), latest)
            earliest = moment
            yield _Moment(seq, moment, False, came, is_other, topic, offset, at in (0, len(own)))

    def _holds(self, note: Processed, topic: str, offset: int) -> bool:
        return note.topic == topic and note.first <= offset < note.next


def _end(note: Processed, topic: str) -> int:
    """Up to where this topic was processed when the chunk was."""
    return note.next if note.topic == topic else note.read.get(topic, 0)


def _places(file: sqlite3.Connection) -> list[Place]:
    marks = ", ".join("?" * len(topics.INTAKE))
    found = file.execute(f'SELECT DISTINCT topic, "partition" FROM log WHERE topic IN ({marks})', topics.INTAKE)  # noqa: S608
    return [(topic, partition) for topic, partition in found]


_QUEUE: Final = "INSERT INTO queue (seq)"
_IN_ORDER: Final = (
    "INSERT INTO queue (seq) SELECT seq FROM moments ORDER BY moment, is_own, came_ms, is_other, place, at"
)
_CUT: Final = (
    'DELETE FROM queue WHERE seq IN (SELECT seq FROM log WHERE topic = ? AND "partition" = ? AND "offset" >= ?)'
)
_RECORDS: Final = 'SELECT seq, "offset", timestamp_ms FROM log WHERE topic = ? AND "partition" = ? ORDER BY "offset"'
_NOTED: Final = "SELECT topic, headers, timestamp_ms FROM log WHERE headers IS NOT NULL ORDER BY seq"
