"""The daily clock on Kafka: a worker says each day by itself, and whoever says a day again does no harm."""

import datetime as dt
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agents.clients import open_history, open_submitter
from agents.clock import say_days_passed, yesterday
from agents.settings import Settings
from pipeline.audit.invariants import check
from pipeline.queries.days import last_day_passed
from pipeline.store import open_store
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.kafka_server import PARTITIONS, environment_of

MISSED = 4


def counted(settings: Settings, statement: str) -> int:
    store = open_store(settings.database_url)
    with store.reader() as connection:
        found = connection.exec_driver_sql(statement).scalar_one()
    store.close()
    return int(found)


def last_day(settings: Settings) -> dt.date | None:
    store = open_store(settings.database_url)
    found = last_day_passed(store, PARTITIONS, yesterday() + dt.timedelta(days=1))
    store.close()
    return found


def test_days_are_said_by_one_worker_and_days_said_at_once_do_no_harm(kafka_settings: Settings, tmp_path: Path) -> None:
    settings = kafka_settings
    with open_submitter(settings) as submitter:
        waiting = [*e.member(), e.accident("K1", conclusion=None)]
        list(submitter.submit(map(e.raw, waiting), is_history=True))
    missed = [yesterday() - dt.timedelta(days=back) for back in reversed(range(MISSED))]
    before = missed[0] - dt.timedelta(days=1)
    say_days_passed(settings, [before])
    with running(tmp_path, environment_of(settings)) as worker:
        wait_for(lambda: last_day(settings) == before, worker, every=0.3)
        assert worker.stop() == 0
    environment = environment_of(settings) | {"SANTUNAN_DAILY_CLOCK": "true"}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with running(tmp_path / "one", environment) as one, running(tmp_path / "two", environment) as two:
        wait_for(lambda: last_day(settings) == yesterday(), one, every=0.3)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda _: say_days_passed(settings, missed), range(2)))
        again = 2 * MISSED * PARTITIONS
        wait_for(lambda: counted(settings, "SELECT sum(duplicates) FROM chunks") >= again, two, every=0.3)
        assert (one.stop(), two.stop()) == (0, 0)
    days = "SELECT count(*) FROM ledger WHERE source = 'urn:santunan:system:clock'"
    assert counted(settings, days) == (1 + MISSED) * PARTITIONS
    with open_history(settings) as history:
        decided = [json.loads(one.value) for one in history.read([topics.DECISIONS])]
        said = [(one.partition, json.loads(one.value)["data"]["day"]) for one in history.read([topics.MEMBERS])]
    assert set(Counter(one["id"] for one in decided).values()) == {1}
    assert [one["data"]["revision"] for one in decided] == list(range(1, len(decided) + 1)) and len(decided) > 1
    for partition in range(PARTITIONS):
        first = list(dict.fromkeys(day for at, day in said if at == partition))
        assert first == sorted(first) and len(first) == 1 + MISSED
    store = open_store(settings.database_url)
    assert check(store) == []
    store.close()
