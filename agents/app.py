"""The Faust app of a worker. `faust -A agents.app worker` finds `app` here; nothing runs on import.

Faust is the shell (worker, agents, rebalancing), never the memory: no tables, no acknowledgements, no producer of
its own. The reason of each setting is beside it.
"""

import datetime as dt
import importlib.util
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import faust
from faust.tables import TableManager

from agents.clock import say_days_passed
from agents.key_files import attests_of
from agents.settings import Settings, read_settings
from agents.stores import open_store
from agents.worker.batches import MOST_BATCHES, BatchRunner
from agents.worker.daily_clock import DailyClock, now_in_jakarta
from agents.worker.ending import leave
from agents.worker.event_log import log_events
from agents.worker.ledger_clock import LedgerClock
from agents.worker.logs import configure_logs
from pipeline.errors import EXIT_BUG, NotReady, SantunanError
from pipeline.law.book import Book
from pipeline.law.calendar import days_of_known_holidays
from pipeline.messages.published import PublishedOutput
from pipeline.messages.records import Chunk, Message
from pipeline.processing.processor import Processor
from pipeline.processing.report import Report
from pipeline.queries.days import last_day_passed
from pipeline.queries.history import ask
from pipeline.store.ledger_keeper import LedgerKeeper
from pipeline.store.ledger_key import read_or_make_keys
from schemas import topics
from schemas.clock import JAKARTA

if TYPE_CHECKING:
    from agents.worker.metrics import Metrics
    from pipeline.store.postgresql import PostgresqlStore
    from pipeline.store.resumption import BrokerState, Resumption
    from pipeline.store.sqlite import SqliteStore

log = logging.getLogger("santunan.worker")

AGENTS: Final = ("members", "accidents", "deaths", "reviews", "settlements", "history")
# Of one partition at a time. A decided event takes some twenty times its bytes of memory; a thousand usual events fit.
FETCH_BYTES: Final = 512 << 10
SESSION_OF_POLL_SECONDS: Final = (
    1000.0  # Faust does not poll while a batch is in hand; the heartbeat shows that the worker lives
)


class NoTables(TableManager):  # type: ignore[misc]
    """Faust sleeps a second here for tables to be added; there are none."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class App(faust.App):  # type: ignore[misc]
    """A Faust app with its settings, its store and its processor."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = _metrics() if settings.health_address else None
        self.runner = BatchRunner(self._decide, threads=MOST_BATCHES, metrics=self.metrics)
        self.clock = DailyClock(
            last_day=self._last_day_passed,
            say=lambda days: say_days_passed(settings, days),
            is_ours=self._says_the_days,
        )
        self.ledger_clock = LedgerClock(self._sign_ledger)
        if self.metrics is not None:
            self.metrics.ask_age_of_last_day(self.clock.age_days)
        self._store: SqliteStore | PostgresqlStore | None = None
        self._processor: Processor | None = None
        self._unsent: list[Message] = []  # checkpoints that the broker does not have yet
        super().__init__(settings.group, **_faust_settings(settings))

    def _decide(self, chunks: Sequence[Chunk]) -> list[list[Message]]:
        """In a thread; a partition is in one of them at a time."""
        processor = self._processor
        assert processor is not None, "made before anything is read"
        started = time.perf_counter()
        batch = [(chunk, processor.read(chunk)) for chunk in chunks]
        if self.metrics is not None:
            self.metrics.note_step("parse", time.perf_counter() - started)
        return processor.store_parsed(batch)

    def _observe(self, report: Report) -> None:
        if report.effects is not None:
            log_events(report.effects)
        if self.metrics is not None:
            self.metrics.note_chunk(report)
        if report.redelivered:
            log.info("%d events came again; their stored outputs are published", report.redelivered)

    async def on_first_start(self) -> None:
        """Open everything before anything is read. A part that is not ready ends the process with one sentence.

        Replaces Faust's own, which would make a directory for tables.
        """
        try:
            await self._serve_health()
            await self.transport.prepare()
            book = Book.load()
            if self.metrics is not None:
                engine = "embedded" if self.settings.is_embedded else "kafka"
                self.metrics.describe(
                    rules=book.fingerprint,
                    engine=engine,
                    holidays_known=lambda: days_of_known_holidays(book, dt.datetime.now(JAKARTA).date()),
                )
            self._store = open_store(self.settings)
            self._processor = Processor(
                self._store,
                book,
                self.settings.group,
                retries=self.settings.retries,
                observe=self._observe,
                accept_unknown=self.settings.accept_unknown,
                attests=attests_of(self.settings),
                notes_order=not self.settings.is_embedded,
            )
            if self.settings.daily_clock or self.metrics is not None:
                self.clock.start()
            self.ledger_clock.start()
        except SantunanError as error:
            leave(error.exit_code, str(error))
        except Exception as error:
            log.critical("a bug keeps the worker from starting", exc_info=error)
            leave(EXIT_BUG, f"{type(error).__name__} while starting; the log says more")

    async def _serve_health(self) -> None:
        """From the first moment on, so that /ready names what is missing. Raises NotReady."""
        if self.settings.health_address is None:
            return
        from agents.worker.health import Health, listen

        assert self.metrics is not None
        health = Health(self.runner, self._ask_store, self.metrics, self.clock.missing)
        await listen(self.settings.health_address, health)

    def _ask_store(self) -> None:
        """One trivial read, on a connection of its own."""
        assert self._store is not None, "it was opened before the first partition came"
        with self._store.reader() as connection:
            ask(connection)

    def _sign_ledger(self) -> int | None:
        """The key is read each time, so that a rotation takes effect."""
        keys = read_or_make_keys(self.settings.ledger_key)
        signed = LedgerKeeper(self._store, keys, self.settings.witness_dir).keep(dt.datetime.now(dt.UTC))
        if not self.settings.is_embedded:
            self._unsent = signed.messages() if signed is not None else self._unsent
            if self._unsent:
                from agents.checkpoints import send_checkpoints

                send_checkpoints(self.settings, self._unsent)
                self._unsent = []
        return None if signed is None else signed.leaves

    def _last_day_passed(self) -> dt.date | None:
        assert self._store is not None, "it was opened before the clock was started"
        return last_day_passed(self._store, self.settings.partitions, now_in_jakarta().date())

    def _says_the_days(self) -> bool:
        """One worker of the group is enough: the one that holds the first partition of members."""
        source = self.runner.source
        is_reading = source is not None and not self.runner.is_leaving and source.holds(topics.MEMBERS, 0)
        return self.settings.daily_clock and is_reading

    def take_over(self, published: Mapping[tuple[str, int], int]) -> tuple[list[Chunk], list[Message]]:
        """As `Processor.take_over`."""
        assert self._processor is not None, "it is made before anything is assigned"
        left, outputs = self._processor.take_over(published)
        count = sum(chunk.end - chunk.start for chunk in left)
        if count:
            log.info("%d events were stored and not published; their stored outputs are published", count)
        if self.metrics is not None:
            self.metrics.note_redelivered(count)
        return left, outputs

    def resume(self, broker: "BrokerState", newest: Callable[[], Iterable[PublishedOutput]]) -> "Resumption":
        """As `pipeline.store.resumption.resume`. Only over Kafka."""
        from pipeline.store.postgresql import PostgresqlStore
        from pipeline.store.resumption import resume

        assert isinstance(self._store, PostgresqlStore), "the settings allow Kafka with PostgreSQL only"
        resumption = resume(self._store, self.settings.group, broker, newest)
        if resumption.moved:
            log.info("%d partitions have no position of ours in the group; the store says it", len(resumption.moved))
        return resumption

    def note_published(self, done: Mapping[tuple[str, int], int]) -> None:
        """Only over Kafka."""
        from pipeline.store.postgresql import PostgresqlStore
        from pipeline.store.published_positions import note_published

        assert isinstance(self._store, PostgresqlStore), "the settings allow Kafka with PostgreSQL only"
        note_published(self._store, self.settings.group, done)


def _metrics() -> "Metrics":
    """Imported only where health is served; fast: see docs/performance.md."""
    from agents.worker.metrics import Metrics

    return Metrics()


def _faust_settings(settings: Settings) -> dict[str, Any]:
    return {
        "broker": settings.broker_url,
        "store": "memory://",
        "autodiscover": [f"agents.{name}" for name in AGENTS],
        "origin": "agents.app",
        "TableManager": NoTables,
        "Worker": "agents.worker.faust_worker:Worker",
        "web_enabled": False,
        "topic_disable_leader": True,  # a leader topic would be one more thing to create and to watch
        "topic_allow_declare": False,  # topics are made by `santunan topics create`, with their retention and replicas
        "topic_partitions": settings.partitions,
        "stream_wait_empty": False,  # positions are ours: nothing waits for Faust's acknowledgements
        "stream_buffer_maxsize": 4096,  # never full: a partition is in one batch at a time
        "broker_max_poll_records": settings.chunk_records,
        "consumer_max_fetch_size": FETCH_BYTES,
        "broker_commit_interval": 3600.0,  # Faust commits nothing; its timer only costs
        "broker_session_timeout": settings.kafka_session_seconds,
        "broker_heartbeat_interval": settings.kafka_session_seconds / 4,
        "broker_rebalance_timeout": 20.0,
        "broker_request_timeout": max(settings.kafka_request_seconds, settings.kafka_session_seconds + 1),
        "broker_max_poll_interval": SESSION_OF_POLL_SECONDS,
        "consumer_group_instance_id": settings.instance_id,
        "consumer_auto_offset_reset": "none",
        "worker_redirect_stdouts": False,
    }


def intake(topic: str) -> Any:
    """An intake topic for an agent: raw chunks, and no acknowledgement, since Faust's commit would win over ours."""
    return _app().topic(
        topic, key_type=bytes, key_serializer="raw", value_type=bytes, value_serializer="raw", acks=False
    )


_made: App | None = None


def _app() -> App:
    """The app of this process. Made on first use, so that importing this module reads no settings."""
    global _made
    if _made is None:
        try:
            settings = read_settings()
            _require_clients(settings)
            _made = App(settings)
        except SantunanError as error:
            configure_logs("INFO", "console")
            leave(error.exit_code, str(error))
    return _made


def _require_clients(settings: Settings) -> None:
    """Raises NotReady where an optional package is missing; Faust would report a bug."""
    if not settings.is_embedded and not all(map(importlib.util.find_spec, ("confluent_kafka", "psycopg"))):
        raise NotReady("a worker on Kafka needs the package's extras: pip install 'santunan[kafka,postgresql]'")


def __getattr__(name: str) -> Any:
    if name == "app":
        return _app()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
