"""Metrics of a worker, for Prometheus. Labels are codes and topics: never an id, a key or a person.

Updated once a chunk, so that they cost a claim nothing. Never imports Faust, Kafka or the store.
"""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from agents.worker.batch_source import Lag
from pipeline.processing.report import Report
from schemas import topics

STEPS: Final = ("parse", "load", "decide", "write", "commit", "publish")
FATES: Final = ("accepted", "duplicate", "refused")
ALARMS: Final = ("BUG", "CLOCK_AHEAD", "NOT_ATTESTED")  # reasons of dead letters that ask for a person at once
# A chunk of one event takes milliseconds, one of thousands under a second; beyond ten something hangs.
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the number of series


class Metrics:
    """The metrics of one worker, in a registry of their own. Threads may feed it at once.

    `wall`: seconds since 1970; for the age of what waits.
    """

    def __init__(self, *, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._build = Info("santunan_build", "The version that runs, its rule book and its engine", registry=registry)
        self._decided = Counter(
            "santunan_claims_decided",
            "Decisions made, by program, outcome and main reason code",
            ("program", "outcome", "reason"),
            registry=registry,
        )
        self._events = Counter(
            "santunan_events",
            "Events stored, by intake topic and by what became of them",
            ("topic", "fate"),
            registry=registry,
        )
        self._dead_letters = Counter(
            "santunan_dead_letters", "Events refused, by reason code", ("reason",), registry=registry
        )
        self._redelivered = Counter(
            "santunan_redelivered",
            "Events that a worker had stored and not published; their stored outputs were published",
            registry=registry,
        )
        self._retries = Counter(
            "santunan_retries", "Transactions of a chunk that were tried once more", registry=registry
        )
        self._fenced = Counter(
            "santunan_fenced",
            "Chunks given up unbegun since another worker holds their partition now. A worker that is fenced while it "
            "publishes ends with status 75, and counts from 0 again",
            registry=registry,
        )
        self._chunks = Histogram(
            "santunan_chunk_records",
            "Events in one chunk, which is one transaction",
            buckets=_RECORDS,
            registry=registry,
        )
        self._steps = Histogram(
            "santunan_step_seconds",
            "Seconds a chunk spent in each step",
            ("step",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._add_gauges()
        self._begin_at_zero()

    def _add_gauges(self) -> None:
        registry = self.registry
        self._lag = Gauge(
            "santunan_lag_records",
            "Events received and not decided, of each partition that this worker holds",
            ("topic", "partition"),
            registry=registry,
        )
        self._oldest = Gauge(
            "santunan_oldest_undecided_seconds",
            "Age of the oldest event that was received, was read and is not decided; 0: none waits. "
            "Over Kafka without history, which keeps its own time",
            registry=registry,
        )
        self._holidays = Gauge(
            "santunan_holidays_known_days",
            "Days until a year whose public holidays are estimated or not known; below 180 its decree is missing",
            registry=registry,
        )
        self._held = Gauge(
            "santunan_held_back_seconds",
            "For how long an open transaction of a sender has held back the events after it, of each such partition",
            ("topic", "partition"),
            registry=registry,
        )
        self._day_age = Gauge(
            "santunan_last_day_age_days",
            "Days since the last day that has passed in every partition, by Jakarta's calendar; 1: none is missing",
            registry=registry,
        )

    def _begin_at_zero(self) -> None:
        """A rate over a series that only appears with its first event misses that event."""
        for topic in topics.INTAKE:
            for fate in FATES:
                self._events.labels(topic, fate)
        for step in STEPS:
            self._steps.labels(step)
        for reason in ALARMS:
            self._dead_letters.labels(reason)

    def describe(self, *, rules: str, engine: str, holidays_known: Callable[[], float]) -> None:
        """The running version. `rules`: the fingerprint of the rule book. `holidays_known`: in days, from today on."""
        self._holidays.set_function(holidays_known)
        self._build.info({"version": version("santunan"), "rules": rules[:12], "engine": engine})

    def ask_age_of_last_day(self, ask: Callable[[], float]) -> None:
        """`ask`: asked at each reading; NaN where it is not known."""
        self._day_age.set_function(ask)

    def note_chunk(self, report: Report) -> None:
        """A chunk was stored."""
        fates = (report.accepted, report.duplicates, report.refused)
        for fate, count in zip(FATES, fates, strict=True):
            if count:
                self._events.labels(report.topic, fate).inc(count)
        for (program, outcome, reason), count in report.decisions.items():
            self._decided.labels(program, outcome, reason).inc(count)
        for reason, count in report.refusals.items():
            self._dead_letters.labels(reason).inc(count)
        self.note_redelivered(report.redelivered)
        self._retries.inc(report.attempts - 1)
        self._chunks.observe(sum(fates) + report.redelivered)
        for step, seconds in report.seconds.items():
            self.note_step(step, seconds)

    def note_step(self, step: str, seconds: float) -> None:
        """`step`: one of STEPS."""
        assert step in STEPS, step
        self._steps.labels(step).observe(seconds)

    def note_redelivered(self, count: int) -> None:
        """So many events were stored already, and their stored outputs are published."""
        self._redelivered.inc(count)

    def note_fenced(self) -> None:
        """A chunk was given up, since its partition was taken away before the chunk was begun."""
        self._fenced.inc()

    def text(self, lag: Lag | None) -> bytes:
        """Everything in Prometheus' text format. `lag` None: the worker reads nothing yet."""
        self._lag.clear()  # partitions that went to another worker must not stay with their last value
        self._held.clear()
        age = 0.0
        if lag is not None:
            for (topic, partition), seconds in lag.held_seconds.items():
                self._held.labels(topic, str(partition)).set(seconds)
            for (topic, partition), records in lag.records.items():
                self._lag.labels(topic, str(partition)).set(records)
            if lag.oldest_ms is not None:
                age = max(0.0, self._wall() - lag.oldest_ms / 1000)
        self._oldest.set(age)
        return generate_latest(self.registry)
