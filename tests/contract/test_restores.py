"""The restore drill, on real servers: a broker that lost input, and positions that somebody moved.

Each ends with the decisions that would be there if nothing had happened, or with status 78 and a command, which is run.
Another broker, topics that were made again and databases of an older day: test_restores_of_others.py.
"""

from pathlib import Path

import pytest

from agents.settings import Settings
from schemas import topics
from tests.support import events as e
from tests.support import restores as drill

ACCEPTED = 'SELECT kind, topic, "partition", "first", "next", accepted_by <> \'\' FROM acceptances ORDER BY number'


@pytest.fixture
def settings(kafka_settings: Settings, tmp_path: Path) -> Settings:
    """A member and two decided claims; the worker has left."""
    drill.submit(kafka_settings, *e.member(), *drill.claims("A", "B"))
    drill.decide(kafka_settings, tmp_path, "A", "B")
    return kafka_settings


# --- retention


def test_records_deleted_below_the_position_are_not_missed(settings: Settings, tmp_path: Path) -> None:
    drill.delete_records(settings, topics.ACCIDENTS, drill.partition_of_claims(settings), 2)
    drill.submit(settings, *drill.claims("C"))
    drill.decide(settings, tmp_path, "A", "B", "C")
    assert drill.rows(settings, ACCEPTED) == []


@pytest.mark.parametrize(("deleted", "missing"), [(4, "2 offsets from 2 to 3")])
def test_records_deleted_above_the_position_stop_the_worker(
    settings: Settings, tmp_path: Path, deleted: int, missing: str
) -> None:
    partition = drill.partition_of_claims(settings)
    drill.submit(settings, *drill.claims("C", "D", "E"))
    drill.delete_records(settings, topics.ACCIDENTS, partition, deleted)
    for _ in range(2):  # it does not forget
        sentence = drill.refusal(settings, tmp_path)
        assert f"{topics.ACCIDENTS}/{partition}: the broker no longer has {missing}" in sentence
    assert drill.command_of(sentence) == ["worker", "--accept-gap", f"{topics.ACCIDENTS}/{partition}/{deleted}"]
    drill.mend(settings, tmp_path, sentence, "A", "B", *["D", "E"][deleted - 3 :])
    assert drill.rows(settings, ACCEPTED) == [("gap", topics.ACCIDENTS, partition, 2, deleted, True)]
    assert drill.each_once(settings) and drill.sound(settings)
    with drill.mending(settings, tmp_path, sentence) as again:  # what was accepted is passed over
        drill.wait_for(lambda: again.is_reading, again)
        assert again.stop() == 0
    assert len(drill.rows(settings, ACCEPTED)) == 1


@pytest.mark.parametrize("offset", [2, 3])
def test_a_record_that_is_there_cannot_be_given_up(settings: Settings, tmp_path: Path, offset: int) -> None:
    """2 is where the store reads on anyhow."""
    drill.submit(settings, *drill.claims("C", "D"))
    sentence = f"`santunan worker --accept-gap {topics.ACCIDENTS}/{drill.partition_of_claims(settings)}/{offset}`"
    if offset == 2:
        drill.mend(settings, tmp_path, sentence, "C", "D")
    else:
        with drill.mending(settings, tmp_path, sentence) as worker:
            assert worker.wait() == 78
            assert "nothing is missing" in worker.tail()
    assert drill.rows(settings, ACCEPTED) == []


def test_a_log_that_ends_before_the_position_is_read_again(settings: Settings, tmp_path: Path) -> None:
    """As after an unclean election: the same topic has fewer records than were processed."""
    partition = drill.partition_of_claims(settings)
    drill.rows(settings, f"DELETE FROM origins WHERE name = '{topics.ACCIDENTS}'")  # noqa: S608
    drill.make_again(settings, topics.ACCIDENTS)
    drill.submit(settings, *drill.claims("C"))
    sentence = drill.refusal(settings, tmp_path)
    assert (
        f"{topics.ACCIDENTS}/{partition}: the store has read up to offset 2, but the broker's log ends at 1" in sentence
    )
    drill.mend(settings, tmp_path, sentence, "A", "B", "C")
    assert drill.rows(settings, ACCEPTED) == [("topic", topics.ACCIDENTS, partition, 2, 0, True)]
    drill.submit(settings, *drill.claims("D"))
    drill.decide(settings, tmp_path, "A", "B", "C", "D")


# --- the positions of the group


@pytest.mark.parametrize("offset", [0, 10**6])
def test_a_position_that_somebody_moved_changes_nothing(settings: Settings, tmp_path: Path, offset: int) -> None:
    drill.submit(settings, *drill.claims("C", "D"))
    drill.move_group(settings, offset)
    drill.decide(settings, tmp_path, "A", "B", "C", "D")
    assert drill.decisions(settings) == [(name, 1) for name in "ABCD"]
    assert drill.rows(settings, 'SELECT count(*) FROM positions WHERE published > coalesce("next", 0)') == [(0,)]


@pytest.mark.parametrize("offset", [None, 10**6])
def test_what_a_dead_worker_left_unpublished_is_published_though_the_position_moved(
    settings: Settings, tmp_path: Path, offset: int | None
) -> None:
    """And what it published is not published again, though the store was not told of it yet."""
    drill.submit(settings, *drill.claims("C"))
    with drill.running(tmp_path, drill.environment_of(settings), step="stored", nth=1) as worker:
        assert worker.wait() == -9
    drill.rows(settings, "UPDATE positions SET published = 0")
    if offset is not None:
        drill.move_group(settings, offset)
    drill.decide(settings, tmp_path, "A", "B", "C")
    assert drill.decisions(settings) == [(name, 1) for name in "ABC"]
