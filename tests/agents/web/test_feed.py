"""The feed as server-sent events: what comes, where it goes on, and what ends it."""

import asyncio
import datetime as dt
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from agents.settings import read_settings
from agents.web import feed
from agents.web.gate import Gateway
from pipeline.access.principals import new_principal
from tests.agents.web.conftest import NOW, OWN
from tests.agents.web.test_gateway import CLINIC, DATA, SOURCE, work_off
from tests.support.gateway import Client, running_gateway

Open = Callable[[str | None], Client]


class Stream:
    """One open connection, read event by event."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer
        self.headers = {name.lower(): value for name, value in answer.getheaders()}

    def next(self) -> dict[str, str]:
        """The fields of the next event; a comment has the name "". Nothing: the stream has ended in order."""
        fields: dict[str, str] = {}
        while (line := self.answer.readline().decode().rstrip("\n")) or not fields:
            if not line and self.answer.isclosed():
                return {}
            name, _, value = line.partition(":")
            fields |= {name: value.strip()} if line else {}
        return fields

    def decision(self) -> dict[str, Any]:
        while "data" not in (found := self.next()):
            assert found, "the stream has ended"
        item: dict[str, Any] = json.loads(found["data"])
        assert (found["event"], found["id"]) == ("decision", item["cursor"])
        return item


@contextmanager
def streaming(client: Client, path: str = "/v1/decisions", **headers: str) -> Iterator[Stream]:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    sent = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream"}
    connection.request("GET", path, headers=sent | {name.replace("_", "-"): one for name, one in headers.items()})
    answer = connection.getresponse()
    try:
        yield Stream(answer)
    finally:
        answer.close()
        connection.close()


def accident_on(client: Client, day: str) -> Any:
    data = DATA | {"accident": {"occurred_at": f"{day}T10:00:00+07:00"}}
    return client.report("/v1/accidents", f"stream-{day}", data).json


def test_a_stream_has_what_was_decided_and_goes_on_behind_the_last_event(client: Open) -> None:
    auditor = client("auditor:one")
    rows = auditor.get("/v1/decisions").json["rows"]
    with streaming(auditor) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        assert [stream.decision() for _ in rows] == rows
    with streaming(auditor, f"/v1/decisions?after={rows[0]['cursor']}", Last_Event_ID=rows[1]["cursor"]) as stream:
        assert stream.decision() == rows[2]


def test_a_party_gets_its_own_decisions_as_they_are_made(client: Open, url: str) -> None:
    cursor = client(CLINIC).get("/v1/decisions").json["cursor"]
    with streaming(client(CLINIC), Last_Event_ID=cursor) as stream:
        made = accident_on(client(CLINIC), "2024-02-02")
        work_off(url, made["topic"])
        while stream.decision()["claim"]["claim_id"] != made["claim_id"]:
            pass  # claims that other tests have sent


def test_a_revoked_key_gets_no_further_decision(client: Open, url: str, gateway: tuple[Gateway, int]) -> None:
    client(CLINIC)
    key_id, key = gateway[0].access.make_key(SOURCE, "", NOW + dt.timedelta(days=1), "test", NOW)
    cursor = client(CLINIC).get("/v1/decisions").json["cursor"]
    with streaming(Client(gateway[1], key), Last_Event_ID=cursor) as stream:
        assert stream.next() == {"retry": "2000"}
        gateway[0].access.revoke_key(key_id, "test", NOW)
        work_off(url, accident_on(client(CLINIC), "2024-02-09")["topic"])
        assert stream.next() == {}


def test_a_silent_stream_has_comments_and_ends_with_its_key(
    client: Open, gateway: tuple[Gateway, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.1)
    client("clinic:silent")
    name = "urn:santunan:clinic:silent"
    key_id, key = gateway[0].access.make_key(name, "", NOW + dt.timedelta(days=1), "test", NOW)
    with streaming(Client(gateway[1], key)) as stream:
        assert [stream.next(), stream.next()] == [{"retry": "2000"}, {"": ""}]
        gateway[0].access.revoke_key(key_id, "test", NOW)
        while found := stream.next():
            assert found == {"": ""}


def test_streams_are_bounded_and_one_that_was_left_makes_room(
    client: Open, gateway: tuple[Gateway, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = client("auditor:one")
    waiting = asyncio.Semaphore(1)
    monkeypatch.setattr(feed, "gateway_of", lambda _: Bounded(gateway[0], waiting))
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.1)
    with streaming(auditor) as first:
        first.decision()
        with streaming(auditor) as second:
            assert second.answer.status == 503 and second.headers["retry-after"] == "5"
    deadline = time.monotonic() + 20
    while waiting.locked():
        assert time.monotonic() < deadline, "a connection that was closed still counts"
        time.sleep(0.05)


class Bounded:
    """A gateway with another number of those who wait."""

    def __init__(self, gateway: Gateway, waiting: asyncio.Semaphore) -> None:
        self._gateway, self.waiting = gateway, waiting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)


def test_what_is_refused_is_refused_before_the_stream_begins(client: Open) -> None:
    with streaming(client("desk:one"), Last_Event_ID="nowhere") as stream:
        assert (stream.answer.status, stream.headers["content-type"]) == (422, "application/problem+json")
    with streaming(client("payments:one")) as stream:
        assert stream.answer.status == 403


def test_a_gateway_that_leaves_ends_streams_and_requests_that_wait(url: str) -> None:
    with running_gateway(read_settings(database_url=url)) as (gateway, port):
        gateway.access.add(new_principal("auditor", "leaving"), "test", NOW)
        key = gateway.access.make_key("urn:santunan:auditor:leaving", "", NOW + dt.timedelta(days=1), "test", NOW)[1]
        client = Client(port, key)
        with ThreadPoolExecutor() as threads, streaming(client) as stream:
            polled = threads.submit(client.get, f"/v1/claims/{OWN}?wait=25&after=99")
            assert stream.decision()["claim"]["claim_id"] == OWN
            assert not polled.done()
            began = time.monotonic()
            gateway.leaving.set()  # what the server does first when a signal comes
            while stream.next():
                assert time.monotonic() - began < 5
            assert polled.result().status == 200
            assert time.monotonic() - began < 5


def test_a_server_that_is_to_end_does_not_wait_for_its_streams(url: str) -> None:
    with running_gateway(read_settings(database_url=url)) as (gateway, port):
        gateway.access.add(new_principal("auditor", "ending"), "test", NOW)
        key = gateway.access.make_key("urn:santunan:auditor:ending", "", NOW + dt.timedelta(days=1), "test", NOW)[1]
        opened = streaming(Client(port, key))
        stream = opened.__enter__()
        stream.decision()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    while stream.next():
        pass
    opened.__exit__(None, None, None)


def test_a_request_that_outlives_a_server_that_ends_is_told_to_come_again(url: str) -> None:
    waits = threading.Event()

    async def stuck(*_: object) -> None:
        waits.set()
        await asyncio.sleep(60)

    with patch("agents.web.asking._looked", stuck), ThreadPoolExecutor() as threads:
        with (
            patch("agents.web.serving.LEAVING_SECONDS", 1),
            running_gateway(read_settings(database_url=url)) as (gateway, port),
        ):
            gateway.access.add(new_principal("auditor", "late"), "test", NOW)
            key = gateway.access.make_key("urn:santunan:auditor:late", "", NOW + dt.timedelta(days=1), "test", NOW)[1]
            polled = threads.submit(Client(port, key).get, "/v1/decisions?wait=25", Accept_Language="en")
            assert waits.wait(10)
        found = polled.result(timeout=20)
    assert (found.status, found.json["code"]) == (503, "AWAY") and int(found.headers["retry-after"]) > 0
