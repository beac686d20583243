"""Webhooks on both engines: what is posted, when it is posted again, and what is given up; to real receivers."""

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from agents.webhooks import courier as courier_module
from agents.webhooks.courier import PAUSES
from pipeline.access.principals import new_principal
from pipeline.operations.webhooks import (
    delete_webhook,
    list_failed_deliveries,
    list_webhooks,
    retry_deliveries,
    rotate_webhook_secret,
)
from tests.support import events as e
from tests.support.receiver import Post, Receiver, running_receiver
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
CLINIC, OTHER = new_principal("clinic", "plkk-0012"), new_principal("clinic", "plkk-0099")
NIK, NAME, DIAGNOSIS = "3671010101800001", "Kunyit Canary", "S72.301Q"


@pytest.fixture
def post(site: Site) -> Iterator[Post]:
    site.run(*e.member(nik=NIK))
    opened = Post(site, NOW)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


def claims(*names: str, source: str = CLINIC.name, **change: Any) -> list[Any]:
    """Of a clinic, a month apart."""
    who = {"member_number": e.NUMBER, "nik": NIK, "name": NAME}
    return [
        e.accident(name, f"2024-0{name[-1]}-10", source=source, member=who, conclusion=None, report=None, **change)
        for name in names
    ]


def answering(*statuses: int) -> Any:
    """With these in turn, and the last one from then on."""
    left = list(statuses)
    return lambda one: (left.pop(0) if len(left) > 1 else left[0], {})


def test_decisions_are_posted_signed_in_their_order_and_once(post: Post, receiver: Receiver) -> None:
    post.site.run(*claims("K1"))
    _, secret = post.register(CLINIC, receiver.url, after=None)
    post.site.run(*claims("K2", "K3"), *claims("K4", source=OTHER.name))
    for _ in range(3):
        post.go_on(seconds=5)
    assert receiver.ids() == ["K2.r1", "K3.r1"], "not what was decided before, and nothing of another clinic"
    assert all(one.is_signed_with(secret) for one in receiver.received)
    assert not receiver.received[0].is_signed_with("whsec_" + "A" * 44)
    [first, second] = receiver.received
    assert first.headers["content-type"].startswith("application/cloudevents+json") and first.id != second.id
    assert (first.event["type"], first.event["subject"]) == ("santunan.claim.decided.v1", "K2")
    assert [one.waiting for one in list_webhooks(post.front, CLINIC)] == [0]
    post.site.run(*claims("K5"))
    post.go_on(seconds=5)
    assert receiver.ids()[2:] == ["K5.r1"]


def test_a_post_shows_no_more_than_the_feed_does(post: Post, receiver: Receiver) -> None:
    post.register(CLINIC, receiver.url)
    post.site.run(*claims("K1", medical={"unable_to_work_days": 30, "diagnosis": DIAGNOSIS}))
    post.go_on(seconds=5)
    [only] = receiver.received
    text = (only.body + str(only.headers).encode()).decode()
    assert not [canary for canary in (NIK, NAME, DIAGNOSIS, e.NUMBER) if canary in text]
    assert only.event["data"]["claim_id"] == "K1" and only.event["data"]["total"] is None
    assert only.event["data"]["amounts"] == [], "a clinic sees no money"


def test_a_failed_post_is_repeated_after_growing_pauses_and_then_listed(post: Post, receiver: Receiver) -> None:
    webhook, _ = post.register(CLINIC, receiver.url)
    receiver.answer = answering(500)
    post.site.run(*claims("K1"))
    began = post.now
    tried: list[dt.timedelta] = []
    while post.now - began < dt.timedelta(days=4):
        before = len(receiver.received)
        post.go_on(minutes=1)
        if len(receiver.received) > before:
            tried.append(post.now - began)
        else:  # to what is due next
            due = [moment for (moment,) in post.site.rows("SELECT next_at FROM webhook_deliveries") if moment]
            rest = dt.datetime.fromtimestamp(due[0] / 1e6, dt.UTC) - post.now if due else dt.timedelta(days=1)
            post.now += max(rest - dt.timedelta(seconds=90), dt.timedelta(0))
    found = [after - before for before, after in pairwise(tried)]
    assert len(found) == len(PAUSES)
    slack = dt.timedelta(minutes=3)
    assert all(pause <= real <= pause + slack for pause, real in zip(PAUSES, found, strict=True)), found
    assert dt.timedelta(days=2, hours=20) < tried[-1] <= dt.timedelta(days=3, hours=1)
    assert len({one.id for one in receiver.received}) == 1, "the same id each time"
    [failed] = list_failed_deliveries(post.front, CLINIC, webhook).rows
    assert (failed.decision_id, failed.attempts, failed.outcome) == ("K1.r1", len(PAUSES) + 1, "500")
    receiver.answer = answering(200)
    assert retry_deliveries(post.front, CLINIC, webhook, failed.id) == 1
    post.go_on(seconds=5)
    assert {one.id for one in receiver.received} == {failed.id} and len(receiver.received) == len(PAUSES) + 2
    assert list_failed_deliveries(post.front, CLINIC, webhook).rows == ()


def test_a_post_that_one_refuses_delays_no_other(post: Post, receiver: Receiver) -> None:
    post.register(CLINIC, receiver.url)
    receiver.answer = lambda one: (400 if one.event["subject"] == "K1" else 200, {})
    post.site.run(*claims("K1", "K2"))
    post.go_on(seconds=5)
    assert receiver.ids() == ["K1.r1", "K2.r1"]
    post.go_on(seconds=6)
    assert receiver.ids()[2:] == ["K1.r1"]


def test_a_slow_receiver_delays_no_other(post: Post, receiver: Receiver) -> None:
    with running_receiver() as slow:
        slow.answer = lambda one: (time.sleep(1.5), (200, {}))[1]
        post.register(OTHER, slow.url)
        post.register(CLINIC, receiver.url)
        post.site.run(*claims("K1", source=OTHER.name), *claims("K2"))
        courier = post.courier()

        async def first() -> tuple[list[str], float]:
            await courier.start_turns()
            began = time.monotonic()
            while not receiver.received and time.monotonic() - began < 10:
                await asyncio.sleep(0.01)
            took = time.monotonic() - began
            await courier.finish()
            return receiver.ids(), took

        came, took = asyncio.run(first())
        courier.close()
        assert came == ["K2.r1"] and took < 1.4 and slow.ids() == ["K1.r1"]


def test_410_ends_a_webhook_and_what_waits_is_listed(post: Post, receiver: Receiver) -> None:
    webhook, _ = post.register(CLINIC, receiver.url)
    receiver.answer = answering(410)
    post.site.run(*claims("K1", "K2"))
    for _ in range(3):
        post.go_on(minutes=10)
    assert receiver.ids() == ["K1.r1"]
    [shown] = list_webhooks(post.front, CLINIC)
    assert shown.disabled_at is not None and (shown.waiting, shown.failed) == (0, 2)
    assert {one.outcome for one in list_failed_deliveries(post.front, CLINIC, webhook).rows} == {"410"}
    assert [one.action for one in post.access.records(10)][-1] == "webhook.disable"


def test_a_redirect_is_not_followed(post: Post, receiver: Receiver) -> None:
    with running_receiver() as elsewhere:
        receiver.answer = lambda one: (307, {"Location": elsewhere.url})
        post.register(CLINIC, receiver.url)
        post.site.run(*claims("K1"))
        post.go_on(seconds=5)
        assert receiver.ids() == ["K1.r1"] and elsewhere.received == []
        assert [one.waiting for one in list_webhooks(post.front, CLINIC)] == [1]


def test_a_disabled_principal_gets_nothing_more(post: Post, receiver: Receiver) -> None:
    post.register(CLINIC, receiver.url)
    receiver.answer = lambda one: (post.access.disable(CLINIC.name, "test", NOW), (200, {}))[1]
    post.site.run(*claims("K1", "K2", "K3"))
    for _ in range(3):
        post.go_on(minutes=10)
    assert receiver.ids() == ["K1.r1"], "the next one in the same turn is not posted"


def test_for_a_day_both_secrets_sign(post: Post, receiver: Receiver) -> None:
    webhook, old = post.register(CLINIC, receiver.url)
    new = rotate_webhook_secret(post.front, CLINIC, webhook).secret
    signed = []
    for claim, hours in (("K1", 23.9), ("K2", 0.2)):
        post.site.run(*claims(claim))
        post.go_on(hours=hours)
        one = receiver.received[-1]
        signed.append((one.is_signed_with(old), one.is_signed_with(new)))
    assert signed == [(True, True), (False, True)]


def test_who_is_deleted_gets_nothing_more_and_it_is_on_record(post: Post, receiver: Receiver) -> None:
    webhook, _ = post.register(CLINIC, receiver.url)
    receiver.answer = answering(500)
    post.site.run(*claims("K1"))
    post.go_on(seconds=5)
    delete_webhook(post.front, CLINIC, webhook)
    post.go_on(minutes=10)
    assert receiver.ids() == ["K1.r1"] and post.site.rows("SELECT count(*) FROM webhook_deliveries") == [(0,)]
    records = [(one.who, one.action, one.subject) for one in post.access.records(10)][1:]
    subject = f"{webhook} 127.0.0.1"
    assert records == [(CLINIC.name, f"webhook.{what}", subject) for what in ("register", "delete")]
    assert "path-secret" not in repr(records)


def test_two_couriers_post_each_decision_once(post: Post, receiver: Receiver) -> None:
    with running_receiver() as second:
        post.register(CLINIC, receiver.url)
        post.register(OTHER, second.url)
        names = [f"K{number}" for number in range(1, 9)]
        post.site.run(*claims(*names))
        one, two = post.courier(), post.courier()

        async def together() -> list[int]:
            started = await asyncio.gather(one.start_turns(), two.start_turns())
            await asyncio.gather(one.finish(), two.finish())
            return started

        assert sum(asyncio.run(together())) == 2, "each webhook is leased by one of them"
        one.close(), two.close()
        assert receiver.ids() == [f"{name}.r1" for name in names]
        assert second.received == []


def test_a_lease_of_a_process_that_died_ends_by_time(post: Post, receiver: Receiver) -> None:
    post.register(CLINIC, receiver.url)
    post.site.run(*claims("K1"))
    lease = courier_module.LEASE
    [dead] = post.outbox.lease(post.now, post.now + lease, 1, limit=1, most_waiting=10)
    post.go_on(seconds=lease.total_seconds() - 1)
    assert receiver.received == []
    post.go_on(seconds=2)
    assert receiver.ids() == ["K1.r1"]
    assert not post.outbox.add(dead, [], "0-1", None, post.now), "what it does later counts for nothing"


def test_what_has_no_room_waits_in_the_feed(post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "MOST_WAITING", 1)
    monkeypatch.setattr("pipeline.operations.reading.PAGE_ROWS", 1)
    post.register(CLINIC, receiver.url)
    receiver.answer = answering(500)
    post.site.run(*claims("K1", "K2", "K3"))
    post.go_on(seconds=5)
    assert [one.waiting for one in list_webhooks(post.front, CLINIC)] == [1]
    receiver.answer = answering(200)
    for _ in range(5):
        post.go_on(minutes=6)
    assert sorted(set(receiver.ids())) == ["K1.r1", "K2.r1", "K3.r1"]


def test_a_quiet_principal_reads_on_behind_what_others_had(post: Post, receiver: Receiver) -> None:
    post.register(CLINIC, receiver.url)
    post.site.run(*claims("K1", "K2", source=OTHER.name))
    before = [one.cursor for one in list_webhooks(post.front, CLINIC)]
    post.go_on(seconds=5)
    after = [one.cursor for one in list_webhooks(post.front, CLINIC)]
    assert before == [""] and after != before
    post.site.run(*claims("K3"), partition=1)
    post.site.run(*claims("K4"))
    post.go_on(seconds=5)
    assert sorted(receiver.ids()) == ["K3.r1", "K4.r1"]
