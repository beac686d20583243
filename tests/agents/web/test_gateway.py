"""The gateway: who is let in, what is taken in and answered, and what is never said."""

import datetime as dt
import logging
import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agents.web.gate import THREADS, Gateway
from pipeline.messages.records import Chunk, Record
from pipeline.store.embedded_log import Log
from tests.agents.web.conftest import FOREIGN, NOW, OWN
from tests.support import events as e
from tests.support.gateway import Client
from tests.support.site import GROUP, Site

Open = Callable[[str | None], Client]
CLINIC = "clinic:plkk-0012"
SOURCE = f"urn:santunan:{CLINIC}"
DATA = {
    "member": {"member_number": e.NUMBER},
    "accident": {"occurred_at": "2024-07-07T10:00:00+07:00"},
    "medical": {"unable_to_work_days": 30},
}


def accident(claim: str, **change: Any) -> Any:
    return e.accident(claim, **({"source": SOURCE, "id": f"id-{claim}", "conclusion": None, "report": None} | change))


# --- who is let in


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer stn_" + "a" * 43, "Bearer  a b"])
def test_without_a_valid_key_nothing_is_answered(header: str, client: Open) -> None:
    found = client(None).get("/v1/claims", **({"Authorization": header} if header else {}))
    assert (found.status, found.json["code"]) == (401, "KEY_NEEDED")
    assert found.headers["www-authenticate"] == "Bearer"
    assert found.headers["content-type"] == "application/problem+json"


def test_a_revoked_key_opens_nothing_at_the_next_request_and_that_is_on_record(
    client: Open, gateway: tuple[Gateway, int]
) -> None:
    client(CLINIC)
    book = gateway[0].access
    key_id, key = book.make_key(SOURCE, "", NOW + dt.timedelta(days=1), "test", NOW)
    second = Client(gateway[1], key)
    assert [second.get("/v1/claims").status for _ in range(2)] == [200, 200], "the second by the quick way"
    book.revoke_key(key_id, "test", NOW)
    assert second.get("/v1/claims").status == 401
    assert client(CLINIC).get("/v1/claims").status == 200, "the other key still does"
    record = book.records(1)[0]
    assert (record.who, record.action, record.result, record.reason) == (SOURCE, "key.use", "refused", "REVOKED")


def test_a_report_is_taken_in_while_every_thread_and_connection_is_busy(
    client: Open, gateway: tuple[Gateway, int]
) -> None:
    """Where the store is a file, a report runs on the event loop, which must wait for no thread's connection."""
    program, done = client(CLINIC), threading.Event()
    assert program.get("/v1/claims").status == 200
    with ExitStack() as taken:
        for _ in range(4):  # all that there are
            taken.enter_context(gateway[0].front.store.reader())
        taken.callback(done.set)
        for _ in range(THREADS):
            gateway[0].threads.submit(done.wait, 30)
        began = time.monotonic()
        assert program.report("/v1/accidents", "busy-1", DATA).status == 202
        assert time.monotonic() - began < 10
    assert program.report("/v1/accidents", "busy-1", DATA).status == 200


def test_an_expired_key_and_a_disabled_principal_open_nothing(client: Open, gateway: tuple[Gateway, int]) -> None:
    client("clinic:gone")
    book, name = gateway[0].access, "urn:santunan:clinic:gone"
    expired = Client(gateway[1], book.make_key(name, "", NOW - dt.timedelta(seconds=1), "test", NOW)[1])
    assert expired.get("/v1/claims").status == 401
    assert client("clinic:gone").get("/v1/claims").status == 200
    book.disable(name, "test", NOW)
    assert client("clinic:gone").get("/v1/claims").status == 401


def test_a_forged_source_is_refused_and_logged(client: Open, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "santunan.gateway"):
        found = client(CLINIC).event(accident("F1", source="urn:santunan:clinic:other"))
    assert (found.status, found.json["code"]) == (403, "SOURCE_FORGED")
    [line] = [one for one in caplog.records if getattr(one, "reason", "") == "SOURCE_FORGED"]
    assert (line.__dict__["source"], line.__dict__["status"]) == (SOURCE, 403)


# --- what is taken in


def test_what_is_answered_202_is_in_the_log(client: Open, url: str) -> None:
    document = accident("L1")
    found = client(CLINIC).event(e.raw(document))
    assert found.status == 202 and found.headers["location"] == "/v1/claims/L1"
    log = log_of(url)
    entry = log.read_partition(found.json["topic"], found.json["partition"], found.json["offset"], 1)[0]
    log.close()
    assert entry.value == e.raw(document) and (found.json["source"], found.json["id"]) == (SOURCE, "id-L1")
    assert dt.datetime.fromisoformat(found.json["received_at"]).timestamp() * 1000 == entry.timestamp_ms


def log_of(url: str) -> Log:
    return Log(Path(url.removeprefix("sqlite:///")))


def work_off(url: str, topic: str) -> None:
    """As a worker: all that waits in a topic."""
    worker, log = Site(url, partitions=1), log_of(url)
    start = log.positions(GROUP).get((topic, 0), 0)
    entries = log.read_partition(topic, 0, start)
    records = tuple(Record(one.offset, one.timestamp_ms, one.key, one.value, one.headers) for one in entries)
    worker.process(Chunk(topic, 0, start, start + len(records), records))
    log.close()
    worker.close()


def test_the_same_event_again_has_the_same_receipt_and_another_is_refused(client: Open) -> None:
    first, again = (client(CLINIC).event(accident("S1")) for _ in range(2))
    assert (first.status, again.status) == (202, 200) and first.json == again.json
    assert again.headers["idempotent-replayed"] == "true"
    other = client(CLINIC).event(accident("S1", medical={"unable_to_work_days": 31}))
    assert (other.status, other.json["code"]) == (409, "ID_REUSED")


def test_a_report_needs_a_key_and_gets_a_claim(client: Open) -> None:
    without = client(CLINIC).ask("POST", "/v1/accidents", DATA)
    assert without.status == 422 and without.json["errors"][0]["header"] == "Idempotency-Key"
    first, again = (client(CLINIC).report("/v1/accidents", "r-1", DATA) for _ in range(2))
    assert (first.status, again.status) == (202, 200)
    assert first.headers["location"] == f"/v1/claims/{first.json['claim_id']}" == again.headers["location"]
    added = client(CLINIC).report(f"{first.headers['location']}/evidence", "r-2", {"documents": ["doctor_letter"]})
    assert added.status == 202 and added.json["claim_id"] == first.json["claim_id"]


def test_binary_mode_is_the_same_event(client: Open) -> None:
    document = accident("B1")
    attributes = {f"ce_{name}": str(document[name]) for name in ("specversion", "id", "source", "type", "time")}
    found = client(CLINIC).ask("POST", "/v1/events", document["data"], **attributes)
    assert found.status == 202
    assert client(CLINIC).event(document).status == 200


@pytest.mark.parametrize(("count", "status"), [(1, 202), (999, 202), (1000, 202), (1001, 413)])
def test_a_batch_has_up_to_a_thousand_events(count: int, status: int, client: Open) -> None:
    events = [e.evidence(f"N-{count}", "2024-07-08T08:00:00", source=SOURCE, documents=["ktp"]) for _ in range(count)]
    found = client(CLINIC).ask("POST", "/v1/events", events, Content_Type="application/cloudevents-batch+json")
    assert found.status == status


def test_a_batch_is_answered_item_by_item(client: Open) -> None:
    events = [accident("I1"), accident("I2", medical={"unable_to_work_days": "x"}), accident("I3", source=e.OFFICE), 1]
    kind = "application/cloudevents-batch+json"
    found = client(CLINIC).ask("POST", "/v1/events", events, Content_Type=kind)
    assert found.status == 207
    assert [item["status"] for item in found.json] == [202, 422, 403, 422]
    assert found.json[1]["problem"]["errors"][0]["pointer"] == "/data/medical/unable_to_work_days"


# --- what is refused


def test_all_faults_come_at_once_in_the_language_asked_for(client: Open) -> None:
    data = {"member": {}, "accident": {"occurred_at": "kemarin"}, "medical": {"unable_to_work_days": "30"}, "x": 1}
    for language, detail in (("id", "tulis bilangan bulat, tanpa tanda kutip"), ("en", "write a whole number")):
        found = client(CLINIC).report("/v1/accidents", "faults", data, Accept_Language=language)
        errors = {one["pointer"]: one["detail"] for one in found.json["errors"]}
        assert found.status == 422 and errors.keys() == {
            "/member",
            "/accident/occurred_at",
            "/medical/unable_to_work_days",
            "/x",
        }
        assert errors["/medical/unable_to_work_days"].startswith(detail)
        assert found.headers["content-language"] == language


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"", {}, 400),
        (b"\xff", {}, 400),
        (b"[]", {}, 422),
        (b'{"a":1,"a":2}', {}, 400),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Content_Type": "application/json; charset=latin-1"}, 415),
        (b"{}", {"Content_Encoding": "gzip"}, 415),
        (b"[" * 20_000, {}, 400),
        (b'{"member": ' + b"[" * 300 + b"]" * 300 + b"}", {}, 400),
        (b" " * (64 * 1024 + 1), {}, 413),
        (b'{"member": {"member_number": 1e999}}', {}, 400),
    ],
)
def test_hostile_bodies_are_refused_with_a_problem(
    body: bytes, headers: dict[str, str], status: int, client: Open
) -> None:
    found = client(CLINIC).ask("POST", "/v1/accidents", body, Idempotency_Key="h", **headers)
    assert found.status == status and found.json["status"] == status, found.raw


def test_a_claim_is_named_once_and_as_text(client: Open) -> None:
    report = client(CLINIC).report(f"/v1/claims/{OWN}/evidence", "named-1", {"claim_id": "X", "documents": ["ktp"]})
    assert report.status == 422 and report.json["errors"][0]["pointer"] == "/claim_id"
    same = client(CLINIC).report(f"/v1/claims/{OWN}/evidence", "named-2", {"claim_id": OWN, "documents": ["ktp"]})
    assert same.status == 202
    ruling = {"claim_id": 5, "revision": 1, "verdict": "approve", "reason": "x"}
    found = client("officer:one").report("/v1/reviews", "named-3", ruling)
    assert found.status == 422 and found.json["errors"][0]["pointer"] == "/claim_id"


def test_no_address_is_answered_that_could_hold_a_nik(client: Open) -> None:
    for number, claim in enumerate(("CLAIM-5", NIK)):
        data = {"documents": ["ktp"]}
        found = client(CLINIC).event(
            e.event("claim.evidence", {"claim_id": claim, **data}, source=SOURCE, id=f"address-{number}")
        )
        assert found.status == 202 and ("location" in found.headers) == (claim != NIK)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE", "OPTIONS", "HEAD"])
def test_another_method_is_no_way_in(method: str, client: Open) -> None:
    found = client(CLINIC).ask(method, "/v1/accidents")
    assert (found.status, found.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/redoc", "/docs/x", "/v1", "/v1/claims/", "/v1/claims/a/b", "/v1/%00"])
def test_no_other_address_answers(path: str, client: Open) -> None:
    assert (found := client(CLINIC).get(path)).status == 404 and found.json["code"] == "NOT_FOUND"


def test_a_body_that_says_it_is_larger_is_not_read(client: Open, gateway: tuple[Gateway, int]) -> None:
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client(CLINIC).key}\r\n"
        "Content-Type: application/cloudevents-batch+json\r\nContent-Length: 99999999\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway[1]), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


# --- what is answered


def test_a_foreign_claim_is_as_one_that_does_not_exist_and_takes_as_long(client: Open) -> None:
    stranger = client("clinic:stranger")
    taken: dict[str, list[float]] = {FOREIGN: [], "NONE-1": []}
    bodies = set()
    for _ in range(15):
        for claim, times in taken.items():
            began = time.perf_counter()
            found = stranger.get(f"/v1/claims/{claim}")
            times.append(time.perf_counter() - began)
            assert found.status == 404
            bodies.add(found.raw)
    assert len(bodies) == 1
    shortest = [statistics.median(times) for times in taken.values()]
    assert min(shortest) > 0.02, "each waits for the same step"


def test_a_claim_is_read_again_only_where_it_changed(client: Open) -> None:
    desk = client("desk:one")
    first = desk.get(f"/v1/claims/{OWN}")
    assert first.json["outcome"] == "APPROVED" and first.json["reasons"][0]["code"] == "OK"
    again = desk.get(f"/v1/claims/{OWN}", If_None_Match=first.headers["etag"])
    assert (again.status, again.raw) == (304, b"")
    english = desk.get(f"/v1/claims/{OWN}", If_None_Match=first.headers["etag"], Accept_Language="en")
    assert english.status == 200 and english.json["reasons"] != first.json["reasons"]


def test_a_decision_is_waited_for(client: Open, url: str) -> None:
    made = client(CLINIC).report(
        "/v1/accidents", "wait-1", DATA | {"accident": {"occurred_at": "2024-03-03T10:00:00+07:00"}}
    )
    place = f"/v1/claims/{made.json['claim_id']}"
    began = time.monotonic()
    assert client(CLINIC).get(f"{place}?wait=1").status == 404 and time.monotonic() - began > 1
    work_off(url, made.json["topic"])
    found = client(CLINIC).get(f"{place}?wait=25")
    assert (found.status, found.json["outcome"]) == (200, "PENDING") and found.json["reasons"]
    feed = client(CLINIC).get("/v1/decisions?wait=25").json
    assert made.json["claim_id"] in {row["claim"]["claim_id"] for row in feed["rows"]}
    receipt = client(CLINIC).get(f"/v1/receipts/{made.json['digest']}?wait=25", Accept_Language="en")
    fate = {
        "state": "applied",
        "title": "applied",
        "detail": "Nothing is to be done about this event; its claim says what is asked for.",
        "claim": f"/v1/claims/{made.json['claim_id']}",
        "revision": 1,
    }
    proof = receipt.json["proof"]
    assert receipt.json == made.json | {"fate": fate, "proof": proof}
    assert proof["state"] == "waiting" and "once the event is read" in proof["detail"] and proof["expected_by"]


def test_a_sender_whose_event_a_worker_refused_is_told_why_and_waits_no_longer(client: Open, url: str) -> None:
    """OFFICER-1 is somebody else's, which only the worker knows for sure."""
    hospital = client("hospital:refused")
    made = hospital.report("/v1/accidents", "taken-1", DATA | {"claim_id": "OFFICER-1"})
    waiting = hospital.get(f"/v1/receipts/{made.json['digest']}", Accept_Language="id")
    assert made.status == 202 and waiting.json["fate"]["state"] == "waiting"
    work_off(url, made.json["topic"])
    began = time.monotonic()
    said = {
        language: hospital.get(f"/v1/receipts/{made.json['digest']}?wait=25", Accept_Language=language).json["fate"]
        for language in ("id", "en")
    }
    for language, words in (("id", "nomor klaim"), ("en", "claim number already used")):
        fate = said[language]
        assert (fate["state"], fate["code"]) == ("refused", "CLAIM_ID_TAKEN") and words in fate["title"]
        assert fate["errors"][0]["pointer"] == "/data/claim_id" and fate["detail"]
    claim = hospital.get("/v1/claims/OFFICER-1?wait=25")
    assert (claim.status, claim.json["code"]) == (404, "CLAIM_ID_TAKEN") and time.monotonic() - began < 5
    assert client("hospital:other").get(f"/v1/receipts/{made.json['digest']}").status == 404
    assert client("hospital:other").get("/v1/claims/OFFICER-1").json["code"] == "NOT_FOUND"


@pytest.mark.parametrize("query", ["wait=26", "wait=-1", "wait=x", "after=-1"])
def test_a_parameter_beyond_its_limits_is_named(query: str, client: Open) -> None:
    found = client("desk:one").get(f"/v1/claims/{OWN}?{query}")
    assert (found.status, found.json["errors"][0]["parameter"]) == (422, query.split("=")[0])


def test_an_explanation_is_json_or_text(client: Open) -> None:
    place = f"/v1/claims/{OWN}/explanation?lang=en"
    assert OWN in client("desk:one").get(place).json["title"]
    printed = client("desk:one").get(place, Accept="text/plain")
    assert OWN in printed.raw.decode() and printed.headers["content-type"].startswith("text/plain")


def test_health_and_readiness_need_no_key(client: Open) -> None:
    assert client(None).get("/health").json == client(None).get("/ready").json == {"status": "ok"}


# --- what is never said

NIK, NAME, DIAGNOSIS = "3671014107850007", "Kunyit Canary", "S72.301Q-canary"
CANARIES = (NIK, NAME, "Kunyit", DIAGNOSIS, "canary")


def test_personal_data_is_in_no_log_error_header_or_record(
    client: Open, gateway: tuple[Gateway, int], caplog: pytest.LogCaptureFixture
) -> None:
    who = {"member_number": e.NUMBER, "nik": NIK, "name": NAME}
    good = DATA | {"member": who, "medical": {"diagnosis": DIAGNOSIS}}
    sent = [
        good,
        {NIK: NAME},
        {"member": NAME},
        good | {"claim_id": NIK},
        good | {"medical": {"diagnosis": [DIAGNOSIS]}},
    ]
    paths = ["/v1/accidents", "/v1/deaths", f"/v1/claims/{NIK}/evidence", f"/v1/claims/{OWN}/appeals", "/v1/reviews"]
    answers = []
    with caplog.at_level(logging.DEBUG):
        for kind in ("clinic:canary-free", "desk:one", "officer:one", "auditor:one"):
            one = client(kind)
            answers += [one.report(path, f"c{number}", body) for path in paths for number, body in enumerate(sent)]
            answers += [one.report("/v1/accidents", NIK, good), one.report("/v1/settlements", "c", good)]
            answers += [one.event(accident("C1", id=NIK)), one.event(accident("C2", member=who, source=NIK))]
            answers += [one.ask("POST", "/v1/cover", {"member": member, "day": NAME}) for member in (NIK, NAME)]
            answers += [one.ask("POST", "/v1/cover", {"member": NIK, "day": "2024-07-07"})]
            answers += [one.get(path) for path in (f"/v1/claims/{NIK}", f"/{NIK}", f"/v1/receipts/{NIK}")]
            answers += [
                one.get(f"/v1/decisions?after={NIK}"),
                one.get(f"/v1/claims?limit={NIK}"),
                one.ask("PUT", f"/{NIK}"),
            ]
    assert {one.status for one in answers} >= {200, 202, 403, 404, 422}
    said = [repr(one.__dict__) for one in caplog.records if not one.name.startswith(("urllib3", "asyncio"))]
    said += [f"{one.raw!r} {one.headers}" for one in answers]
    said += [repr(gateway[0].access.records(1000))]
    allowed = "canary-free"
    assert [text[:400] for text in said if any(word in text.replace(allowed, "") for word in CANARIES)] == []


def test_a_bug_is_answered_without_a_word_of_it(
    client: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError(NIK)

    monkeypatch.setattr("agents.web.asking.list_claims", fail)
    found = client("desk:one").get("/v1/claims")
    assert (found.status, found.json["code"]) == (500, "BUG") and NIK not in found.raw.decode()
