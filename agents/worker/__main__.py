"""The worker process: `python -m agents.worker`, supervised by `santunan worker` and `santunan run`.

Memory and garbage collection are set before other imports, so Faust is imported inside `main`.
"""

import ctypes
import gc
from typing import Final

ARENAS: Final = 2
_ARENAS_AT_MOST: Final = -8  # `M_ARENA_MAX` of glibc's malloc.h


def main() -> None:
    """Run one worker until a signal ends it; never returns."""
    _share_arenas()
    gc.disable()
    from agents.app import app

    app.finalize()
    tune_garbage_collector()
    app.conf.Worker(app).execute_from_commandline()


def _share_arenas() -> None:
    """Each glibc arena keeps its peak; fifty threads pass the same buffers on, so we limit the arenas to two."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # other C libraries share one by themselves
        libc.mallopt(_ARENAS_AT_MOST, ARENAS)


def tune_garbage_collector() -> None:
    """Raise the threshold above the objects of two chunks; fast: see docs/performance.md."""
    gc.freeze()  # modules stay for good; to collect first would cost a tenth of the start
    gc.set_threshold(500_000, 10, 10)
    gc.enable()


if __name__ == "__main__":
    main()
