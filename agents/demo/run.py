"""Runs the demo's portfolio through the real pipeline: submits it as history, starts a worker, watches it decide.

Everything stays in one directory, on an embedded file of its own; the settings of this machine are not touched.
"""

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from agents.demo.place import DIRECTORY, EVENTS, KNOWN_LIST, settings
from agents.demo.summary import Shown

if TYPE_CHECKING:
    from agents.clients import Outgoing

_LOCK: Final = DIRECTORY.with_suffix(".lock")  # beside the directory, which is removed
_DONE: Final = DIRECTORY / "done.json"
_WORKER_LOG: Final = DIRECTORY / "worker.log"

_CHUNK_RECORDS: Final = 500  # fewer than by default, so that progress can be watched
_LOOK_EVERY_SECONDS: Final = 0.1
_START_SECONDS: Final = 30.0  # without any progress the worker hangs
_LEAVE_SECONDS: Final = 10.0


def done_before(identity: dict[str, Any]) -> dict[str, Any] | None:
    """The note of the last complete run, if it was of the same portfolio, version and law."""
    try:
        noted: dict[str, Any] = json.loads(_DONE.read_text())
    except (OSError, ValueError):
        return None
    return noted if noted.get("identity") == identity else None


def identity(seed: int) -> dict[str, Any]:
    """Seed, version and law: with the same ones a run has the same results."""
    from importlib.metadata import version

    from pipeline.law.book import Book

    return {"seed": seed, "version": version("santunan"), "law": Book.load().fingerprint}


def run(seed: int, screen: Any) -> dict[str, Any]:
    """From nothing to decided; `screen` gets one line a step. Raises NotReady where the worker does not work, or where
    another demo is being run here."""
    with _alone():
        return _run(seed, screen)


@contextmanager
def _alone() -> Iterator[None]:
    """Two runs at once would remove each other's files."""
    from pipeline.errors import NotReady

    DIRECTORY.parent.mkdir(parents=True, exist_ok=True)
    with _LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotReady(f"another demo is being run in {DIRECTORY.parent}: wait until it is done") from None
        yield


def _run(seed: int, screen: Any) -> dict[str, Any]:
    from agents.demo import portfolio, simulated_office

    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    screen.print("Making the portfolio from its seed …")
    lines = portfolio(seed)
    EVENTS.write_bytes(b"\n".join(lines) + b"\n")
    others, known = simulated_office(seed)
    KNOWN_LIST.write_bytes(known)
    lines = (*others, *lines)
    screen.print(f"Submitting {len(lines):,} events …")
    total = _submit(lines)
    screen.print("Starting a worker; it reads them in order, decides, and stores each chunk in one transaction.")
    with _worker() as worker:
        started = time.monotonic()
        seconds = _watch(worker, total, screen)
        total_seconds = time.monotonic() - started
    noted = {
        "identity": identity(seed),
        "events": len(lines),
        "seconds": seconds,
        "with_start_seconds": total_seconds,
    }
    _DONE.write_text(json.dumps(noted))
    return noted


def _submit(lines: tuple[bytes, ...]) -> int:
    """Returns how many records were submitted: the daily clock goes to every partition."""
    from agents.clients import open_submitter

    with open_submitter(settings()) as submitter:
        return sum(1 for _ in submitter.send(_outgoing(lines, submitter.partitions)))


def _outgoing(lines: tuple[bytes, ...], partitions: int) -> "Iterator[Outgoing]":
    """As an operator hands history in, but with unreadable events as well: a clinic's own program may send them."""
    from agents.clients import Outgoing, outgoing
    from schemas import topics
    from schemas.events import Refused

    for line in lines:
        try:
            yield from outgoing(line, partitions, is_history=True)
        except Refused:
            yield Outgoing(topics.HISTORY, b"unreadable", None, line, "", "", None)


@contextmanager
def _worker() -> "Iterator[subprocess.Popen[bytes]]":
    from agents.worker.supervisor import worker_command

    own = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
    own_settings = settings()
    place = own_settings.database_url
    environment = {
        **own,
        "SANTUNAN_DATABASE_URL": place,
        "SANTUNAN_BROKER_URL": place,
        "SANTUNAN_CHUNK_RECORDS": str(_CHUNK_RECORDS),
        "SANTUNAN_DAILY_CLOCK": "false",  # the portfolio has its own days
    }
    if own_settings.nik_key_file is not None:
        environment["SANTUNAN_NIK_KEY_FILE"] = str(own_settings.nik_key_file)
    with _WORKER_LOG.open("wb") as log:
        worker = subprocess.Popen(  # noqa: S603 - the command is our own
            worker_command(), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield worker
    finally:
        worker.terminate()
        try:
            worker.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _watch(worker: "subprocess.Popen[bytes]", total: int, screen: Any) -> float:
    """Until everything submitted is decided; returns the seconds from the first decision seen to the last."""
    from agents.demo.watch import Watch
    from pipeline.errors import NotReady

    with Watch(settings(), total, screen) as watch:
        last_progress = began = time.monotonic()
        before = 0
        while True:
            read = watch.look()
            now = time.monotonic()
            if before == 0 and read > 0:
                began = last_progress  # the last look at which nothing had been read yet
            if read >= total:
                return now - began
            if read != before or before == 0 and now - began < _START_SECONDS:
                last_progress, before = now, read
            if worker.poll() is not None or now - last_progress > _START_SECONDS:
                raise NotReady(f"the worker stopped at event {read:,} of {total:,}; {_WORKER_LOG} says why:\n{_tail()}")
            time.sleep(_LOOK_EVERY_SECONDS)


def _tail() -> str:
    return "\n".join(_WORKER_LOG.read_text(errors="replace").splitlines()[-5:])


def read_back(noted: dict[str, Any]) -> Shown:
    """The events that the worker published, read as a client reads them."""
    import orjson
    from pydantic import TypeAdapter

    from agents.clients import open_history
    from pipeline.queries.decisions import read_decision
    from schemas import topics
    from schemas.decisions import Payout, Refusal

    payout, refusal = TypeAdapter(Payout), TypeAdapter(Refusal)
    found: dict[str, list[Any]] = {topics.DECISIONS: [], topics.PAYOUTS: [], topics.DEAD_LETTERS: []}
    with open_history(settings()) as history:
        for one in history.read(tuple(found)):
            if one.topic == topics.DECISIONS:
                found[one.topic].append(read_decision(one.value))
                continue
            reader: TypeAdapter[Any] = payout if one.topic == topics.PAYOUTS else refusal
            found[one.topic].append(reader.validate_json(orjson.dumps(orjson.loads(one.value)["data"])))
    return Shown(
        found[topics.DECISIONS], found[topics.PAYOUTS], found[topics.DEAD_LETTERS], noted["events"], noted["seconds"]
    )
