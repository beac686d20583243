"""Topics as declared, on a real broker: how what they hold lies on its disk."""

from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from agents.kafka import topics as kafka_topics
from agents.kafka.connection import connection_options
from agents.settings import Settings
from schemas import topics

WEEK_MS = 7 * 86_400_000
FIRST_MS = 1_435_708_800_000  # 2015-07-01


def test_ten_years_of_history_lie_in_one_segment(kafka_settings: Settings) -> None:
    options = connection_options(kafka_settings)
    producer: Any = KafkaProducer(**options)
    for week in range(0, 520, 13):  # far from each other, and each in a batch of its own
        sent = producer.send(topics.HISTORY, b"event", b"k", partition=0, timestamp_ms=FIRST_MS + week * WEEK_MS)
        sent.get(10)
    producer.close()
    assert len(segments(options)) == 1


def test_what_is_created_is_as_declared(kafka_settings: Settings) -> None:
    assert kafka_topics.check(kafka_settings) == []


def segments(options: dict[str, Any]) -> list[Path]:
    admin: Any = KafkaAdminClient(**options)
    try:
        found = admin.describe_log_dirs()
    finally:
        admin.close()
    paths = {path for path in _paths(found) if (Path(path) / f"{topics.HISTORY}-0").is_dir()}
    (path,) = paths
    return sorted((Path(path) / f"{topics.HISTORY}-0").glob("*.log"))


def _paths(answer: Any) -> set[str]:
    """Every folder that the answer of the brokers names."""
    if isinstance(answer, dict):
        return {str(value) for name, value in answer.items() if name == "log_dir"} | {
            path for value in answer.values() for path in _paths(value)
        }
    return {path for one in answer for path in _paths(one)} if isinstance(answer, list | tuple) else set()
