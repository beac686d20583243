"""`santunan run` as an office starts it, and its processes."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.command_line import PROGRAM, environment
from tests.support.http import asked


@contextmanager
def running(folder: Path, port: int, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Once the gateway answers that it is ready."""
    own = environment() | {"SANTUNAN_WEB_ADDRESS": f"127.0.0.1:{port}"}
    program = subprocess.Popen(  # noqa: S603
        [*PROGRAM, "run", *options], cwd=folder, env=own, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: asked(port, "/ready")[0] == 200 or program.poll() is not None)
        yield program
    finally:
        if program.poll() is None:
            program.kill()
        program.communicate()


def wait_for(is_done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not is_done():
        assert time.monotonic() < deadline, "did not happen within a minute"
        time.sleep(0.05)


def children_of(program: "subprocess.Popen[str]") -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(program.pid)], capture_output=True, check=False)  # noqa: S603, S607
    return [int(one) for one in found.stdout.split()]
