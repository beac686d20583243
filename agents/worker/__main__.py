"""The worker process: `python -m agents.worker`, what `santunan worker` and `santunan run` supervise.

What its memory and its start depend on is set before anything is imported; so Faust is imported inside `main`.
"""

import ctypes
import gc
from typing import Final

ARENAS: Final = 2
_ARENAS_AT_MOST: Final = -8  # `M_ARENA_MAX` of glibc's malloc.h


def main() -> None:
    """Run one worker until it is told to leave; never returns."""
    _share_arenas()
    gc.disable()
    from agents.app import app

    app.finalize()
    tune_garbage_collector()
    app.conf.Worker(app).execute_from_commandline()


def _share_arenas() -> None:
    """glibc gives each thread memory of its own to allocate from, and keeps there what the thread once needed. Bytes
    wander from fetcher to batch to publisher, some fifty threads in all; Python lets one of them run at a time.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # other C libraries share by themselves
        libc.mallopt(_ARENAS_AT_MOST, ARENAS)


def tune_garbage_collector() -> None:
    """A chunk makes some hundred thousand objects, nearly all of them freed by their last reference. Looking through
    them for cycles at Python's default pace took 15 to 30 % of the time; the threshold is above what two chunks hold.
    """
    gc.freeze()  # modules stay for good; the little garbage among them is not worth a tenth of the start
    gc.set_threshold(500_000, 10, 10)
    gc.enable()


if __name__ == "__main__":
    main()
