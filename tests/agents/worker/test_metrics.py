"""Metrics count what a worker did, and no label names a person."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.worker.batch_source import Lag
from agents.worker.metrics import ALARMS, FATES, STEPS, Metrics
from pipeline.messages.records import Chunk, Record
from pipeline.processing.report import Report
from schemas import topics
from tests.support import events as e
from tests.support.http import values_of
from tests.support.site import Site

NOW = 1_785_542_400.0
LABELS = {"program", "outcome", "reason", "topic", "fate", "step", "partition", "le", "version", "rules", "engine"}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(wall=lambda: NOW)


def samples(metrics: Metrics, lag: Lag | None = None) -> dict[tuple[str, ...], float]:
    return values_of(metrics.text(lag))


def chunk(topic: str, start: int, end: int, *, partition: int = 0, received_ms: int = 0) -> Chunk:
    records = tuple(Record(offset, received_ms + offset, b"key", b"value") for offset in range(start, end))
    return Chunk(topic, partition, start, end, records)


def test_a_report_is_counted_by_topic_fate_outcome_and_reason(metrics: Metrics, tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    approved, waiting = e.accident("K1"), e.accident("K2", "2024-08-08", documents=[])
    site.run(*e.member(), approved, approved, waiting, b"{", b"\xff")
    site.close()
    for report in site.reports:
        metrics.note_chunk(report)
    found = samples(metrics)
    history = topics.HISTORY
    assert [found["santunan_events_total", fate, history] for fate in FATES] == [6, 1, 2]
    counted = "santunan_claims_decided_total"
    decided = {tuple(labels): value for (name, *labels), value in found.items() if name == counted}
    assert decided == {("APPROVED", "JKK", "OK"): 1, ("PENDING", "JKK", "DOC_MEMBERSHIP_CARD_MISSING"): 1}
    assert found["santunan_dead_letters_total", "NOT_JSON"] == 2
    assert found["santunan_chunk_records_sum",] == 9 and found["santunan_chunk_records_count",] == 1
    for step in ("load", "decide", "write", "commit"):
        assert found["santunan_step_seconds_count", step] == 1
        assert found["santunan_step_seconds_sum", step] > 0


def test_events_that_come_again_are_counted_and_change_no_other_count(metrics: Metrics, tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    site.run(*e.member(), e.accident())
    site.process(site.chunk(0, 5))
    site.close()
    metrics.note_chunk(site.reports[0])
    before = samples(metrics)
    assert before["santunan_redelivered_total",] == 0
    metrics.note_chunk(site.reports[1])
    after = samples(metrics)
    assert after["santunan_redelivered_total",] == 5
    counted = [name for name in before if name[0] in ("santunan_events_total", "santunan_claims_decided_total")]
    assert counted and {name: after[name] for name in counted} == {name: before[name] for name in counted}


def test_a_second_attempt_is_a_retry_and_the_first_is_none(metrics: Metrics) -> None:
    metrics.note_chunk(Report(topics.ACCIDENTS, 0, attempts=1))
    assert samples(metrics)["santunan_retries_total",] == 0
    metrics.note_chunk(Report(topics.ACCIDENTS, 0, attempts=3))
    assert samples(metrics)["santunan_retries_total",] == 2


def test_every_step_fate_and_intake_topic_is_there_before_its_first_event(metrics: Metrics) -> None:
    found = samples(metrics)
    assert all(found["santunan_events_total", fate, topic] == 0 for topic in topics.INTAKE for fate in FATES)
    assert all(found["santunan_step_seconds_count", step] == 0 for step in STEPS)
    assert found["santunan_fenced_total",] == 0 and found["santunan_oldest_undecided_seconds",] == 0


def test_a_partition_that_went_to_another_worker_is_no_longer_told(metrics: Metrics) -> None:
    both = Lag({(topics.ACCIDENTS, 0): 7, (topics.ACCIDENTS, 1): 3}, None)
    found = samples(metrics, both)
    assert found["santunan_lag_records", "0", topics.ACCIDENTS] == 7
    assert found["santunan_lag_records", "1", topics.ACCIDENTS] == 3
    found = samples(metrics, Lag({(topics.ACCIDENTS, 1): 2}, None))
    assert found["santunan_lag_records", "1", topics.ACCIDENTS] == 2
    assert ("santunan_lag_records", "0", topics.ACCIDENTS) not in found


def test_the_age_of_the_oldest_waiting_event_counts_from_its_receipt(metrics: Metrics) -> None:
    waited = Lag({}, int(NOW * 1000) - 90_500)
    assert samples(metrics, waited)["santunan_oldest_undecided_seconds",] == 90.5
    ahead = Lag({}, int(NOW * 1000) + 2_000)  # the broker's clock runs ahead of ours
    assert samples(metrics, ahead)["santunan_oldest_undecided_seconds",] == 0
    assert samples(metrics, Lag({}, None))["santunan_oldest_undecided_seconds",] == 0


def test_no_label_can_name_a_claim_an_event_or_a_person(metrics: Metrics) -> None:
    metrics.describe(rules="a" * 64, engine="kafka", holidays_known=lambda: 179)
    report = Report(topics.DEATHS, 0, attempts=1, accepted=1, refused=1, seconds={"load": 0.01})
    report.decisions["JKM", "APPROVED", "OK"] += 1
    report.refusals["NOT_JSON"] += 1
    metrics.note_chunk(report)
    text = metrics.text(Lag({(topics.DEATHS, 0): 1}, 0)).decode()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    assert {label for one in samples for label in one.labels} == LABELS
    assert 'santunan_build_info{engine="kafka",rules="aaaaaaaaaaaa",version=' in text


def test_a_step_that_nobody_knows_is_a_bug(metrics: Metrics) -> None:
    with pytest.raises(AssertionError, match="guess"):
        metrics.note_step("guess", 1.0)


def test_lag_counts_from_the_first_record_that_is_not_done() -> None:
    place = (topics.ACCIDENTS, 0)
    in_hand, waiting = chunk(topics.ACCIDENTS, 10, 20), chunk(topics.ACCIDENTS, 20, 30)
    found = Lag.of([waiting, in_hand], {place: 30}, {place: 45}, own_time=topics.HISTORY)
    assert found == Lag({place: 35}, 10)
    assert Lag.of([], {place: 30}, {place: 45}, own_time=topics.HISTORY) == Lag({place: 15}, None)
    assert Lag.of([], {place: 45}, {place: 45}, own_time=topics.HISTORY) == Lag({place: 0}, None)


def test_lag_of_a_partition_is_told_only_once_its_end_is_known() -> None:
    one, other = (topics.ACCIDENTS, 0), (topics.DEATHS, 0)
    assert Lag.of([], {one: 3, other: 4}, {other: 4}, own_time=topics.HISTORY) == Lag({other: 0}, None)


def test_history_keeps_its_own_time_and_so_says_nothing_of_how_long_anything_waits() -> None:
    old, new = chunk(topics.HISTORY, 0, 2, received_ms=5), chunk(topics.DEATHS, 0, 2, received_ms=900)
    assert Lag.of([old, new], {}, {}, own_time=topics.HISTORY).oldest_ms == 900
    assert Lag.of([old], {}, {}, own_time=topics.HISTORY).oldest_ms is None


def test_days_of_known_holidays_are_asked_for_at_each_scrape(metrics: Metrics) -> None:
    left = iter([180, 179])
    metrics.describe(rules="a" * 64, engine="kafka", holidays_known=lambda: next(left))
    assert [samples(metrics)["santunan_holidays_known_days",] for _ in range(2)] == [180, 179]


def test_an_alarm_begins_at_zero_so_that_its_first_event_is_a_rise(metrics: Metrics) -> None:
    assert [samples(metrics)["santunan_dead_letters_total", reason] for reason in ALARMS] == [0] * len(ALARMS)
