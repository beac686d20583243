"""Outputs that were stored and not published, on real servers: the next worker publishes them, once and first."""

import json
from pathlib import Path

from agents.clients import open_history, open_submitter
from agents.settings import Settings
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.kafka_server import environment_of
from tests.support.ledgers import faults_after


def submit(settings: Settings, *documents: object) -> None:
    with open_submitter(settings) as submitter:
        for receipt in submitter.submit([e.raw(one) for one in documents]):
            assert not receipt.is_spooled


def revisions(settings: Settings) -> list[int]:
    with open_history(settings) as history:
        return [json.loads(one.value)["data"]["revision"] for one in history.read([topics.DECISIONS])]


def test_what_a_dead_worker_stored_is_published_before_what_came_after_it(
    kafka_settings: Settings, tmp_path: Path
) -> None:
    """Membership goes first: read again together, the member would have led to revision 2 before 1 was published.

    Each of the three facts about the member changes the decision once.
    """
    environment = environment_of(kafka_settings)
    submit(kafka_settings, e.accident())
    with running(tmp_path, environment, step="stored", nth=1) as worker:
        assert worker.wait() == -9
    assert revisions(kafka_settings) == []
    submit(kafka_settings, *e.member())
    with running(tmp_path, environment) as worker:
        wait_for(lambda: len(revisions(kafka_settings)) >= 4, worker, every=0.5)
        assert worker.stop() == 0
    assert revisions(kafka_settings) == [1, 2, 3, 4]
    assert faults_after(kafka_settings) == []
