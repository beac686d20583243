"""Answers of a broker that has not learned of new topics yet. Real clusters: `tests/contract/`."""

from typing import Any

import pytest

from agents.kafka import topics as kafka_topics
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
