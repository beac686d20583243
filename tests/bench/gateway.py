"""The gateway under an open load: report n is due at n/RATE seconds, and its latency counts from then on.

A closed load, in which each connection waits for its answer, slows down with the server and hides the queue; it is only
used for the most that goes through. Beside it the same load on a bare FastAPI route that appends and syncs each report.
"""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agents.kafka import topics as kafka_topics
from agents.services import servers
from agents.services.servers import free_ports
from agents.settings import Settings, read_settings
from pipeline.access.principals import new_principal
from pipeline.store import migrate
from pipeline.store.access_book import open_access
from tests.support.kafka_server import environment_of

CONNECTIONS = 100
CLOSED_CONNECTIONS = 50
RATES = (200, 1_000)
SECONDS = 10
FIRST = 200  # reports that are not measured: the first ones connect to everything
BARE = "tests.bench.bare_gateway"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def measure(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with _bare(directory) as port:
        found |= _loads("bare route", port, "")
    embedded = read_settings(database_url=f"sqlite:///{directory}/santunan.db")
    migrate(embedded.database_url)
    with _gateway(directory, embedded) as (port, key):
        found |= _loads("gateway embedded", port, key)
    try:
        started = servers.up(directory / "services", _quietly)
        on_kafka = read_settings(broker_url=started.broker_url, database_url=started.database_url)
        migrate(on_kafka.database_url)
        kafka_topics.create(on_kafka)
        with _gateway(directory, on_kafka) as (port, key):
            found |= _loads("gateway on Kafka", port, key)
    finally:
        servers.down(directory / "services", _quietly)
    most = "{} most per second"
    for name in ("gateway embedded", "gateway on Kafka"):
        found[f"{name} to the bare route"] = round(found[most.format(name)] / found[most.format("bare route")], 2)
    return found


def _loads(name: str, port: int, key: str) -> dict[str, Any]:
    report = _reporter(port, key)
    found: dict[str, Any] = {}
    asyncio.run(_first(port, report))
    for rate in RATES:
        latencies = sorted(asyncio.run(_open_load(port, report, rate)))
        for share in (50, 99):
            milliseconds = latencies[min(len(latencies) - 1, len(latencies) * share // 100)] * 1000
            found[f"{name} {rate}/s p{share} ms"] = round(milliseconds, 1)
    found[f"{name} most per second"] = round(asyncio.run(_closed_load(port, report)))
    return found


def _reporter(port: int, key: str) -> Callable[[], bytes]:
    """Makes one request after another, each another report of another member."""
    numbers = iter(range(1_000_000_000))
    start = time.time_ns() % 1_000_000_000

    def report() -> bytes:
        number = next(numbers)
        body = (
            b'{"member":{"member_number":"%d"},"accident":{"occurred_at":"2024-07-07T10:00:00+07:00"},'
            b'"medical":{"unable_to_work_days":30},"documents":["membership_card","ktp","doctor_letter"]}'
        ) % (20_000_000_000 + number)
        head = (
            f"POST /v1/accidents HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
            f"Idempotency-Key: report-{start}-{number}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return report


async def _first(port: int, report: Callable[[], bytes]) -> None:
    connection = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(FIRST):
        await _ask(connection, report())
    connection[1].close()


async def _open_load(port: int, report: Callable[[], bytes], rate: int) -> list[float]:
    """Seconds from when each report was due to its answer, also where no connection was free then."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    latencies: list[float] = []
    began = time.perf_counter() + 0.1

    async def one(due: float) -> None:
        connection = await free.get()
        await _ask(connection, report())
        free.put_nowait(connection)
        latencies.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        for number in range(rate * SECONDS):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due))
    while not free.empty():
        free.get_nowait()[1].close()
    return latencies


async def _closed_load(port: int, report: Callable[[], bytes]) -> float:
    """Answers a second over connections that each wait for theirs."""
    end = time.perf_counter() + SECONDS

    async def one() -> int:
        connection = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while time.perf_counter() < end:
            await _ask(connection, report())
            count += 1
        connection[1].close()
        return count

    return sum(await asyncio.gather(*[one() for _ in range(CLOSED_CONNECTIONS)])) / SECONDS


async def _ask(connection: Connection, request: bytes) -> None:
    reader, writer = connection
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    [length] = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")]
    body = await reader.readexactly(length)
    assert head[9:12] == b"202", body


@contextmanager
def _gateway(directory: Path, settings: Settings) -> Iterator[tuple[int, str]]:
    [port] = free_ports(1)
    now = dt.datetime.now(dt.UTC)
    with open_access(settings.database_url) as book:
        book.add(new_principal("clinic", "plkk-0001", None), "bench", now)
        key = book.make_key("urn:santunan:clinic:plkk-0001", "", now + dt.timedelta(days=1), "bench", now)[1]
    own = {"SANTUNAN_WEB_ADDRESS": f"127.0.0.1:{port}", "SANTUNAN_WEB_RATE": "100000", "SANTUNAN_LOG_LEVEL": "WARNING"}
    command = ["-c", "from agents.cli import main; main()", "gateway"]
    with _running(directory, command, port, environment_of(settings) | own):
        yield port, key


@contextmanager
def _bare(directory: Path) -> Iterator[int]:
    [port] = free_ports(1)
    with _running(directory, ["-m", BARE, str(port), str(directory / "bare.log")], port, {}):
        yield port


@contextmanager
def _running(directory: Path, command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *command], env=kept | environment, stdout=log, stderr=log, cwd=Path(__file__).parents[2]
        )
    try:
        asyncio.run(_answers(port, process))
        yield
    finally:
        process.terminate()
        process.wait(20)


async def _answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise AssertionError("the server does not listen after a minute")


def _quietly(sentence: str) -> None:
    """The servers' progress is no figure."""
