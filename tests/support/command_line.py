"""Runs the program as its users do, at 80 columns, without this machine's settings: in a process of its own, or in this
one where nothing of the process is tested."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typer.main import get_command

from agents.cli import commands, main

WIDTH = 80
_OF_A_PROCESS = {"worker", "run", "gateway", "webhooks", "demo", "bench"}
_COMMANDS = get_command(commands.cli)
PROGRAM = (sys.executable, "-c", "from agents.cli import main; main()")


def environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
    own |= {"SANTUNAN_DAILY_CLOCK": "false"}  # the days of a test are those of its events
    return {**own, "COLUMNS": str(WIDTH), "PYTHONPATH": str(Path(__file__).parents[2])}


class Ran:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def santunan_process(*arguments: str, cwd: Path | None = None, given: str | None = None, **settings: str) -> Ran:
    done = subprocess.run(  # noqa: S603
        [*PROGRAM, *arguments],
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**environment(), **settings},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def santunan(*arguments: str, cwd: Path | None = None, given: str = "", **settings: str) -> Ran:
    """As `santunan_process`, and a second faster: in this process, but for a worker or a server."""
    if arguments and arguments[0] in _OF_A_PROCESS and "--help" not in arguments:
        return santunan_process(*arguments, cwd=cwd, given=given, **settings)
    streams = [io.TextIOWrapper(io.BytesIO(text), encoding="utf-8") for text in (given.encode(), b"", b"")]
    with (
        patch.multiple(sys, argv=["santunan", *arguments], stdin=streams[0], stdout=streams[1], stderr=streams[2]),
        patch.dict(os.environ, environment() | settings, clear=True),
        patch.object(commands, "cli", _COMMANDS),
        chdir(cwd or Path.cwd()),
    ):
        try:
            main()
            status: Any = 0
        except SystemExit as ended:
            status = ended.code or 0
        for stream in streams[1:]:
            stream.flush()
    out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])  # type: ignore[attr-defined]
    return Ran(status, out, err)


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
