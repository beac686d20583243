"""Counts refused records of one kind, so that a worker stops before it refuses everything.

One sender's mistakes are dead letters, however many, and so are those of senders that nobody knows: anybody may invent
them. Most of what arrives from several that are known means that the worker itself is wrong. Pure.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence, Set
from typing import Final

from pipeline.errors import BadDeployment, BugFlood
from pipeline.messages.intake import Arrival, RefusedRecord, claimed_identity

FLOOD_WINDOW: Final = 100
FLOOD_LIMIT: Final = FLOOD_WINDOW // 5  # more than a fifth, from two known sources: we are the stranger
UNKNOWN_TYPE: Final = "UNKNOWN_TYPE"
BUG: Final = "BUG"

Known = Callable[[Collection[str]], Set[str]]  # of these sources those that had an event accepted


class Flood:
    """How many of the last hundred records were refused for `reason`, and from whom."""

    def __init__(self, reason: str, seen: tuple[str | None, ...] = ()) -> None:
        self.reason = reason
        self._seen: deque[str | None] = deque(seen, FLOOD_WINDOW)

    def copy(self) -> "Flood":
        return Flood(self.reason, tuple(self._seen))

    def note(self, arrivals: Sequence[Arrival | RefusedRecord], known: Known) -> None:
        """Raises BadDeployment (unknown types) or BugFlood where the flood is there. `known` is asked only where it
        may be."""
        senders = [self._sender(arrival) for arrival in arrivals]
        refused = [one for one in (*self._seen, *senders) if one is not None]
        if len(refused) <= FLOOD_LIMIT:
            self._seen.extend(senders)
            return
        known_senders = known({one for one in refused if one})
        for sender in senders:
            self._seen.append(sender)
            if sender is not None:
                self._refuse_flood(known_senders)

    def _sender(self, arrival: Arrival | RefusedRecord) -> str | None:
        """The source that a refused record gives, "" where it gives none; None: not refused for this reason."""
        if isinstance(arrival, RefusedRecord) and arrival.poison.reason == self.reason:
            return claimed_identity(arrival.record.value)[0] or ""
        return None

    def _refuse_flood(self, known: Set[str]) -> None:
        count = len([one for one in self._seen if one is not None])
        from_known = [one for one in self._seen if one in known]
        senders = len(set(from_known))
        if self.reason == UNKNOWN_TYPE and len(from_known) > FLOOD_LIMIT and senders > 1:
            raise BadDeployment(
                f"{len(from_known)} of the last {len(self._seen)} events, from {senders} sources known before, are of "
                "a type or version unknown to this version of Santunan: it is probably older than what sends to it. "
                "Nothing of this chunk was stored; install the version that knows them, and start again. To make dead "
                "letters of them instead, which can be retried later: santunan worker --accept-unknown"
            )
        # With nothing but bugs in the window the senders do not matter: no event was applied for as long as it reaches.
        if self.reason == BUG and ((len(from_known) > FLOOD_LIMIT and senders > 1) or count == FLOOD_WINDOW):
            raise BugFlood(
                f"a bug keeps {count} of the last {len(self._seen)} events from being applied; their dead letters "
                "(BUG) and the log say where it is. Nothing of this chunk was stored: install a version without the "
                "bug, start again, and retry those dead letters"
            )
