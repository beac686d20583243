"""Answers of a broker that has not learned of new topics yet. Real clusters: `tests/contract/`."""

from typing import Any

import pytest

from agents.kafka import topics as kafka_topics
from agents.settings import Settings, read_settings
from pipeline.errors import NotReady
from schemas import topics


class Cluster:
    """As the admin client of kafka-python shows it. Topics are known after so many answers."""

    def __init__(self, brokers: int, late: int) -> None:
        self._brokers = brokers
        self._late = late
        self.answers = 0

    def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": list(range(self._brokers))}

    def describe_topics(self) -> list[dict[str, Any]]:
        self.answers += 1
        names = topics.ALL if self.answers > self._late else topics.ALL[1:]
        return [{"name": name, "error_code": 0, "partitions": []} for name in (*names, "__consumer_offsets")]


def test_of_several_brokers_one_may_learn_of_a_topic_later() -> None:
    cluster = Cluster(brokers=3, late=2)
    assert kafka_topics._found(cluster).keys() == set(topics.ALL)
    assert cluster.answers == 3


@pytest.mark.parametrize("brokers", [1, 3])
def test_a_topic_that_nobody_makes_is_missing_at_last(brokers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_topics, "LEARNING_SECONDS", 0.15)
    cluster = Cluster(brokers, late=1000)
    assert kafka_topics._found(cluster).keys() == set(topics.ALL[1:])
    assert (cluster.answers == 1) == (brokers == 1)


def settings(partitions: int) -> Settings:
    url = "postgresql://u@127.0.0.1:1/x"
    return read_settings(broker_url="kafka+chunks://127.0.0.1:1", database_url=url, partitions=partitions)


@pytest.mark.parametrize(
    ("counts", "remedy"),
    [
        ((4, 4), ""),
        ((3, 4), ""),  # a broker that has not learned of them yet
        ((), ""),
        ((5, 5), "same number, so set partitions to 5 for all workers and senders"),
        (
            (4, 5),
            "so give each topic 5 (kafka-topics.sh --alter --topic NAME --partitions 5), then set partitions to 5",
        ),
    ],
)
def test_only_partitions_that_were_added_end_a_worker(counts: tuple[int, ...], remedy: str) -> None:
    found = dict(zip(topics.ALL, counts, strict=False))
    if not remedy:
        kafka_topics.require_none_added(found, settings(4))
        return
    with pytest.raises(NotReady) as refused:
        kafka_topics.require_none_added(found, settings(4))
    assert remedy in str(refused.value) and "has 5 partitions, but `partitions` says 4" in str(refused.value)
