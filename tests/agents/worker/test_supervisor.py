"""A worker is started again when that helps, and only then. Real processes, no waiting: pauses are noted, not slept."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.worker.supervisor import Part, Supervisor, supervise
from tests.support.command_line import is_running

WORKER = """
import os, pathlib, sys
counter = pathlib.Path(sys.argv[1])
place = int(counter.read_text() or 0) if counter.exists() else 0
counter.write_text(str(place + 1))
statuses = sys.argv[2].split(",")
status = int(statuses[min(place, len(statuses) - 1)])
os.write(int(os.environ["SANTUNAN_REASON_PIPE"]), b"reason number %d" % place)
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


class Watched:
    """A supervisor over a worker that ends with the given statuses, one after the other, the last for ever."""

    def __init__(self, folder: Path, *statuses: int, seconds_each: float = 0.0) -> None:
        self.said: list[str] = []
        self.pauses: list[float] = []
        self._now = 0.0
        self._seconds_each = seconds_each
        self._counter = folder / "starts"
        command = [sys.executable, "-c", WORKER, str(self._counter), ",".join(map(str, statuses))]
        self.supervisor = Supervisor(command, self.said.append, clock=self._clock, pause=self.pauses.append)

    def _clock(self) -> float:
        self._now += self._seconds_each
        return self._now

    @property
    def starts(self) -> int:
        return int(self._counter.read_text())


Watch = Callable[..., Watched]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return lambda *statuses, **options: Watched(tmp_path, *statuses, **options)


def test_a_worker_that_ends_well_is_not_started_again(watch: Watch) -> None:
    watched = watch(0)
    assert watched.supervisor.run() == 0
    assert (watched.starts, watched.pauses, watched.said) == (1, [], [])


def test_what_passes_is_tried_again_at_once_then_after_growing_pauses_and_says_why(watch: Watch) -> None:
    watched = watch(75, 75, 75, 75, 0)
    assert watched.supervisor.run() == 0
    assert watched.starts == 5
    assert watched.pauses == [0.0, 0.5, 1.0, 2.0]
    assert "reason number 0" in watched.said[0] and "starting again now" in watched.said[0]
    assert "starting again in 0.5 s" in watched.said[1]


def test_pauses_stop_growing_at_half_a_minute(watch: Watch) -> None:
    watched = watch(*[75] * 10, 0)
    watched.supervisor.run()
    assert watched.pauses[-1] == max(watched.pauses) == 30.0


def test_a_worker_that_ran_well_for_a_minute_is_started_at_once_again(watch: Watch) -> None:
    watched = watch(75, 75, 0, seconds_each=61.0)
    watched.supervisor.run()
    assert watched.pauses == [0.0, 0.0]


def test_a_wrong_setting_ends_it_at_once_with_the_reason(watch: Watch) -> None:
    watched = watch(78)
    assert watched.supervisor.run() == 78
    assert watched.starts == 1
    assert watched.said == ["The worker cannot run: reason number 0"]


def test_a_worker_with_a_bug_is_given_up_after_three_tries_within_a_minute(watch: Watch) -> None:
    watched = watch(70)
    assert watched.supervisor.run() == 70
    assert watched.starts == 3
    assert "giving up" in watched.said[-1] and "reason number 2" in watched.said[-1]


def test_three_bugs_over_more_than_a_minute_are_no_reason_to_give_up(watch: Watch) -> None:
    watched = watch(70, 70, 70, 0, seconds_each=31.0)
    assert watched.supervisor.run() == 0
    assert watched.starts == 4


def test_a_worker_that_was_killed_is_started_again(watch: Watch) -> None:
    watched = watch(-signal.SIGKILL, 0)
    assert watched.supervisor.run() == 0
    assert watched.starts == 2
    assert watched.pauses == [0.0]
    assert "SIGKILL" in watched.said[0] and "Nothing is lost" in watched.said[0]


def test_an_unknown_status_counts_as_a_bug(watch: Watch) -> None:
    watched = watch(1)
    assert watched.supervisor.run() == 1
    assert watched.starts == 3


def test_a_request_to_stop_is_passed_on_and_the_worker_is_not_started_again(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = (
        "import pathlib, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "signal.pause()"
    )
    supervisor = Supervisor([sys.executable, "-c", script], lambda _: None)
    statuses: list[int] = []
    runner = threading.Thread(target=lambda: statuses.append(supervisor.run()))
    runner.start()
    _wait_for(ready.exists)
    supervisor.stop(signal.SIGTERM)
    runner.join(timeout=10)
    assert statuses == [0]


def test_a_request_to_stop_ends_a_pause(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor([sys.executable, "-c", "import sys; sys.exit(75)"], said.append)
    supervisor._transients = 6  # the next pause would last half a minute
    runner = threading.Thread(target=supervisor.run)
    runner.start()
    _wait_for(lambda: bool(said))
    supervisor.stop(signal.SIGTERM)
    runner.join(timeout=10)
    assert not runner.is_alive()


def test_the_reason_pipe_is_closed_after_each_run(watch: Watch) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    watch(75, 75, 75, 75, 0).supervisor.run()
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    assert after == before


# --- several at once

PART = """
import os, pathlib, signal, sys, time
folder, number, status = pathlib.Path(sys.argv[1]), os.environ["NUMBER"], int(sys.argv[2])
def leave(*_):
    (folder / f"{number}.left").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
with (folder / f"{number}.starts").open("a") as starts:
    starts.write(f"{os.getpid()}\\n")
if number == "2" and status:
    while not (folder / "1.starts").exists():
        time.sleep(0.02)
    sys.exit(status)
time.sleep(30)
"""


def _parts(folder: Path, status: int = 0) -> list[Part]:
    """Processes that work until a signal stops them; the second ends with this status, once the first has begun."""
    command = [sys.executable, "-c", PART, str(folder), str(status)]
    return [Part(f"Process {number}", command, {"NUMBER": number}) for number in ("1", "2")]


def _starts(folder: Path, number: int) -> list[int]:
    """Process ids, in order."""
    file = folder / f"{number}.starts"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def _program(*parts: Part) -> list[str]:
    """The command of a program that supervises and does nothing else."""
    return [
        sys.executable,
        "-c",
        f"import sys; from agents.worker.supervisor import Part, supervise; sys.exit(supervise({written(parts)}))",
    ]


def written(parts: Sequence[Part]) -> str:
    return repr([Part(one.name, one.command, dict(one.environment)) for one in parts])


@contextmanager
def _supervising(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program that supervises two processes, once both have begun."""
    program = subprocess.Popen(_program(*_parts(folder)), stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        _wait_for(lambda: bool(_starts(folder, 1) and _starts(folder, 2)))
        yield program
    finally:
        if program.poll() is None:
            program.kill()
        for pid in (*_starts(folder, 1), *_starts(folder, 2)):
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
        program.communicate()


def test_of_several_one_that_was_killed_is_started_again_while_the_others_run_on(tmp_path: Path) -> None:
    with _supervising(tmp_path) as program:
        os.kill(_starts(tmp_path, 2)[0], signal.SIGKILL)
        _wait_for(lambda: len(_starts(tmp_path, 2)) == 2)
        [undisturbed] = _starts(tmp_path, 1)
        assert is_running(undisturbed) and not (tmp_path / "1.left").exists()
        program.terminate()
        _, said = program.communicate(timeout=20)
    assert program.returncode == 0
    assert said == "Process 2 was ended by SIGKILL. Nothing is lost; starting again now.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_of_several(number: signal.Signals, tmp_path: Path) -> None:
    with _supervising(tmp_path) as program:
        program.send_signal(number)
        _, said = program.communicate(timeout=20)
        assert (program.returncode, said) == (0, "")
        assert not any(map(is_running, _starts(tmp_path, 1) + _starts(tmp_path, 2)))
    assert (tmp_path / "1.left").exists() and (tmp_path / "2.left").exists()


def test_a_process_that_cannot_run_stops_the_others_and_gives_its_status(tmp_path: Path) -> None:
    said: list[str] = []
    assert supervise(_parts(tmp_path, 78), said.append) == 78
    assert (tmp_path / "1.left").exists()
    assert said == ["Process 2 cannot run: it gave no reason"]


def test_one_of_several_that_somebody_told_to_leave_takes_the_others_along(tmp_path: Path) -> None:
    with _supervising(tmp_path) as program:
        os.kill(_starts(tmp_path, 2)[0], signal.SIGTERM)
        assert program.wait(timeout=20) == 0
    assert (tmp_path / "1.left").exists()


def test_what_goes_wrong_in_supervising_one_of_several_stops_all_and_comes_through(tmp_path: Path) -> None:
    def say(sentence: str) -> None:
        raise BrokenPipeError(sentence)

    with pytest.raises(BrokenPipeError, match="Process 2 cannot run"):
        supervise(_parts(tmp_path, 78), say)
    assert (tmp_path / "1.left").exists()


def test_one_alone_is_called_the_worker_and_signals_mean_again_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    said: list[str] = []
    assert supervise([Part("The worker", [sys.executable, "-c", "import sys; sys.exit(78)"])], said.append) == 78
    assert said == ["The worker cannot run: it gave no reason"]
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_while_a_worker_is_still_starting_is_no_failure(tmp_path: Path) -> None:
    """Sent to the worker as well it changes nothing there: the supervisor alone ends it."""
    ready = tmp_path / "ready"
    unprepared = (
        "import os, pathlib, signal, time; os.kill(os.getpid(), signal.SIGINT); "
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(30)"
    )
    with subprocess.Popen(_program(Part("It", [sys.executable, "-c", unprepared]))) as program:  # noqa: S603
        _wait_for(ready.exists)
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=20) == 0


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "did not happen within a minute"
        time.sleep(0.02)


@pytest.mark.parametrize("is_full", [True, False])
def test_a_supervisor_outlives_its_standard_error(is_full: bool, tmp_path: Path) -> None:
    """A disk that is full, or a pipe that nobody reads any more."""
    failing_once = f"import os, sys; sys.exit(75 if len(os.listdir({str(tmp_path)!r})) < 2 else 0)"
    counted = f"import os, tempfile; tempfile.mkstemp(dir={str(tmp_path)!r}); {failing_once}"
    if is_full:
        output = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, output = os.pipe()
        os.close(reading)
    try:
        program = subprocess.run(_program(Part("It", [sys.executable, "-c", counted])), stderr=output, timeout=30)  # noqa: S603
    finally:
        os.close(output)
    assert program.returncode == 0 and len(list(tmp_path.iterdir())) == 2
