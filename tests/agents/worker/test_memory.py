"""Limits of a worker's memory, whose loss would go unnoticed until a backlog arrived."""

import ctypes
import subprocess
import sys
import tracemalloc

import pytest

from pipeline.messages.outputs import encode

# Threads that hold memory at one time, and how many 64 MiB regions glibc has begun for them.
ARENAS = """
import ctypes, re, sys, threading
from agents.worker import __main__ as worker
if sys.argv[1] == "shared":
    worker._share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
all_have_some = threading.Barrier(9)
def have_some():
    libc.malloc(2000)
    all_have_some.wait()
for _ in range(8):
    threading.Thread(target=have_some).start()
all_have_some.wait()
with open("/proc/self/maps") as maps:
    starts = {int(re.match("[0-9a-f]+", line)[0], 16) for line in maps if line.split()[1] == "rw-p"}
print(sum(start % (64 << 20) == 0 for start in starts))
"""


def test_an_output_holds_on_to_no_more_memory_than_it_has_bytes() -> None:
    document = {"claim_id": "JKK-1", "trace": ["x" * 100] * 12}
    encode(document)
    tracemalloc.start()
    try:
        kept = [encode(document) for _ in range(100)]
        size = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert size < len(kept[0]) + 200


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="a C library without arenas")
def test_the_threads_of_a_worker_share_two_arenas() -> None:
    assert _arenas("its own") > 4  # else the next line would show nothing
    assert _arenas("shared") <= 2


def _arenas(how: str) -> int:
    command = [sys.executable, "-c", ARENAS, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own
    return int(done.stdout)
