"""The report of a replay: what was compared, signed, the same from the store and from topics."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import read_settings
from agents.topic_history import read
from pipeline.audit.replay import replay
from pipeline.audit.replay_report import Asked, Report, report, verified
from pipeline.ledger.notes import SigningKey, signed_checkpoint
from pipeline.messages.records import Message
from pipeline.store.ledger_key import read_or_make_keys
from schemas import topics
from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.ledgers import KEY, sign
from tests.support.site import GROUP, Site

OWN = SigningKey("auditor/1", bytes(32))
OTHER = SigningKey("auditor/2", bytes([7]) * 32)
NOTE = signed_checkpoint(5, bytes(32), [OTHER])
MADE_AT = dt.datetime(2026, 11, 29, 8, tzinfo=dt.UTC)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(f"sqlite:///{tmp_path}/office.db", partitions=1)
    made.run(*e.member(), e.accident("K1"), e.death("M1", "2024-10-10"), b"no event")
    yield made
    made.close()


def report_of(store: Any) -> Report:
    asked = Asked(None, None, None, NOTE)
    return report(store, replay(store), asked, made_at=MADE_AT, version="1", keys=[OWN])


def test_store_and_topics_lead_to_the_same_digests(site: Site) -> None:
    with read(read_settings(database_url=site.url, broker_url=site.url, group=GROUP)) as history:
        of_topics = json.loads(report_of(history).document)
    store = json.loads(report_of(site.store).document)
    for part in ("inputs", "outputs", "law", "found", "checkpoint"):
        assert of_topics[part] == store[part]
    assert (store["compared"]["source"], of_topics["compared"]["source"]) == ("store", "topics")
    assert (
        store["inputs"]["history.events/0"]["last"]
        == of_topics["topics"]["records"] - sum(one["outputs"] for one in of_topics["outputs"].values()) - 2
    ), "the last one was refused"
    assert (store["checkpoint"]["origin"], store["checkpoint"]["size"]) == ("auditor/2", 5)


def test_a_signed_report_names_what_was_compared_and_differs(site: Site) -> None:
    site.change(["DELETE FROM decisions WHERE claim_id = 'M1'"])
    made = report_of(site.store)
    text = verified(made.document, made.note, [OWN.public()])
    lines = ("compared from the store", "law: rule book ", "differences: 1", "differs: M1 r1: no decision; would be ")
    assert all(f"\n{line}" in text for line in lines)
    assert "checkpoint: auditor/2 5 AAAA" in text


@pytest.mark.parametrize("part", ["document", "text", "key"])
def test_a_report_that_was_changed_proves_nothing(site: Site, part: str) -> None:
    made = report_of(site.store)
    document, note, keys = made.document, made.note, [OWN.public()]
    if part == "document":
        document = document.replace(b'"differences": []', b'"differences":  []')
        assert document != made.document
    if part == "text":
        note = note.replace("differences: 0", "differences: 1")
    if part == "key":
        keys = [OTHER.public()]
    with pytest.raises(ValueError, match="(bytes are others|signature of the note is wrong|none of these keys)"):
        verified(document, note, keys)


def test_a_checkpoint_is_no_report() -> None:
    with pytest.raises(ValueError, match="not that of a replay"):
        verified(b"{}", NOTE, [OTHER.public()])


def test_an_auditor_signs_with_a_key_of_his_own(site: Site, tmp_path: Path) -> None:
    url = {"SANTUNAN_DATABASE_URL": site.url, "SANTUNAN_BROKER_URL": site.url, "SANTUNAN_GROUP": GROUP}
    place, own = tmp_path / "replay.json", tmp_path / "own.key"
    assert santunan("replay", "--report", str(place), **url).status == 78, "no key of the ledger is here"
    options = ("--from-topics", "--report", str(place), "--key", str(own))
    assert santunan("replay", *options, **url).status == 0
    ran = santunan("ledger", "verify-report", str(place), "--key", f"{own}.pub", **url)
    assert ran.status == 0 and "compared from the topics" in ran.out
    place.write_bytes(place.read_bytes() + b" ")
    assert santunan("ledger", "verify-report", str(place), "--key", f"{own}.pub", **url).status == 1


@pytest.mark.parametrize("is_key_here", [True, False])
def test_a_report_from_topics_names_the_newest_checkpoint_of_its_topic(
    site: Site, tmp_path: Path, is_key_here: bool
) -> None:
    url = {"SANTUNAN_DATABASE_URL": site.url, "SANTUNAN_BROKER_URL": site.url, "SANTUNAN_GROUP": GROUP}
    place, own = tmp_path / "replay.json", tmp_path / "own.key"
    options = ("--from-topics", "--report", str(place), "--key", str(own))
    assert santunan("replay", *options, **url).status == 0
    assert json.loads(place.read_bytes())["checkpoint"] is None
    keys = read_or_make_keys(read_settings(database_url=site.url).ledger_key) if is_key_here else [KEY]
    made = []
    for minute in range(2):
        site.run(e.day_passed(f"2026-08-0{minute + 1}"))
        made.append(sign(site, minute, keys[0]))
    older, signed = made
    assert older is not None and signed is not None
    forged = signed_checkpoint(99, bytes(32), [SigningKey(keys[0].name, bytes(32))])
    for note, origin in ((forged, keys[0].name), ("no note", keys[0].name), (older.note, keys[0].name)):
        site.log.append([Message(topics.CHECKPOINTS, origin.encode(), note.encode())])
    assert santunan("replay", *options, **url).status == 0
    found = json.loads(place.read_bytes())["checkpoint"]
    assert found["note"] == (signed.note if is_key_here else forged), "without the key nobody can tell"
    assert found["size"] == (signed.checkpoint.size if is_key_here else 99)
