"""Topics of events, the spool, positions of feeds; and the three clients over the embedded file."""

import base64
import datetime as dt
import json
import logging
import os
import stat
from pathlib import Path

import pytest

from agents.clients import Outgoing, Range, open_feed, open_history, open_submitter, outgoing
from agents.clients.position import PositionFile
from agents.clients.spool import Spool
from agents.settings import SETTINGS_FILE, Settings, read_settings
from agents.worker.logs import Seldom
from pipeline.errors import NotReady
from schemas import topics
from schemas.events import Refused
from tests.support import events as e


def place_of(document: object, *, is_history: bool = False) -> list[tuple[str, bytes | None, int | None]]:
    found = outgoing(e.raw(document), 3, is_history=is_history)
    return [(one.topic, one.key, one.partition) for one in found]


@pytest.mark.parametrize(
    ("document", "topic"),
    [
        (e.registered(), topics.MEMBERS),
        (e.paid("2024-01", "2024-02", "2024-02-10"), topics.MEMBERS),
        (e.accident(), topics.ACCIDENTS),
        (e.death(), topics.DEATHS),
        (e.evidence("K1", "2024-08-01T00:00:00", documents=["ktp"], source=e.CLINIC), topics.ACCIDENTS),
        (e.evidence("M1", "2024-08-01T00:00:00", documents=["ktp"], source=e.DESK), topics.DEATHS),
        (e.review("K1", 1, "approve", "2024-08-01T00:00:00"), topics.REVIEWS),
        (e.settled("K1.r1.member", 1000, "2024-08-02"), topics.SETTLEMENTS),
    ],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_each_kind_of_event_has_its_topic_and_all_of_history_another(document: object, topic: str) -> None:
    assert [one[0] for one in place_of(document)] == [topic]
    assert [one[0] for one in place_of(document, is_history=True)] == [topics.HISTORY]


def test_the_key_is_the_membership_number_and_never_the_nik() -> None:
    assert place_of(e.registered())[0][1] == e.NUMBER.encode()
    by_nik = e.accident("K7", number=None)
    by_nik["data"]["member"] = {"nik": e.NIK}
    assert place_of(by_nik)[0][1] == b"K7"


def test_history_keeps_the_events_time_and_the_broker_stamps_other_topics() -> None:
    raw = e.raw(e.accident(time="2024-07-07T20:00:00+07:00"))
    assert outgoing(raw, 1)[0].timestamp_ms is None
    expected = dt.datetime(2024, 7, 7, 13, tzinfo=dt.UTC).timestamp() * 1000
    assert outgoing(raw, 1, is_history=True)[0].timestamp_ms == expected


def test_the_daily_clock_goes_to_every_partition_each_time_under_an_id_of_its_own() -> None:
    sent = outgoing(e.raw(e.day_passed("2024-07-07")), 3)
    assert [one.partition for one in sent] == [0, 1, 2]
    assert len({one.event_id for one in sent}) == 3
    assert [json.loads(one.value)["id"] for one in sent] == [one.event_id for one in sent]


def test_what_cannot_be_read_is_refused_before_it_leaves() -> None:
    with pytest.raises(Refused):
        outgoing(b'{"specversion":"1.0"}', 1)


# The spool


def an_event(name: str) -> Outgoing:
    return Outgoing("claims.accidents", b"key", None, b'{"id": "\xc3\xa9"}', "urn:santunan:clinic:a", name, None)


def test_a_spool_keeps_the_exact_bytes_in_order_and_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    spool = Spool(path)
    events = [an_event(str(place)) for place in range(3)]
    assert spool.keep(events) == events
    spool.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Spool(path)
    assert again.read() == events
    again.clear()
    assert again.read() == []
    again.close()


def test_what_a_spool_keeps_is_on_the_disk_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = tmp_path / "spool", []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((stat.S_ISDIR(os.fstat(file).st_mode), path.exists())))
    spool = Spool(path)
    spool.keep([an_event("1")])
    spool.close()
    assert synced == [(False, False), (True, True)]


def test_a_spool_belongs_to_one_submitter(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    with pytest.raises(NotReady, match="another submitter"):
        Spool(tmp_path / "spool")
    spool.close()
    Spool(tmp_path / "spool").close()


def test_a_damaged_spool_is_not_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.keep([an_event("1")])
    with (tmp_path / "spool").open("ab") as file:
        file.write(base64.b64encode(b"half a line"))
    with pytest.raises(NotReady, match="line 2"):
        spool.read()
    spool.close()


# Positions


def test_a_position_file_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "below" / "positions"
    first = PositionFile(path)
    assert first.read() == {}
    first.note({("a", 0): 7, ("a", 1): 3})
    first.note({("a", 0): 8})
    first.save()
    assert PositionFile(path).read() == {("a", 0): 8, ("a", 1): 3}


def test_a_file_that_is_no_position_file_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "positions").write_text("something else")
    with pytest.raises(NotReady, match="no position file"):
        PositionFile(tmp_path / "positions").read()


# Over the embedded file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(database_url=f"sqlite:///{tmp_path / 'santunan.db'}")


def submit(settings: Settings, *documents: object) -> list[int | None]:
    with open_submitter(settings) as submitter:
        return [receipt.offset for receipt in submitter.submit(e.raw(one) for one in documents)]


def claims(count: int) -> list[object]:
    return [e.accident(f"K{place}") for place in range(count)]


def test_a_submitted_event_is_confirmed_with_its_place(settings: Settings) -> None:
    assert submit(settings, *claims(3)) == [0, 1, 2]
    assert submit(settings, *claims(1)) == [3]


def test_a_feed_reads_each_event_once_and_goes_on_where_it_stopped(settings: Settings, tmp_path: Path) -> None:
    submit(settings, *claims(3))

    def read() -> list[int]:
        with open_feed(settings, [topics.ACCIDENTS], position_file=tmp_path / "positions") as feed:
            return [one.offset for one in feed.read()]

    assert read() == [0, 1, 2]
    assert read() == []
    submit(settings, *claims(1))
    assert read() == [3]


def test_a_feed_that_was_left_in_the_middle_repeats_the_event_it_was_left_at(
    settings: Settings, tmp_path: Path
) -> None:
    submit(settings, *claims(3))
    with open_feed(settings, [topics.ACCIDENTS], position_file=tmp_path / "positions") as feed:
        reading = feed.read()
        assert [next(reading).offset, next(reading).offset] == [0, 1]
    with open_feed(settings, [topics.ACCIDENTS], position_file=tmp_path / "positions") as feed:
        assert [one.offset for one in feed.read()] == [1, 2]


def test_a_feed_reads_only_its_topics(settings: Settings) -> None:
    submit(settings, e.registered(), e.accident(), e.death())
    with open_feed(settings, [topics.DEATHS, topics.MEMBERS]) as feed:
        assert [one.topic for one in feed.read()] == [topics.MEMBERS, topics.DEATHS]


def test_history_ends_where_the_topics_ended_when_the_reading_began(settings: Settings) -> None:
    submit(settings, *claims(3))
    with open_history(settings) as history:
        reading = history.read([topics.ACCIDENTS])
        first = next(reading)
        submit(settings, *claims(2))
        assert [first.offset, *(one.offset for one in reading)] == [0, 1, 2]


@pytest.mark.parametrize(("first", "end", "expected"), [(0, 3, [0, 1, 2]), (1, 2, [1]), (2, 2, []), (1, 9, [1, 2])])
def test_history_from_an_offset_to_before_another(
    settings: Settings, first: int, end: int, expected: list[int]
) -> None:
    submit(settings, *claims(3))
    place = (topics.ACCIDENTS, 0)
    with open_history(settings) as history:
        found = history.read([topics.ACCIDENTS], Range(first={place: first}, end={place: end}))
        assert [one.offset for one in found] == expected


def test_history_since_a_moment_until_before_another(settings: Settings) -> None:
    submit(settings, *claims(2))
    with open_history(settings) as history:
        stamp = next(history.read([topics.ACCIDENTS])).timestamp_ms
        moment = dt.datetime.fromtimestamp(stamp / 1000, dt.UTC)
        later = moment + dt.timedelta(milliseconds=1)

        def count(**bounds: dt.datetime) -> int:
            return len(list(history.read([topics.ACCIDENTS], Range(**bounds))))

        assert [count(since=moment), count(since=later), count(until=moment), count(until=later)] == [2, 0, 0, 2]


# Settings and logs


def test_a_kafka_broker_with_a_file_as_its_store_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="a Kafka broker needs a PostgreSQL store") as refused:
        read_settings(database_url=f"sqlite:///{tmp_path / 'a.db'}", broker_url="kafka+chunks://127.0.0.1:9092")
    assert "\n" not in str(refused.value)


def test_passwords_are_not_shown() -> None:
    settings = read_settings(
        database_url="postgresql://santunan:secret1@host/name",
        broker_url="kafka+chunks://host:9092",
        kafka_security_protocol="SASL_SSL",
        kafka_user="santunan",
        kafka_password="secret2",  # noqa: S106
    )
    shown = f"{settings.redacted()} {settings.kafka_password}"
    assert "secret1" not in shown and "secret2" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush/hush@host/name",
        "postgresql://me:12/hush@host/name",
        "postgresql://me:hush#hush@host:5432/x",
        "postgresql://me:12?hush@host/name",
        "postgresql://me:hush@host:port/name",
        "postgresql://me:hush@[::1/name",
    ],
)
def test_a_password_that_would_be_taken_for_something_else_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(NotReady, match="write / as %2F") as refused:
        read_settings(database_url=url, broker_url="kafka+chunks://host:9092")
    assert "hush" not in str(refused.value)


def test_a_file_as_the_store_is_shown_as_it_is_set(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    assert read_settings(database_url=url).redacted()["database_url"] == url


@pytest.mark.parametrize("url", ["sqlite:a.db", "sqlite://a.db", "sqlite:///"])
def test_a_file_that_is_written_wrong_is_not_made_under_another_name(url: str) -> None:
    with pytest.raises(NotReady, match="written sqlite:///FILE"):
        read_settings(database_url=url)


def test_a_settings_file_that_is_no_text_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(b"\x82\xff")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotReady, match=f"{SETTINGS_FILE} cannot be read"):
        read_settings()


def test_a_password_behind_the_question_mark_is_not_shown() -> None:
    settings = read_settings(
        database_url="postgresql://me@host/name?password=hush", broker_url="kafka+chunks://a,[::1]:1;b:9092"
    )
    assert "hush" not in str(settings.redacted())


@pytest.mark.parametrize("place", ["", "host:port", "me:hush@host:9092", "host:9092, other:9092", "host:9092,"])
def test_a_broker_that_can_never_answer_is_not_waited_for(place: str) -> None:
    with pytest.raises(NotReady, match=r"kafka\+chunks://HOST:PORT") as refused:
        read_settings(database_url="postgresql://me@host/name", broker_url=f"kafka+chunks://{place}")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("setting", ["group", "instance_id", "health_address"])
def test_what_a_setting_looks_like_is_told_in_words(setting: str) -> None:
    with pytest.raises(NotReady, match=f"^SANTUNAN_{setting.upper()} .*: write .*, such as ") as refused:
        read_settings(**{setting: "dua kata"})
    assert "pattern" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql:", "postgresql:name", "postgresql+psycopg2://me@host/x", "Postgresql://h/x"]
)
def test_another_way_to_write_a_database_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(NotReady, match="begins with sqlite:/// or postgresql://, not with "):
        read_settings(database_url=url, broker_url="kafka+chunks://host:9092")


def test_a_library_that_repeats_itself_is_let_through_seldom_and_we_always() -> None:
    def entry(name: str) -> logging.LogRecord:
        return logging.LogRecord(name, logging.ERROR, "", 0, "again", None, None)

    seldom = Seldom()
    assert [bool(seldom.filter(entry("aiokafka.client"))) for _ in range(3)] == [True, False, False]
    assert all(seldom.filter(entry("santunan.worker")) for _ in range(3))
