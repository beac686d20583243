"""Stops a worker that is older than what is sent to it, before it refuses everything as of unknown type."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from pipeline.errors import BadDeployment
from pipeline.messages.intake import Arrival, RefusedRecord, claimed_identity

FLOOD_WINDOW: Final = 100
FLOOD_LIMIT: Final = FLOOD_WINDOW // 5  # more than a fifth of unknown type, from two sources: we are the stranger


class UnknownTypes:
    """How many of the last hundred events were of a type this version does not know, and from whom.

    One sender's mistakes are dead letters, however many. Most of what arrives from several being unknown means that
    an old version of the worker reads a newer stream: it must stop before it refuses it all.
    """

    def __init__(self, seen: tuple[str | None, ...] = ()) -> None:
        self._seen: deque[str | None] = deque(seen, FLOOD_WINDOW)
        self._count = sum(one is not None for one in seen)

    def copy(self) -> "UnknownTypes":
        return UnknownTypes(tuple(self._seen))

    def note(self, arrivals: Iterable[Arrival | RefusedRecord]) -> None:
        """Raises BadDeployment where the flood is there."""
        for arrival in arrivals:
            sender = None
            if isinstance(arrival, RefusedRecord) and arrival.poison.reason == "UNKNOWN_TYPE":
                sender = claimed_identity(arrival.record.value)[0] or "?"
            if len(self._seen) == FLOOD_WINDOW and self._seen[0] is not None:
                self._count -= 1
            self._seen.append(sender)
            if sender is not None:
                self._count += 1
                self._refuse_flood()

    def _refuse_flood(self) -> None:
        senders = {one for one in self._seen if one is not None}
        if self._count > FLOOD_LIMIT and len(senders) > 1:
            raise BadDeployment(
                f"{self._count} of the last {len(self._seen)} events, from {len(senders)} sources, are of a type or "
                "version unknown to this version of Santunan: it is probably older than what sends to it. Nothing of "
                "this chunk was stored; install the version that knows them, and start again"
            )
