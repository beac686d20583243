"""The end of a supervised process: its status and one sentence, and that it leaves with its supervisor.

`pipeline/errors.py` lists the statuses.
"""

import logging
import os
import signal
import sys
import threading
import time
from typing import Final, NoReturn

REASON_VARIABLE: Final = "SANTUNAN_REASON_PIPE"  # file descriptor on which the worker writes its reason
SUPERVISOR_VARIABLE: Final = "SANTUNAN_SUPERVISOR"  # process id of the one who started the worker
PARENT_CHECK_SECONDS: Final = 1.0

log = logging.getLogger("santunan.worker")


def leave(status: int, reason: str) -> NoReturn:
    """End the process at once with one sentence. `sys.exit` in an agent would hang in Faust's stopping."""
    try:
        if status:
            log.critical("worker ends with status %d: %s", status, reason)
        else:
            log.info("worker ends: %s", reason)
        give_reason(reason)
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:  # no reader may be left: the supervisor was killed, the terminal closed
        os._exit(status)


def give_reason(reason: str) -> bool:
    """Whether there is a supervisor, who prints the sentence then."""
    pipe = os.environ.get(REASON_VARIABLE)
    if pipe:
        os.write(int(pipe), reason.encode()[:4000])
    return bool(pipe)


def leave_with_supervisor() -> None:
    """Send this process SIGTERM when its supervisor was killed: unseen, it would keep its port. No supervisor: nothing.

    Not the first `getppid`: a supervisor that died while this process started is not its parent any more.
    """
    supervisor = int(os.environ.get(SUPERVISOR_VARIABLE, 0))

    def follow() -> None:
        while os.getppid() == supervisor:
            time.sleep(PARENT_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    if supervisor:
        threading.Thread(target=follow, name="supervisor", daemon=True).start()
