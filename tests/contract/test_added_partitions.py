"""Partitions that are added to the topics of a real broker: no event of them is lost, or decided without its member."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from agents.kafka import topics as kafka_topics
from agents.kafka.security import librdkafka_options
from agents.settings import Settings
from pipeline.errors import EXIT_CONFIGURATION, NotReady
from pipeline.messages.partitioner import partition_of
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support import restores as drill
from tests.support.kafka_server import PARTITIONS, environment_of

MORE = PARTITIONS + 2
NUMBERS = [f"{30_000_000_000 + one}" for one in range(40)]
MOVED = [one for one in NUMBERS if partition_of(one.encode(), PARTITIONS) != partition_of(one.encode(), MORE)]


def add(settings: Settings, *names: str) -> None:
    admin = AdminClient(librdkafka_options(settings))
    for answer in admin.create_partitions([NewPartitions(name, MORE) for name in names]).values():
        answer.result(30)


def known(settings: Settings) -> int:
    [(count,)] = drill.rows(settings, "SELECT count(*) FROM members WHERE nik IS NOT NULL")
    return int(count)


def test_a_running_worker_ends_and_its_successor_reads_the_added_ones(kafka_settings: Settings, tmp_path: Path) -> None:
    """A person may be in another partition now: its membership was read in the old one, its claim comes in the new."""
    assert len(MOVED) > 10
    drill.submit(kafka_settings, *[e.registered(one, f"3671{one:0>12}") for one in NUMBERS])
    with running(tmp_path, environment_of(kafka_settings)) as worker:
        wait_for(lambda: known(kafka_settings) == len(NUMBERS), worker, every=0.3)
        add(kafka_settings, *topics.ALL)
        assert worker.wait() == EXIT_CONFIGURATION
        assert f"set partitions to {MORE}" in worker.tail()
    late = [f"{31_000_000_000 + one}" for one in range(20)]
    drill.submit(kafka_settings, *[e.registered(one, f"3671{one:0>12}") for one in late])
    claims = [e.accident(f"K{one}", number=one) for one in (*NUMBERS, *late)]
    drill.submit(kafka_settings, *claims)
    after = kafka_settings.model_copy(update={"partitions": MORE})
    drill.decide(after, tmp_path, *[f"K{one}" for one in (*NUMBERS, *late)])
    assert drill.rows(after, "SELECT count(*) FROM decisions WHERE reason_codes LIKE '%MEM_NOT_REGISTERED%'") == [(0,)]
    assert drill.rows(after, "SELECT max(partition) FROM cases") == [(MORE - 1,)]


def test_partitions_added_to_one_topic_alone_are_refused_with_the_command(
    kafka_settings: Settings, tmp_path: Path
) -> None:
    add(kafka_settings, topics.MEMBERS)
    sentence = drill.refusal(kafka_settings, tmp_path)
    assert f"{topics.MEMBERS} has {MORE} partitions, but `partitions` says {PARTITIONS}" in sentence
    assert f"kafka-topics.sh --alter --topic NAME --partitions {MORE}), then set partitions to {MORE}" in sentence
    after = kafka_settings.model_copy(update={"partitions": MORE})
    with pytest.raises(NotReady, match=f"has {PARTITIONS} partitions, but `partitions` says {MORE}"):
        kafka_topics.require(after)
    add(kafka_settings, *[name for name in topics.ALL if name != topics.MEMBERS])
    kafka_topics.require(after)
    assert kafka_topics.check(after) == []
