"""The restore drill, on real servers: topics that were made again, another cluster, another group, transactions."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from agents.kafka import topics as kafka_topics
from agents.kafka.security import librdkafka_options
from agents.services import servers
from agents.settings import Settings
from schemas import topics
from tests.contract.test_restores import ACCEPTED, settings
from tests.support import events as e
from tests.support import restores as drill
from tests.support.java_start import keep_a_start

__all__ = ["settings"]


@pytest.fixture(scope="module")
def other_bootstrap() -> Iterator[str]:
    """An empty cluster."""
    keep_a_start()
    directory = Path(tempfile.mkdtemp(prefix="santunan-kafka-"))
    try:
        yield servers.up(directory, lambda _: None, only="kafka").kafka_bootstrap
    finally:
        servers.down(directory, lambda _: None)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.parametrize("new", ["C", "CDE"], ids=["fewer", "more"])
def test_a_topic_that_was_made_again_swallows_nothing(settings: Settings, tmp_path: Path, new: str) -> None:
    """Fewer claims than it had before, and more."""
    partition = drill.partition_of_claims(settings)
    drill.make_again(settings, topics.ACCIDENTS)
    drill.submit(settings, *drill.claims(*new))
    producer = Producer(librdkafka_options(settings))
    producer.produce(topics.ACCIDENTS, b"no event", e.NUMBER.encode(), partition)
    assert producer.flush(20) == 0
    sentence = drill.refusal(settings, tmp_path)
    assert f"another Kafka: {topics.ACCIDENTS} was deleted and made again" in sentence
    drill.mend(settings, tmp_path, sentence, "A", "B", *new)
    assert drill.decisions(settings) == [(name, 1) for name in f"AB{new}"]
    assert ("topic", topics.ACCIDENTS, partition, 2, 0, True) in drill.rows(settings, ACCEPTED)
    drill.submit(settings, *drill.claims("F"))
    drill.decide(settings, tmp_path, "A", "B", *new, "F")


def test_a_new_cluster_is_no_continuation_of_the_old_one(
    settings: Settings, tmp_path: Path, other_bootstrap: str
) -> None:
    other = settings.model_copy(update={"broker_url": f"kafka+chunks://{other_bootstrap}"})
    kafka_topics.create(other)
    drill.submit(other, *drill.claims("C", "D", "E"))
    sentence = drill.refusal(other, tmp_path)
    assert "the broker is of the cluster" in sentence
    drill.mend(other, tmp_path, sentence, "C", "D", "E")
    assert drill.each_once(other) and drill.sound(other)
    back = drill.refusal(settings, tmp_path)  # the old one is another one now
    assert "the broker is of the cluster" in back


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "of-the-version-before"])
def test_another_group_is_no_stranger_that_begins_at_the_beginning(
    settings: Settings, tmp_path: Path, is_known: bool
) -> None:
    other = settings.model_copy(update={"group": f"{settings.group}-other"})
    if not is_known:
        drill.rows(settings, "DELETE FROM origins")
    drill.submit(settings, *drill.claims("C"))
    sentence = drill.refusal(other, tmp_path)
    assert f"filled by the group {settings.group}, this worker is of the group {other.group}" in sentence
    drill.mend(other, tmp_path, sentence, "A", "B", "C")
    assert drill.rows(other, ACCEPTED) == [("group", settings.group, 0, 0, 0, True)]
    assert drill.each_once(other) and drill.sound(other)


def test_another_code_than_that_of_the_broker_accepts_nothing(settings: Settings, tmp_path: Path) -> None:
    drill.make_again(settings, topics.DEATHS)
    sentence = drill.refusal(settings, tmp_path)
    code = drill.command_of(sentence)[-1]
    with drill.mending(settings, tmp_path, sentence.replace(code, "0000000000")) as worker:
        assert worker.wait() == 78
        assert "the broker is another one than the one of 0000000000" in worker.tail()
    assert drill.rows(settings, ACCEPTED) == []


def test_a_store_of_the_version_before_learns_its_origin_from_the_first_worker(
    settings: Settings, tmp_path: Path
) -> None:
    found = drill.rows(settings, "SELECT kind, name, id FROM origins ORDER BY 1, 2")
    assert len(found) == 2 + len(topics.ALL) and all(value for *_, value in found)
    drill.rows(settings, "DELETE FROM origins")
    drill.submit(settings, *drill.claims("C"))
    drill.decide(settings, tmp_path, "A", "B", "C")
    assert drill.rows(settings, "SELECT kind, name, id FROM origins ORDER BY 1, 2") == found


def test_marks_of_transactions_and_aborted_records_are_no_missing_input(settings: Settings, tmp_path: Path) -> None:
    """Each leaves a hole in what a reader of committed records sees; the first and the last record are ours."""
    partition = drill.partition_of_claims(settings)
    producer = Producer({**librdkafka_options(settings), "transactional.id": f"{settings.group}-sender"})
    producer.init_transactions(20)
    for name, is_kept in (("C", True), ("X", False), ("D", True), ("Y", False)):
        producer.begin_transaction()
        producer.produce(topics.ACCIDENTS, e.raw(*drill.claims(name)), e.NUMBER.encode(), partition)
        producer.flush(20)
        producer.commit_transaction(20) if is_kept else producer.abort_transaction(20)
    drill.submit(settings, *drill.claims("E"))
    drill.decide(settings, tmp_path, *"ABCDE")
    assert drill.decisions(settings) == [(name, 1) for name in "ABCDE"]
    assert drill.rows(settings, f"SELECT sum(holes) FROM chunks WHERE topic = '{topics.ACCIDENTS}'") == [(6,)]  # noqa: S608
    assert drill.rows(settings, ACCEPTED) == []
