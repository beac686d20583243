"""A feed over Kafka says that its position lies outside of the topic; the client would correct it in silence."""

import json
from pathlib import Path

import pytest

from agents.clients import open_feed, open_submitter
from agents.settings import Settings
from pipeline.errors import NotReady
from schemas import topics
from tests.support import events as e


def test_a_position_beyond_the_end_of_a_topic_is_told(kafka_settings: Settings, tmp_path: Path) -> None:
    position = tmp_path / "seen.json"

    def read() -> int:
        with open_feed(kafka_settings, [topics.ACCIDENTS], position_file=position) as feed:
            return sum(1 for _ in feed.read())

    with open_submitter(kafka_settings) as submitter:
        list(submitter.submit([e.raw(e.accident())]))
    assert (read(), read()) == (1, 0)
    [[topic, partition, at]] = json.loads(position.read_text())
    for ahead, is_told in ((0, False), (1, True)):
        position.write_text(json.dumps([[topic, partition, at + ahead]]))
        if is_told:
            with pytest.raises(NotReady, match=r"the position file says 2, but the topic goes from 0 to 1"):
                read()
        else:
            assert read() == 0
