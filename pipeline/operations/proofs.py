"""The ledger and replay for auditors: how far it is signed, a look at all of it, receipts, and deciding it again.

A look and a replay take minutes, so they are runs: one at a time, in a process of their own that cannot write.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import NotReady, Poison
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.receipts import LedgerState, SignedHead, latest_checkpoints, ledger_state, receipt_of
from pipeline.queries.statistics import count_events
from schemas.decisions import FieldError

MOST_CHECKPOINTS: Final = 20
RunKind = Literal["verification", "replay"]


@dataclass(frozen=True, slots=True)
class Run:
    """`done` of about `total`: entries, or events. `result`: as the command prints it in JSON; None: not ended, or it
    failed for the reason `error`."""

    kind: RunKind
    who: str
    started_at: dt.datetime
    since: dt.date | None
    until: dt.date | None
    total: int
    done: int = 0
    is_running: bool = True
    result: Mapping[str, Any] | None = None
    error: str = ""


class Runs(Protocol):
    """Runs of this process."""

    def start(self, run: Run) -> bool:
        """False: another one goes on."""

    def latest(self, kind: RunKind) -> Run | None:
        """None: none was started since the process began."""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """`checkpoints`: the newest, which come first."""

    state: LedgerState
    checkpoints: tuple[SignedHead, ...]


def read_ledger(front: FrontOffice, principal: Principal) -> LedgerView:
    """Raises Denied."""
    grant_of(principal, "read_ledger")
    return LedgerView(ledger_state(front.store), tuple(latest_checkpoints(front.store, MOST_CHECKPOINTS)))


def read_proof(front: FrontOffice, principal: Principal, digest: str) -> dict[str, object]:
    """The receipt of any event, by its SHA-256; it holds no personal data. Raises Denied, NotFound, Poison (digest)."""
    grant_of(principal, "read_proof")
    try:
        wanted = bytes.fromhex(digest.strip())
    except ValueError:
        wanted = b""
    if len(wanted) != 32:
        raise Poison("INVALID", FieldError("digest", "a SHA-256 has 64 letters from 0 to f"))
    return receipt_of(front.store, wanted)


def start_verification(front: FrontOffice, principal: Principal) -> bool:
    """Compare the whole store with what was signed. False: another run goes on. Raises Denied, NotReady."""
    grant_of(principal, "start_verification")
    total = sum(size for size, _ in ledger_state(front.store).trees.values())
    return _runs_of(front).start(Run("verification", principal.name, front.now(), None, None, total))


def start_replay(
    front: FrontOffice, principal: Principal, *, since: dt.date | None = None, until: dt.date | None = None
) -> bool:
    """Decide the history again, and compare what was decided from `since` on and before `until`. False: another run
    goes on. Raises Denied, NotReady, Poison (until)."""
    grant_of(principal, "start_replay")
    if since is not None and until is not None and until <= since:
        raise Poison("INVALID", FieldError("until", "the period ends before it begins: give a day after the first one"))
    return _runs_of(front).start(Run("replay", principal.name, front.now(), since, until, count_events(front.store)))


def read_run(front: FrontOffice, principal: Principal, kind: RunKind) -> Run | None:
    """The run that goes on, or the last that did. Raises Denied."""
    grant_of(principal, "read_run")
    return front.runs.latest(kind) if front.runs is not None else None


def _runs_of(front: FrontOffice) -> Runs:
    if front.runs is None:
        raise NotReady("this process starts no run; use `santunan replay` and `santunan ledger verify`")
    return front.runs
