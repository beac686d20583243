"""Personal data leaves the worker only where it may: planted words, through the real worker.

Invariant 7: no NIK, name, diagnosis or free text of a claim in any log, metric, key, header, decision, payout,
referral or dead-letter reason. The log is at its most talkative, and senders do everything wrong they can.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.services.servers import free_ports
from pipeline.messages.records import Message
from pipeline.store import open_store
from pipeline.store.embedded_log import Log, LogEntry
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.http import asked, metrics_of

NIK = "3671014107850007"
OTHER_NIK = "3671014107850118"
NAME = "Kunyit Canary"
ICD = "S72.301Q"
STORY = "terpeleset dari perancah kuning"
CHANNEL = "Koperasi Kunyit"
CANARIES = (NIK, OTHER_NIK, NAME, "Kunyit", ICD, STORY, "perancah", CHANNEL)

WHO = {"member_number": e.NUMBER, "nik": NIK, "name": NAME}
WHAT = {"occurred_at": "2024-07-07T10:00:00+07:00", "place": STORY, "chronology": STORY}
MEDICAL = {"unable_to_work_days": 30, "diagnosis": ICD}


def good() -> list[Any]:
    """Events that are applied, and lead to every outcome."""
    claim = e.accident("K1", member=WHO, accident=WHAT, medical=MEDICAL)
    return [
        *e.member(nik=NIK)[1:],
        e.registered(nik=NIK, name=NAME, channel=CHANNEL, region=NAME),
        claim,
        claim,
        e.accident(
            "K2",
            "2024-08-08",
            member=WHO,
            accident=WHAT | {"occurred_at": "2024-08-08T10:00:00+07:00"},
            medical=MEDICAL,
            documents=[],
        ),
        e.accident(
            "K3",
            "2024-06-06",
            member=WHO,
            medical=MEDICAL,
            accident=WHAT | {"occurred_at": "2024-06-06T10:00:00+07:00", "self_inflicted": True},
        ),
        e.accident("K4", number=None, member={"nik": NIK, "name": NAME}, medical=MEDICAL),
        e.accident("K5", "2024-05-05", member=WHO | {"nik": OTHER_NIK}, medical=MEDICAL),
        e.death("M1", "2025-01-01", member=WHO),
        e.review("K3", 1, "reject", "2024-07-09T10:00:00", reason=STORY),
        e.event("claim.appealed", {"claim_id": "K1", "ground": STORY}, source=e.DESK, time="2024-07-20T08:00:00"),
    ]


def bad(known: Any) -> dict[str, tuple[str, bytes]]:
    """Topic and bytes of what is refused, by what is wrong with it. `known`: an event that was applied."""
    claim = e.accident("X1", member=WHO, accident=WHAT, medical=MEDICAL)
    data = claim["data"]

    def of(topic: str = topics.HISTORY, **change: Any) -> tuple[str, bytes]:
        return topic, e.raw(claim | change)

    return {
        "broken": (topics.HISTORY, e.raw(claim)[:-3]),
        "not UTF-8": (topics.HISTORY, b"\xff" + NAME.encode()),
        "unknown type": of(type=f"santunan.{NAME}.v9"),
        "unknown field": of(data=data | {NAME: STORY}),
        "a text for a number": of(data=data | {"medical": {"unable_to_work_days": STORY}}),
        "a name for a choice": of(data=data | {"accident": WHAT | {"kind": NAME}}),
        "a NIK too long": of(data=data | {"member": {"nik": NIK + "0"}}),
        "a NIK for a claim": of(data=data | {"claim_id": NIK}),
        "a NIK for an event": of(id=f"e-{NIK}"),
        "a NIK for a subject": of(subject=NIK),
        "a name for a source": of(source=f"urn:santunan:clinic:{NAME}"),
        "a source that may not": of(source=e.PAYMENTS),
        "a section of somebody else": of(source=e.CLINIC),
        "the wrong topic": of(topics.REVIEWS),
        "written in the future": of(topics.ACCIDENTS, time="2099-01-01T00:00:00+07:00"),
        "an id used again": of(topics.HISTORY, id=known["id"], source=known["source"]),
        "too large": of(data=data | {"accident": WHAT | {"chronology": STORY * 4000}}),
        "a review of nothing": (
            topics.HISTORY,
            e.raw(e.review("K9", 1, "reject", "2024-07-09T10:00:00", reason=STORY)),
        ),
    }


def published(file: Path) -> list[LogEntry]:
    log = Log(file)
    try:
        return log.read(0, topics.OUTPUT)
    finally:
        log.close()


def shown(entry: LogEntry) -> str:
    """An output as its readers may repeat it: all but the bytes that were refused, which operators alone read."""
    document = json.loads(entry.value)
    document["data"].pop("original", None)
    headers = [text for name, value in entry.headers for text in (name, value.decode())]
    return json.dumps([document, headers, (entry.key or b"").decode()], ensure_ascii=False)


def assert_no_canary(text: str, where: str) -> None:
    found = [canary for canary in CANARIES if canary.lower() in text.lower()]
    assert found == [], f"{where} shows {found}: {text[:2000]}"


def test_planted_words_reach_neither_logs_nor_metrics_nor_anything_that_is_published(tmp_path: Path) -> None:
    file = tmp_path / "santunan.db"
    open_store(f"sqlite:///{file}").close()
    applied = good()
    known = next(one for one in applied if one["data"].get("claim_id") == "K1")
    wrong = bad(known)
    log = Log(file)
    headers = (("who", NAME.encode()), ("nik", NIK.encode()))
    sent = [Message(topics.HISTORY, NIK.encode(), e.raw(one), headers) for one in applied]
    sent += [Message(topic, NAME.encode(), raw, headers) for topic, raw in wrong.values()]
    log.append(sent)
    log.close()
    [port] = free_ports(1)
    environment = {
        "SANTUNAN_DATABASE_URL": f"sqlite:///{file}",
        "SANTUNAN_HEALTH_ADDRESS": f"127.0.0.1:{port}",
        "SANTUNAN_LOG_LEVEL": "DEBUG",
        "SANTUNAN_LOG_FORMAT": "json",
        "SANTUNAN_CHUNK_RECORDS": "5",
    }

    def stored() -> float:
        found = metrics_of(port)
        return sum(value for (name, *_), value in found.items() if name == "santunan_events_total")

    with running(tmp_path, environment) as worker:
        wait_for(lambda: asked(port, "/ready")[0] == 200 and stored() == len(sent), worker)
        answers = [asked(port, path)[1].decode() for path in ("/metrics", "/health", "/ready")]
        refused = metrics_of(port)
        assert worker.stop() == 0

    for answer in answers:
        assert_no_canary(answer, "an answer over HTTP")
    outputs = published(file)
    for entry in outputs:
        assert_no_canary(shown(entry), entry.topic)
    lines = worker.log.read_text()
    assert_no_canary(lines, "the log")

    # The canaries were there to be found: all was read, decided, refused, and logged with its ids.
    documents = [(entry.topic, json.loads(entry.value)["data"]) for entry in outputs]
    decided = [data for topic, data in documents if topic == topics.DECISIONS]
    assert {one["outcome"] for one in decided} == {"APPROVED", "REJECTED", "REFERRED", "PENDING"}
    assert {topic for topic, _ in documents} == set(topics.OUTPUT)
    refusals = [data for topic, data in documents if topic == topics.DEAD_LETTERS]
    assert len(refusals) == len(wrong)
    assert sum(value for (name, *_), value in refused.items() if name == "santunan_dead_letters_total") == len(wrong)
    logged = [json.loads(line) for line in lines.splitlines()]
    claims = Counter((one["claim_id"], one["event_id"]) for one in logged if one["event"] == "claim decided")
    assert claims == Counter((one["claim_id"], one["caused_by"]["id"]) for one in decided)
    reasons = Counter(one["reason"] for one in logged if one["event"] == "event refused")
    assert reasons == Counter(one["reason"] for one in refusals)
    (security,) = [one for one in logged if one["logger"] == "santunan.security"]
    assert (security["source"], security["event_id"]) == (known["source"], known["id"])


@pytest.mark.parametrize("canary", CANARIES)
def test_the_search_finds_what_it_looks_for(canary: str) -> None:
    with pytest.raises(AssertionError, match="the log shows"):
        assert_no_canary(f"about {canary.upper()} it is said", "the log")
