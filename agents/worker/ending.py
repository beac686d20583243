"""Ends the worker process at once, with a status and one sentence.

`pipeline/errors.py` lists the statuses.
"""

import logging
import os
import sys
from typing import Final, NoReturn

REASON_VARIABLE: Final = "SANTUNAN_REASON_PIPE"  # file descriptor on which the worker writes its reason
SUPERVISOR_VARIABLE: Final = "SANTUNAN_SUPERVISOR"  # process id of the one who started the worker

log = logging.getLogger("santunan.worker")


def leave(status: int, reason: str) -> NoReturn:
    """End the process at once with one sentence. `sys.exit` in an agent would hang in Faust's stopping."""
    try:
        if status:
            log.critical("worker ends with status %d: %s", status, reason)
        else:
            log.info("worker ends: %s", reason)
        pipe = os.environ.get(REASON_VARIABLE)
        if pipe:
            os.write(int(pipe), reason.encode()[:4000])
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:  # no reader may be left: the supervisor was killed, the terminal closed
        os._exit(status)
