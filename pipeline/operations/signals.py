"""Signals for officers and auditors. They never change a decision, and no claim's place in the queue.

Found in the claims of one year, at most once an hour in a process; those about officers are shown to auditors
alone.
"""

import datetime as dt
import threading
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.signal_facts import material
from pipeline.signals.facts import Signal
from pipeline.signals.rules import AUDIENCE, signals_in
from schemas.clock import JAKARTA

WINDOW: Final = dt.timedelta(days=365)  # of receipt: long enough for counts, short enough for what goes on now
FRESH: Final = dt.timedelta(hours=1)  # 100,000 claims take fifteen seconds of a processor


@dataclass(frozen=True, slots=True)
class Signals:
    """`at`: when they were looked for. `since`: claims and rulings that were received from then on."""

    at: dt.datetime
    since: dt.datetime
    signals: tuple[Signal, ...]


def list_signals(front: FrontOffice, principal: Principal) -> Signals:
    """Raises Denied."""
    grant = grant_of(principal, "list_signals")
    return _shown(_found(front), is_auditor=grant.view == "full")


def list_claim_signals(front: FrontOffice, principal: Principal, claim_id: str, *, waits: bool = True) -> Signals:
    """Those that have this claim among their evidence; of a claim that is not known there are none.

    `waits` False: those that were found last, while newer ones are looked for in a thread of their own. Raises Denied.
    """
    grant = grant_of(principal, "list_claim_signals")
    found = _shown(_found(front) if waits else _found_last(front), is_auditor=grant.view == "full")
    return Signals(found.at, found.since, tuple(one for one in found.signals if claim_id in one.claims))


def _shown(found: Signals, *, is_auditor: bool) -> Signals:
    seen = tuple(one for one in found.signals if is_auditor or AUDIENCE[one.rule] == "officers")
    return Signals(found.at, found.since, seen)


def _found(front: FrontOffice) -> Signals:
    """Who asks while they are looked for waits for the same answer."""
    with front.signals.lock:
        return _fresh(front) or _look(front)


def _found_last(front: FrontOffice) -> Signals:
    if _fresh(front) is None and front.signals.lock.acquire(blocking=False):
        threading.Thread(target=_look_alone, args=(front,), name="signals", daemon=True).start()
    kept = front.signals.found
    return kept if isinstance(kept, Signals) else Signals(front.now(), front.now() - WINDOW, ())


def _look_alone(front: FrontOffice) -> None:
    """Who started it holds the lock."""
    try:
        _look(front)
    finally:
        front.signals.lock.release()


def _fresh(front: FrontOffice) -> Signals | None:
    kept, now = front.signals.found, front.now()
    return kept if isinstance(kept, Signals) and kept.at <= now < kept.at + FRESH else None


def _look(front: FrontOffice) -> Signals:
    now = front.now()
    found = signals_in(material(front.store, front.book, now - WINDOW), now.astimezone(JAKARTA).date())
    kept = front.signals.found = Signals(now, now - WINDOW, tuple(found))
    return kept
