"""Runs the program as its users do: in a process of its own, at 80 columns, without this machine's settings."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WIDTH = 80
PROGRAM = (sys.executable, "-c", "from agents.cli import main; main()")


def environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
    own |= {"SANTUNAN_DAILY_CLOCK": "false"}  # the days of a test are those of its events
    return {**own, "COLUMNS": str(WIDTH), "PYTHONPATH": str(Path(__file__).parents[2])}


class Ran:
    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def santunan(*arguments: str, cwd: Path | None = None, given: str | None = None, **settings: str) -> Ran:
    return Ran(
        subprocess.run(  # noqa: S603
            [*PROGRAM, *arguments],
            cwd=cwd,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**environment(), **settings},
        )
    )


def accident(**changes: Any) -> str:
    document = {
        "specversion": "1.0",
        "id": "1",
        "source": "urn:santunan:clinic:plkk-0001",
        "type": "santunan.claim.accident.v1",
        "time": "2024-05-06T10:00:00+07:00",
        "data": {
            "claim_id": "JKK-1",
            "member": {"member_number": "19110000001"},
            "accident": {"occurred_at": "2024-05-06T08:00:00+07:00"},
        },
    }
    return json.dumps(document | changes)


@contextmanager
def worker(cwd: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A supervised worker; it must leave by itself after a signal."""
    running = subprocess.Popen(  # noqa: S603
        [*PROGRAM, "worker"], cwd=cwd, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0


def until(cwd: Path, count: int, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a command, asked again until there are so many; the last answer after half a minute."""
    deadline = time.monotonic() + 30
    while True:
        rows = santunan(*arguments, "--json", cwd=cwd).rows
        if len(rows) >= count or time.monotonic() > deadline:
            return rows


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
