"""Starts processes of the program, a worker or several and the gateway, and each again when that can help.

A worker in trouble ends at once, and its status says what would help (`pipeline/errors.py`): 75 a new start, at once
and then after growing pauses; 78 a person; anything else is a bug, and tried three times a minute. Never imports Faust
or the store: a supervisor must not fail like its worker.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import MappingProxyType
from typing import Final, NamedTuple

from agents.worker.ending import REASON_VARIABLE, SUPERVISOR_VARIABLE
from pipeline.errors import EXIT_CONFIGURATION, EXIT_TRANSIENT

BUGS_A_MINUTE: Final = 3
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0  # after so long a worker was well: pauses and bugs are counted anew
STOP_SECONDS: Final = 15.0  # a worker leaves within ten seconds of SIGTERM


class Part(NamedTuple):
    """One process. `name`: begins the sentences about it. `environment`: variables beside those of this process."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = MappingProxyType({})


class Supervisor:
    """Keeps one worker running. `say` gets the sentences for the screen, which begin with its `name`.

    `environment`: variables that the worker gets beside, and instead of, those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        say: Callable[[str], None],
        *,
        environment: Mapping[str, str] | None = None,
        name: str = "The worker",
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._command = list(command)
        self._say = say
        self._environment = environment or {}
        self._name = name
        self._clock = clock
        self._woken = threading.Event()  # so that a signal ends a pause
        self._pause = pause or self._woken.wait
        self._bugs: deque[float] = deque(maxlen=BUGS_A_MINUTE)
        self._transients = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._asked_to_stop: int | None = None

    def run(self) -> int:
        """Until the worker ends for good; returns the status to end with."""
        while True:
            started = self._clock()
            status, reason = self._run_once()
            if self._asked_to_stop is not None:
                return 0 if status in (0, -self._asked_to_stop) else status
            if status == 0:
                return 0
            if self._clock() - started >= STEADY_SECONDS:
                self._transients = 0
            pause = self._judge(status, reason)
            if pause is None:
                return status if status > 0 else 128 - status
            self._pause(pause)
            if self._asked_to_stop is not None:
                return 0

    def _judge(self, status: int, reason: str) -> float | None:
        """Seconds to wait before the next start; None: no further one."""
        given = reason or "it gave no reason"
        if status == EXIT_CONFIGURATION:
            self._say(f"{self._name} cannot run: {given}")
            return None
        if status == EXIT_TRANSIENT or status < 0:  # a signal from outside, such as kill -9, is no bug of the worker
            pause = self._growing_pause()
            what = f"was ended by {_signal_name(-status)}" if status < 0 else f"stopped: {given}"
            when = f"in {pause:.1f} s" if pause else "now"
            self._say(f"{self._name} {what}. Nothing is lost; starting again {when}.")
            return pause
        self._bugs.append(self._clock())
        if len(self._bugs) == BUGS_A_MINUTE and self._bugs[-1] - self._bugs[0] < 60:
            self._say(
                f"{self._name} failed {BUGS_A_MINUTE} times within a minute (status {status}); giving up: {given}"
            )
            return None
        self._say(f"{self._name} failed (status {status}): {given}. Starting again.")
        return FIRST_PAUSE_SECONDS

    def _growing_pause(self) -> float:
        """Seconds; 0 before the first start after a worker that was well: claims wait for it."""
        pause: float = min(FIRST_PAUSE_SECONDS * 2 ** (self._transients - 1), LONGEST_PAUSE_SECONDS)
        self._transients += 1
        return pause if self._transients > 1 else 0.0

    def _run_once(self) -> tuple[int, str]:
        """Status (negative: the signal that ended it) and the reason the worker gave."""
        reading, writing = os.pipe()
        environment = {**os.environ, **self._environment, REASON_VARIABLE: str(writing)}
        environment[SUPERVISOR_VARIABLE] = str(os.getpid())
        # The child never receives SIGINT, not even while it starts or ends: Ctrl-C is for who passes it on.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the command is our own
                self._command, env=environment, pass_fds=(writing,), start_new_session=True
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(writing)
        if self._asked_to_stop is not None:  # the signal came while there was no child to pass it to
            self._child.send_signal(self._asked_to_stop)
        status = self._waited(self._child)
        os.set_blocking(reading, False)
        reason = b""
        with contextlib.suppress(BlockingIOError):
            reason = os.read(reading, 4096)
        os.close(reading)
        return status, reason.decode(errors="replace")

    def _waited(self, child: "subprocess.Popen[bytes]") -> int:
        deadline: float | None = None
        while True:
            try:
                return child.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                if self._asked_to_stop is None:
                    continue
                deadline = deadline or self._clock() + STOP_SECONDS
                if self._clock() > deadline:
                    child.kill()
                    late = f"did not leave within {STOP_SECONDS:.0f} s and was killed"
                    self._say(f"{self._name} {late}; nothing is lost.")

    def stop(self, signum: int) -> None:
        """Ask the worker to stop, with this signal; the loop then ends with it."""
        self._asked_to_stop = signum
        self._woken.set()
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signum)


def supervise(parts: Sequence[Part], say: Callable[[str], None] | None = None) -> int:
    """Run each part, supervised by itself, until the first ends for good.

    Then the others are stopped, too: what runs in part would hide it. SIGTERM and SIGINT stop all of them.
    Returns the first status other than 0, in order of ending. To be called in the main thread.
    """
    supervisors = [
        Supervisor(one.command, say or _on_stderr, environment=one.environment, name=one.name) for one in parts
    ]
    happened: SimpleQueue[object] = SimpleQueue()  # the one kind that a handler of signals may put into
    ended: list[Future[int]] = []
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in previous:
        signal.signal(number, lambda received, _frame: happened.put(received))
    try:
        with ThreadPoolExecutor(len(supervisors)) as threads:
            try:
                for supervisor in supervisors:
                    running = threads.submit(supervisor.run)
                    running.add_done_callback(ended.append)
                    running.add_done_callback(happened.put)
                happened.get()
            finally:
                for supervisor in supervisors:
                    supervisor.stop(signal.SIGTERM)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return next(filter(None, [one.result() for one in ended]), 0)


def worker_parts(environments: Sequence[Mapping[str, str]] = ({},)) -> list[Part]:
    """One worker in each of the environments."""
    count = len(environments)
    names = ["The worker"] if count == 1 else [f"Process {number} of the worker" for number in range(1, count + 1)]
    return [Part(name, worker_command(), own) for name, own in zip(names, environments, strict=True)]


def worker_command(module: str = "agents.worker") -> list[str]:
    """The command that starts one worker of this installation."""
    return [sys.executable, "-m", module]


def _on_stderr(sentence: str) -> None:
    with contextlib.suppress(
        OSError
    ):  # a full disk, a pipe without a reader: the worker matters more than the sentence
        print(f"{sentence}\n", end="", file=sys.stderr, flush=True)  # in one piece: each process has a thread


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
