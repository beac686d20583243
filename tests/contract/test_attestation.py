"""A worker with a key: what clients with the key hand in counts; what was written past them is a dead letter."""

import json
import logging
from pathlib import Path

import pytest

from agents.clients import open_submitter
from agents.clients.resubmission import retry
from agents.key_files import attests_of
from agents.settings import Settings, read_settings
from agents.worker.event_log import log_events
from pipeline.audit.replay import replay
from pipeline.errors import NotReady
from pipeline.law.book import Book
from pipeline.messages.attestation import Attester
from pipeline.messages.published import PublishedOutput, published_output
from pipeline.messages.records import Record
from pipeline.processing.catch_up import Expectation
from pipeline.processing.processor import Processor
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.support import events as e
from tests.support.site import GROUP, Site

KEY = "0123456789abcdef" * 4


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "attestation").write_text(f"{KEY}\n")
    return tmp_path / "attestation"


def keyed(site: Site, settings: Settings) -> None:
    """The worker of the site gets the key."""
    site.processor = Processor(site.store, Book.load(), GROUP, wall=lambda: site.now, attests=attests_of(settings))


def attested(site: Site, *documents: object, topic: str = topics.HISTORY) -> None:
    attester = Attester([KEY.encode()])
    for one in documents:
        value = e.raw(one)
        site.send(value, topic=topic, headers=(attester.header(topic, b"key", value),))


def test_what_is_written_past_the_gateway_is_never_applied(
    site: Site, key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keyed(site, read_settings(attestation_key_file=key))
    attested(site, *e.member(), e.accident("K1"))
    site.run()
    site.run(e.accident("K2"), e.review("K1", 1, "change", "2024-07-20T08:00:00"))
    attested(site, e.accident("K3"))
    site.run()
    assert {one[0] for one in site.decisions()} == {"K1", "K3"}
    assert [reason for _, reason in site.refusals()] == ["NOT_ATTESTED"] * 2
    assert site.rows("SELECT count(*) FROM ledger WHERE claim_id = 'K2'") == [(0,)]
    assert replay(site.store).differences == ()
    attested(site, e.accident("K2"))  # its id is free: the gateway lets it in later
    site.run()
    assert "K2" in {one[0] for one in site.decisions()}


def test_a_replay_asks_for_no_attestation_of_what_was_applied_before_there_was_a_key(site: Site, key: Path) -> None:
    site.run(*e.member(), e.accident("K1"))
    before = site.decisions()
    keyed(site, read_settings(attestation_key_file=key))
    found = replay(site.store)
    assert (found.decisions, found.differences) == (len(before), ())
    attested(site, e.review("K1", 1, "change", "2024-07-20T08:00:00", changes=[]))
    site.run(*e.member())  # known already, and sent again past the gateway
    assert {reason for _, reason in site.refusals()} >= {"NOT_ATTESTED"} and site.decisions() == before


def test_it_is_a_security_event_of_one_line(site: Site, key: Path, caplog: pytest.LogCaptureFixture) -> None:
    keyed(site, read_settings(attestation_key_file=key))
    site.processor.observe = lambda report: log_events(report.effects) if report.effects is not None else None
    with caplog.at_level(logging.WARNING):
        site.run(*[e.accident(f"K{number}") for number in range(30)])
    [line] = [one for one in caplog.records if one.name == "santunan.security"]
    assert "30 events came past the gateway" in line.getMessage() and line.reason == "NOT_ATTESTED"  # type: ignore[attr-defined]


# --- the embedded log, by its real clients


@pytest.fixture
def settings(tmp_path: Path, key: Path) -> Settings:
    return read_settings(database_url=f"sqlite:///{tmp_path}/santunan.db", attestation_key_file=key)


def decided(settings: Settings) -> tuple[set[str], list[str]]:
    """A worker with the key reads all of the log; which claims it decides, and the reasons of dead letters."""
    site = Site(settings.database_url, partitions=1)
    keyed(site, settings)
    log = Log(settings.embedded_file)
    try:
        by_place: dict[str, list[Record]] = {}
        for entry in log.read(0, topics.INTAKE):
            by_place.setdefault(entry.topic, []).append(
                Record(entry.offset, entry.timestamp_ms, entry.key, entry.value, entry.headers)
            )
        for topic in sorted(by_place, key=lambda name: name != topics.MEMBERS):
            site.sent[topic, 0] = by_place[topic]
            site.process(site.chunk(0, len(by_place[topic]), topic))
        reasons = [row[0] for row in site.rows("SELECT reason FROM dead_letters ORDER BY chunk")]
        return {row[0] for row in site.rows("SELECT claim_id FROM decisions")}, reasons
    finally:
        log.close()
        site.close()


def test_clients_with_the_key_are_believed_and_without_it_not(settings: Settings) -> None:
    stranger = settings.model_copy(update={"attestation_key_file": None})
    with open_submitter(settings) as submitter:
        list(submitter.submit([e.raw(one) for one in (*e.member(), e.accident("K1"))]))
    with open_submitter(stranger) as submitter:
        list(submitter.submit([e.raw(e.accident("K2"))]))
    assert decided(settings) == ({"K1"}, ["NOT_ATTESTED"])


def test_a_dead_letter_that_an_operator_retries_counts(settings: Settings) -> None:
    stranger = settings.model_copy(update={"attestation_key_file": None})
    with open_submitter(settings) as submitter:
        list(submitter.submit([e.raw(one) for one in e.member()]))
    with open_submitter(stranger) as submitter:
        [receipt] = list(submitter.submit([e.raw(e.accident("K2"))]))
    assert decided(settings) == (set(), ["NOT_ATTESTED"])
    retry(settings, f"{receipt.topic}/{receipt.partition}/{receipt.offset}")
    assert decided(settings)[0] == {"K2"}


@pytest.mark.parametrize("content", ["", "short\n", f"{KEY}\nshort\n", "ü" * 40])
def test_a_file_without_a_good_key_stops_everything(content: str, settings: Settings) -> None:
    assert settings.attestation_key_file is not None
    settings.attestation_key_file.write_text(content, encoding="utf-8")
    for opened in (lambda: open_submitter(settings), lambda: attests_of(settings)):
        with pytest.raises(NotReady, match="openssl rand -hex 32"):
            opened()


# --- catching up


def test_what_was_decided_before_is_asked_as_it_was_then(key: Path) -> None:
    """Before the key it was taken in; with it refused, as its dead letter says; what is not decided yet is asked."""
    place, open_place = (topics.ACCIDENTS, 0), (topics.DEATHS, 0)
    letter = PublishedOutput(topics.DEAD_LETTERS, "x", 1, place=(*place, 2), reason="NOT_ATTESTED")
    other = PublishedOutput(topics.DEAD_LETTERS, "y", 2, place=(*place, 3), reason="INVALID")
    expected = Expectation([letter, other], frozenset({place}))
    ask = expected.as_it_was_decided(attests_of(read_settings(attestation_key_file=key)))
    assert ask is not None and expected.as_it_was_decided(None) is None
    value = e.raw(e.accident())
    bare = [Record(offset, 1, b"k", value) for offset in range(5)]
    signed = Record(0, 1, b"k", value, (Attester([KEY.encode()]).header(open_place[0], b"k", value),))
    assert [ask(one, *place) for one in bare] == [True, True, False, True, True]
    assert [ask(one, *open_place) for one in (bare[0], signed)] == [False, True]


def test_the_published_dead_letter_says_its_reason(site: Site, key: Path) -> None:
    keyed(site, read_settings(attestation_key_file=key))
    site.run(e.accident("K1"))
    [letter] = [one for one in site.published if one.topic == topics.DEAD_LETTERS]
    found = published_output(letter.topic, letter.value)
    assert found is not None and found.reason == "NOT_ATTESTED" == json.loads(letter.value)["data"]["reason"]
