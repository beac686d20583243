"""Starting, killing and waiting for workers in tests. Every process started here is ended here."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 60.0


class Worker:
    """One worker process, its log in a file. Without `step` the real one."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, step: str = "", nth: int = 0) -> None:
        module = ["tests.faults.dying_worker", step, str(nth)] if step else ["agents.worker"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
        self.log = folder / "worker.log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=kept | {"SANTUNAN_DAILY_CLOCK": "false"} | dict(settings),
                cwd=Path(__file__).parents[2],
            )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_reading(self) -> bool:
        """It said where it begins to read; only at log level INFO."""
        return any(sign in self.log.read_text(errors="replace") for sign in (" reading ", "are ours"))

    @property
    def assignments(self) -> int:
        """How often it was given partitions; only at log level INFO, and of all workers of this folder."""
        return self.log.read_text(errors="replace").count("are ours")

    def signal(self, number: int) -> None:
        if not self.has_ended:
            self.process.send_signal(number)

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        """The status it ended with; negative: the signal."""
        return self.process.wait(timeout=seconds)

    def stop(self) -> int:
        """As an operator does: SIGTERM, and it must leave within ten seconds."""
        self.signal(signal.SIGTERM)
        return self.wait(10)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@contextmanager
def running(folder: Path, settings: Mapping[str, str], *, step: str = "", nth: int = 0) -> Iterator[Worker]:
    """A worker that is gone when the block is left, however it is left."""
    worker = Worker(folder, settings, step=step, nth=nth)
    try:
        yield worker
    finally:
        if not worker.has_ended:
            worker.process.kill()
            worker.wait()


def wait_for(
    condition: Callable[[], bool], worker: Worker | None = None, seconds: float = WAIT_SECONDS, *, every: float = 0.05
) -> None:
    """Until it holds, asked every so many seconds. Fails with the last lines of a worker that ended before."""
    deadline = time.monotonic() + seconds
    while not condition():
        tail = f"\n{worker.tail()}" if worker is not None else ""
        if worker is not None and worker.has_ended:
            raise AssertionError(f"the worker ended with status {worker.process.poll()} before this came true{tail}")
        if time.monotonic() > deadline:
            raise AssertionError(f"this did not come true within {seconds:.0f} s{tail}")
        time.sleep(every)
