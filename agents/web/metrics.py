"""Metrics of a gateway, for Prometheus. Labels are patterns of routes, statuses and topics: never an address as it was
typed, never a principal."""

from contextlib import AbstractContextManager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

NO_ROUTE: Final = "(no such address)"
FATES: Final = ("accepted", "repeated", "refused")
# Most answers come within 15 ms; a request may wait 25 s for something new.
_SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})


class Metrics:
    """The metrics of one gateway, in a registry of their own. Threads may feed it at once."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "santunan_http_requests",
            "Requests answered, by method, pattern of the route and status",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "santunan_http_request_seconds",
            "Seconds until an answer began, by pattern of the route; one that waits for something new counts its wait",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._events = Counter(
            "santunan_submitted_events",
            "Events that came in by HTTP, by what became of them; a repeated one got its first receipt",
            ("fate",),
            registry=registry,
        )
        self._waiting = Gauge(
            "santunan_http_waiting_requests", "Requests that wait for something new", registry=registry
        )
        for fate in FATES:
            self._events.labels(fate)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route`: its pattern. A method or a pattern that is not ours counts under one name, or a stranger could make
        as many series as he likes."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def note_event(self, fate: str) -> None:
        """`fate`: one of FATES."""
        assert fate in FATES, fate
        self._events.labels(fate).inc()

    def waiting(self) -> AbstractContextManager[None]:
        """Around a request that waits for something new."""
        return self._waiting.track_inprogress()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
