"""Figures of the gateway: by pattern of the route, and without a word of who asked for what."""

import threading
import time
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

from agents.web.metrics import FATES, NO_ROUTE, Metrics
from tests.agents.web.test_gateway import CLINIC, DATA
from tests.support.gateway import Client

Open = Callable[[str | None], Client]


def read(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The samples by name and labels."""
    found = client.get("/metrics")
    assert found.status == 200 and found.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(found.raw.decode())
        for sample in family.samples
    }


def requests_of(client: Client, method: str, route: str, status: int) -> float:
    labels = (("method", method), ("route", route), ("status", str(status)))
    return read(client).get(("santunan_http_requests_total", labels), 0)


def test_a_request_counts_under_the_pattern_of_its_route(client: Open) -> None:
    nobody, before = client(None), requests_of(client(None), "GET", "/v1/claims/{claim}", 404)
    for name in ("a", "b"):
        client(CLINIC).get(f"/v1/claims/METRIC-{name}")
    assert requests_of(nobody, "GET", "/v1/claims/{claim}", 404) == before + 2
    seconds = read(nobody)["santunan_http_request_seconds_count", (("route", "/v1/claims/{claim}"),)]
    assert seconds >= 2


def test_a_stranger_makes_no_series_of_his_own(client: Open) -> None:
    nobody = client(None)
    before = requests_of(nobody, "other", NO_ROUTE, 404)
    for method in ("PROPFIND", "MKCOL", "LOCK"):
        nobody.ask(method, f"/stranger-{method}")
    assert requests_of(nobody, "other", NO_ROUTE, 404) == before + 3
    text = nobody.get("/metrics").raw.decode()
    assert "stranger" not in text and "MKCOL" not in text


def test_events_count_by_what_became_of_them(client: Open) -> None:
    def fates() -> list[float]:
        found = read(client(None))
        return [found["santunan_submitted_events_total", (("fate", fate),)] for fate in FATES]

    before, clinic = fates(), client(CLINIC)
    assert [clinic.report("/v1/accidents", "metric-1", DATA).status for _ in range(2)] == [202, 200]
    assert clinic.report("/v1/accidents", "metric-2", DATA | {"member": {}}).status == 422
    assert clinic.report("/v1/reviews", "metric-3", {}).status == 403
    batch = clinic.ask("POST", "/v1/events", [1, 2], Content_Type="application/cloudevents-batch+json")
    assert batch.status == 422
    assert [now - then for now, then in zip(fates(), before, strict=True)] == [1, 1, 4]


def test_a_request_that_waits_is_seen_while_it_waits(client: Open) -> None:
    waits = threading.Thread(target=lambda: client("desk:one").get("/v1/claims/NEVER?wait=2"))
    waits.start()
    deadline, seen = time.monotonic() + 10, 0.0
    while not seen and time.monotonic() < deadline:
        seen = read(client(None))["santunan_http_waiting_requests", ()]
    waits.join()
    assert seen >= 1 and read(client(None))["santunan_http_waiting_requests", ()] == 0


def test_no_principal_is_named(client: Open) -> None:
    client(CLINIC).get("/v1/claims")
    text = client(None).get("/metrics").raw.decode()
    assert CLINIC.split(":")[1] not in text and "urn:" not in text


def test_two_gateways_of_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.note_event("accepted")
    assert b'fate="accepted"} 1.0' in first.text() and b'fate="accepted"} 0.0' in second.text()
