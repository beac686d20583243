"""The restore drill, on real servers: a database of an older day beside newer topics."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from agents.clients import open_history
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from schemas import topics
from tests.contract.test_restores import settings
from tests.support import command_line
from tests.support import events as e
from tests.support import restores as drill
from tests.support.kafka_server import environment_of

__all__ = ["settings"]

OTHER, NIK = "20000000029", "3671010101800002"
_copies = itertools.count(1)


def older(settings: Settings) -> Settings:
    """The same with a database as it is now, to be put back later."""
    name = f"santunan_older_{settings.group.replace('-', '_')}_{next(_copies)}"
    return settings.model_copy(update={"database_url": drill.copy_of(settings, name)})


def contents(settings: Settings) -> list[Any]:
    """The bytes of every output."""
    with open_history(settings) as history:
        return sorted((one.topic, one.value) for one in history.read(topics.OUTPUT))


def live(settings: Settings, folder: Path, *, together: bool) -> None:
    """A claim before its member. `together`: the worker was off, so that membership goes first."""
    drill.submit(settings, e.accident("C", "2024-05-01", OTHER))
    if not together:
        drill.decide(settings, folder, "C")
    drill.submit(settings, *e.member(OTHER, NIK), *drill.claims("D"))
    drill.decide(settings, folder, "A", "B", "C", "D")


@pytest.mark.parametrize(
    ("together", "moved"), [(False, None), (True, 0), (False, 10**6)], ids=["ours", "moved-back", "moved-ahead"]
)
def test_an_older_database_catches_up_with_the_same_outputs(
    settings: Settings, tmp_path: Path, together: bool, moved: int | None
) -> None:
    put_back = older(settings)
    live(settings, tmp_path, together=together)
    before = contents(settings)
    if moved is not None:
        drill.move_group(settings, moved)
    sentence = drill.refusal(put_back, tmp_path)
    assert "the database is older than the topics" in sentence and contents(settings) == before
    drill.submit(settings, *drill.claims("E"))
    drill.mend(put_back, tmp_path, sentence, "A", "B", "C", "D", "E")
    after = contents(put_back)
    assert [one for one in after if b'"E"' not in one[1]] == before
    assert drill.each_once(put_back) and drill.sound(put_back)
    ran = command_line.santunan("doctor", "--deep", **environment_of(put_back))
    assert ran.status == 0, ran.out
    assert "every output is in its topic once" in ran.out


def test_an_empty_database_catches_up_from_the_beginning(settings: Settings, tmp_path: Path, new_database: Any) -> None:
    before = contents(settings)
    empty = settings.model_copy(update={"database_url": new_database()})
    drill.submit(settings, *drill.claims("C"))
    drill.mend(empty, tmp_path, drill.refusal(empty, tmp_path), "A", "B", "C")
    assert [one for one in contents(empty) if b'"C"' not in one[1]] == before
    assert drill.each_once(empty) and drill.sound(empty)


def test_a_decision_that_no_order_leads_to_stops_the_catching_up(settings: Settings, tmp_path: Path) -> None:
    put_back = older(settings)
    drill.submit(settings, *drill.claims("C"))
    drill.decide(settings, tmp_path, "A", "B", "C")
    with open_history(settings) as history:
        one = next(one for one in history.read([topics.DECISIONS]) if json.loads(one.value)["id"] == "C.r1")
    producer = Producer(librdkafka_options(settings))
    producer.produce(topics.DECISIONS, one.value + b" ", one.key, one.partition)
    assert producer.flush(20) == 0
    before = contents(settings)
    sentence = drill.refusal(put_back, tmp_path)
    with drill.mending(put_back, tmp_path, sentence) as worker:
        assert worker.wait() == 78
        assert "no order of the events that are left leads to what was published: C.r1" in worker.tail()
    assert contents(settings) == before
