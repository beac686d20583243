"""A run that is ended ends what it started; and what the fault tests did to the servers is said at the end of a run,
whichever process ran them.

One Kafka and one PostgreSQL for each process of the run: each module that imported the fixtures would get its own.
"""

import gc
import signal
from typing import Any

import pytest

from tests.support.kafka_server import kafka_bootstrap, kafka_settings
from tests.support.postgresql import new_database, postgresql_server

__all__ = ["kafka_bootstrap", "kafka_settings", "new_database", "postgresql_server"]

FAULTS = "faults"  # the property under which a test notes its counts
_processes: list[Any] = []  # of pytest-xdist


def pytest_configure() -> None:
    """As Ctrl-C ends it: else its servers and workers would run on. Each process of pytest-xdist comes by here, too."""
    signal.signal(signal.SIGTERM, _end)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest-xdist hands out files by their number of tests, and those of the same number in this order. The one test
    that takes two minutes comes first of its kind, else one process would wait for the other at the end."""
    items.sort(key=lambda item: item.path.name != "test_openapi_requests.py")


def pytest_collection_finish() -> None:
    gc.freeze()  # thirteen thousand tests stay until the end: to look through them again and again took minutes


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    _processes.append(node.gateway._io.popen)


def _end(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pytest-xdist would interrupt the clearing up
    for process in _processes:  # Ctrl-C reaches them by way of the terminal; when they have ended, so does this one
        process.terminate()
    if not _processes:
        raise KeyboardInterrupt


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    for report in reports:
        for name, counts in report.user_properties:
            if name == FAULTS:
                terminalreporter.write_line(f"{report.location[2]}: {counts}")
