"""The ledger's minute: signs what was added, once a minute, in a thread of its own. Never imports Kafka.

Every worker does so, one at a time: who finds nothing new signs nothing.
"""

import logging
import threading
from collections.abc import Callable

from pipeline.errors import SantunanError
from pipeline.store.ledger_keeper import SIGN_SECONDS

log = logging.getLogger("santunan.worker")


class LedgerClock:
    """`keep`: signs what was added; returns how many leaves are covered then, None: nothing was added."""

    def __init__(self, keep: Callable[[], int | None]) -> None:
        self._keep = keep
        self._reported = ""

    def start(self) -> None:
        """Sign until the process ends."""
        threading.Thread(target=self._run, name="ledger clock", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self.keep_safely()
            pause.wait(SIGN_SECONDS)

    def keep_safely(self) -> None:
        """A failure is logged, once as long as it stays the same, and the next minute tries again."""
        try:
            covered = self._keep()
        except Exception as error:  # of the store or the file system: the batches have no part in it
            # The text of an unknown error may hold values: only its type is logged.
            reason = str(error) if isinstance(error, SantunanError | OSError) else type(error).__name__
            if reason != self._reported:
                log.warning("the ledger could not be signed, and is tried again in a minute: %s", reason)
            self._reported = reason
            return
        self._reported = ""
        if covered is not None:
            log.info("signed the ledger; %d entries are covered", covered)
