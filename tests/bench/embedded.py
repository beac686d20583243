"""The embedded path: one SQLite file, fsync on every commit, the real worker in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from agents.settings import read_settings
from agents.worker.__main__ import tune_garbage_collector
from pipeline.law.book import Book
from pipeline.messages.records import Chunk, Message, Record
from pipeline.processing.processor import Processor
from pipeline.processing.report import Report
from pipeline.store import open_store
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.bench.workload import Sent, claims, members

MEMBERS = 10_000  # with fewer, each claim would meet many earlier ones of the same person
APPEND = 5_000
CHUNK = 1_000
PATIENCE_SECONDS = 300


def measure(directory: Path, count: int) -> dict[str, Any]:
    workers_rate, seconds = _worker(directory / "worker.db", count)
    shares = _shares(directory / "shares.db", count)
    total = sum(shares.values())
    batch_seconds_per_claim = total / count
    faust = max(0.0, 1 - batch_seconds_per_claim / (seconds / count))
    print(
        f"  One Python process decides: {total / count * 1e6:.0f} µs of it a claim, most of them in the rules and the\n"
        "  desk. The disk is not the limit: a commit with fsync is shared by up to 1,500 claims."
    )
    return {
        "embedded_claims_per_second": round(workers_rate),
        **{f"embedded_share_{step}": round(part / total * (1 - faust), 2) for step, part in shares.items()},
        "embedded_share_faust": round(faust, 2),
    }


def _worker(file: Path, count: int) -> tuple[float, float]:
    """Claims/s of the worker over a backlog, and its seconds; the members are decided on before the clock starts."""
    url = f"sqlite:///{file}"
    open_store(url).close()
    log = Log(file)
    _append(log, members(MEMBERS), topics.HISTORY)
    own = {"SANTUNAN_DATABASE_URL": url, "SANTUNAN_LOG_LEVEL": "WARNING", "SANTUNAN_DAILY_CLOCK": "false"}
    environment = os.environ | own
    worker = subprocess.Popen([sys.executable, "-m", "agents.worker"], env=environment)  # noqa: S603
    try:
        group = read_settings(database_url=url).group
        _wait(log, group, topics.HISTORY)
        _append(log, claims(count, MEMBERS), topics.HISTORY)
        started = _first(log)
        _wait_decisions(log, count)
        seconds = time.perf_counter() - started[0]
        return (count - started[1]) / seconds, seconds
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(20)
        log.close()


def _first(log: Log) -> tuple[float, int]:
    return time.perf_counter(), log.end(topics.DECISIONS, 0)


def _wait_decisions(log: Log, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while log.end(topics.DECISIONS, 0) < count:
        assert time.monotonic() < deadline, "the worker is stuck"
        time.sleep(0.02)


def _wait(log: Log, group: str, topic: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while log.positions(group).get((topic, 0), 0) < log.end(topic, 0):
        assert time.monotonic() < deadline, "the worker is stuck"
        time.sleep(0.05)


def _append(log: Log, sent: Iterable[Sent], topic: str) -> None:
    rest = iter(sent)
    while some := [Message(topic, one.key, one.value) for one in islice(rest, APPEND)]:
        log.append(some)


def _shares(file: Path, count: int) -> dict[str, float]:
    """Seconds of each step, without Faust: the same claims through the batch alone."""
    store = open_store(f"sqlite:///{file}")
    reports: list[Report] = []
    processor = Processor(store, Book.load(), "bench", observe=reports.append)
    log = Log(file)
    _through(processor, log, members(MEMBERS), 0)
    reports.clear()
    tune_garbage_collector()
    total = {"parse": _through(processor, log, claims(count, MEMBERS), log.end(topics.HISTORY, 0))}
    for report in reports:
        for step, seconds in report.seconds.items():
            total[step] = total.get(step, 0.0) + seconds
    log.close()
    store.close()
    return total


def _through(processor: Processor, log: Log, sent: Iterable[Sent], start: int) -> float:
    """Seconds spent on parsing."""
    rest = iter(sent)
    parsing = 0.0
    while some := list(islice(rest, CHUNK)):
        log.append([Message(topics.HISTORY, one.key, one.value) for one in some])
        records = tuple(Record(start + at, 0, one.key, one.value) for at, one in enumerate(some))
        started = time.perf_counter()
        chunk = Chunk(topics.HISTORY, 0, start, start + len(some), records)
        arrivals = processor.read(chunk)
        parsing += time.perf_counter() - started
        processor.store_parsed([(chunk, arrivals)])
        start += len(some)
    return parsing
