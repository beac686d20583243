"""The daily clock of a worker: which days it says, in which order, who says them, and when one is missing."""

import datetime as dt
import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents.app import App
from agents.clients import open_history
from agents.clock import say_days_passed, yesterday
from agents.services.servers import free_ports
from agents.settings import read_settings
from agents.worker.daily_clock import GRACE, MOST_DAYS, DailyClock
from agents.worker.metrics import Metrics
from pipeline.errors import NotReady, Transient
from pipeline.queries.days import last_day_passed
from pipeline.store import open_store
from schemas import topics
from schemas.clock import JAKARTA
from tests.faults.running import running, wait_for
from tests.support.http import asked, metrics_of, values_of

MIDNIGHT = dt.datetime(2026, 3, 2, tzinfo=JAKARTA)  # 1 March 2026 is over
MARCH_1 = dt.date(2026, 3, 1)
SECOND = dt.timedelta(seconds=1)


def days_before(count: int) -> dt.date:
    return MARCH_1 - dt.timedelta(days=count)


class Office:
    """A clock with what it is given; tests change what they are about."""

    def __init__(self, last: dt.date | None, now: dt.datetime = MIDNIGHT) -> None:
        self.last = last
        self.now = now
        self.is_ours = True
        self.said: list[dt.date] = []
        self.fails: list[BaseException] = []
        self.clock = DailyClock(
            last_day=lambda: self.last, say=self.say, is_ours=lambda: self.is_ours, now=lambda: self.now
        )

    def say(self, days: Sequence[dt.date]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.said += days


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (None, [MARCH_1]),
        (days_before(-1), []),
        (MARCH_1, []),
        (days_before(1), [MARCH_1]),
        (days_before(3), [days_before(2), days_before(1), MARCH_1]),
    ],
)
def test_missed_days_are_said_once_and_in_order(last: dt.date | None, said: list[dt.date]) -> None:
    office = Office(last)
    office.clock.look()
    office.clock.look()  # the worker has not read them yet
    assert office.said == said


@pytest.mark.parametrize(("late", "said"), [(-SECOND, []), (0 * SECOND, [MARCH_1]), (SECOND, [MARCH_1])])
def test_a_day_is_said_when_it_is_over_in_jakarta(late: dt.timedelta, said: list[dt.date]) -> None:
    office = Office(days_before(1), MIDNIGHT + late)
    office.clock.look()
    assert office.said == said


def test_each_day_is_said_while_a_worker_runs() -> None:
    office = Office(None)
    for _ in range(3):
        office.clock.look()
        office.now += dt.timedelta(days=1)
    assert office.said == [MARCH_1, days_before(-1), days_before(-2)]


def test_a_worker_that_is_not_to_say_days_only_looks() -> None:
    office = Office(days_before(3), MIDNIGHT + GRACE)
    office.is_ours = False
    office.clock.look()
    assert office.said == [] and "3 days are missing" in str(office.clock.missing())


@pytest.mark.parametrize(("count", "is_said"), [(MOST_DAYS - 1, True), (MOST_DAYS, True), (MOST_DAYS + 1, False)])
def test_a_machine_whose_clock_runs_far_ahead_says_no_days(count: int, is_said: bool) -> None:
    office = Office(days_before(count))
    if is_said:
        office.clock.look()
        assert len(office.said) == count
        return
    with pytest.raises(NotReady, match="correct the date of this machine"):
        office.clock.look()
    assert office.said == []


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), Transient("away"), RuntimeError("3671010101800001")],
    ids=lambda one: type(one).__name__,
)
def test_a_failure_is_logged_once_and_the_next_look_says_the_day(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(days_before(1))
    office.fails = [error, error]
    for _ in range(3):
        office.clock.look_safely()
    assert office.said == [MARCH_1]
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert len(warnings) == 1 and "3671010101800001" not in warnings[0]


@pytest.mark.parametrize(
    ("last", "late", "said"),
    [
        (MARCH_1, GRACE, None),
        (days_before(1), GRACE - SECOND, None),
        (days_before(1), GRACE, "1 day is missing after 2026-02-28"),
        (days_before(7), GRACE - SECOND, "6 days are missing after 2026-02-22"),
    ],
)
def test_a_day_is_missing_a_while_after_it_is_over(last: dt.date, late: dt.timedelta, said: str | None) -> None:
    office = Office(last, MIDNIGHT + late)
    office.is_ours = False
    assert office.clock.missing() is None, "it has not looked yet"
    office.clock.look()
    missing = office.clock.missing()
    assert missing is None if said is None else said in str(missing)


@pytest.mark.parametrize(("after", "is_missing"), [(GRACE - SECOND, False), (GRACE, False), (GRACE + SECOND, True)])
def test_where_no_day_ever_passed_that_is_said_a_while_after_the_start(after: dt.timedelta, is_missing: bool) -> None:
    office = Office(None)
    office.clock.look()
    office.now += after
    assert ("no day has passed yet" in str(office.clock.missing())) is is_missing


def test_the_metric_is_the_age_of_the_last_day() -> None:
    office, metrics = Office(MARCH_1), Metrics()
    metrics.ask_age_of_last_day(office.clock.age_days)

    def shown() -> float:
        return values_of(metrics.text(None))["santunan_last_day_age_days",]

    assert math.isnan(shown()), "not known yet"
    office.clock.look()
    assert shown() == 1
    office.now += dt.timedelta(days=3)
    assert shown() == 4
    office.last = None
    office.clock.look()
    assert math.isinf(shown())


@pytest.mark.parametrize(
    ("held", "is_leaving", "is_on", "says"),
    [
        ({(topics.MEMBERS, 0), (topics.DEATHS, 0)}, False, True, True),
        ({(topics.MEMBERS, 1), (topics.DEATHS, 0)}, False, True, False),
        (None, False, True, False),
        ({(topics.MEMBERS, 0)}, True, True, False),
        ({(topics.MEMBERS, 0)}, False, False, False),
    ],
)
def test_the_worker_with_the_first_partition_of_members_says_the_days(
    held: set[tuple[str, int]] | None, is_leaving: bool, is_on: bool, says: bool, tmp_path: Path
) -> None:
    app: Any = App(read_settings(database_url=f"sqlite:///{tmp_path / 'santunan.db'}", daily_clock=is_on))
    app.runner.source = None if held is None else SimpleNamespace(holds=lambda *place: place in held)
    app.runner.is_leaving = is_leaving
    assert app._says_the_days() is says


# --- the real worker


def test_a_worker_catches_up_in_order_and_is_ready_again(tmp_path: Path) -> None:
    settings = read_settings(database_url=f"sqlite:///{tmp_path / 'santunan.db'}", partitions=2)
    last = yesterday() - dt.timedelta(days=3)
    say_days_passed(settings, [last])
    [port] = free_ports(1)
    environment = {
        "SANTUNAN_DATABASE_URL": settings.database_url,
        "SANTUNAN_HEALTH_ADDRESS": f"127.0.0.1:{port}",
    }
    with running(tmp_path, environment) as worker:  # a clock that is off: what was said by hand, and nothing more
        wait_for(lambda: "missing after" in str(asked(port, "/ready")[1]), worker)
        assert metrics_of(port)["santunan_last_day_age_days",] == 4
        assert worker.stop() == 0
    with running(tmp_path, environment | {"SANTUNAN_DAILY_CLOCK": "true"}) as worker:
        wait_for(lambda: asked(port, "/ready")[0] == 200, worker)
        wait_for(lambda: metrics_of(port).get(("santunan_last_day_age_days",)) == 1, worker)
        assert worker.stop() == 0
    with open_history(settings) as history:
        found = [(one.partition, json.loads(one.value)["data"]["day"]) for one in history.read([topics.MEMBERS])]
    expected = [str(last + dt.timedelta(days=more)) for more in range(4)]
    for partition in range(2):
        assert [day for at, day in found if at == partition] == expected
    store = open_store(settings.database_url)
    assert last_day_passed(store, 1, yesterday() + dt.timedelta(days=1)) == yesterday()
    store.close()
