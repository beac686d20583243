"""The whole path over Kafka and PostgreSQL: the real worker beside a bare client loop and beside idiomatic Faust.

All in one run, on servers started from packages and stopped at the end. The worker and the bare loop take turns
(worker, loop, loop, worker), each with a database and a consumer group of its own, over the same claims, which are
in the topics before the clock starts; the clock runs from the first committed chunk to the last. One turn before them
is not counted: the broker's Java compiles itself in it.
"""

import os
import signal
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka.admin import AdminClient
from psycopg import sql

from schemas import topics
from tests.bench.kafka_load import Load, percentile
from tests.bench.kafka_site import CLAIMS, PARTITIONS, Offsets, Program, Site, busy_seconds, opened, running, say
from tests.bench.workload import Sent, claims, members

MEMBERS: Final = 60_000  # few claims each, as in life: who has many makes loading slow, and nothing else
STORED: Final = 300_000
EVENT_AT_A_TIME: Final = 1_500  # claims of idiomatic Faust
RATE: Final = 500  # claims a second while latency and restarts are measured
LATENCY_SECONDS: Final = 20
WARM_SECONDS: Final = 40  # not counted: a new worker, and the compiler of the broker's Java, meet small turns
LOADED: Final = RATE * (LATENCY_SECONDS + WARM_SECONDS)  # claims
KILLS: Final = 3
MOST_BATCHES: Final = ("worker", "worker", "bare", "bare", "worker")
UNCOUNTED: Final = 1
READERS: Final = "santunan"  # the group, and the database, that read the members
PATIENCE_SECONDS: Final = 120.0
APPROVED: Final = sql.SQL("SELECT count(*) FROM decisions WHERE outcome = 'APPROVED'")


@dataclass(frozen=True, slots=True)
class Run:
    """`cpu_seconds`: of the programs (`program`), of `kafka` and of `postgresql`; `busy_seconds`: of all cores.

    Where others use the machine, too, busy is more than the three together, and rates say less than processor time.
    `resident_mb`: after the first claims, and after each tenth of them.
    """

    claims: int
    seconds: float
    cpu_seconds: dict[str, float]
    busy_seconds: float
    resident_mb: tuple[float, ...]

    @property
    def rate(self) -> float:
        return self.claims / self.seconds

    @property
    def microseconds(self) -> dict[str, float]:
        """Processor time a claim."""
        return {name: round(part / self.claims * 1e6, 1) for name, part in self.cpu_seconds.items()}

    def summary(self) -> str:
        ours, cores = sum(self.cpu_seconds.values()) / self.seconds, os.cpu_count()
        others = self.busy_seconds / self.seconds - ours
        return f"{self.rate:,.0f} claims/s, {ours:.2f} of {cores} cores busy for it and {others:.2f} for others"


def measure(directory: Path, count: int, stored: int = STORED) -> dict[str, Any]:
    """`stored`: claims in the database before the worker is killed, and the backlog over which memory is looked at."""
    with opened(directory) as site:
        _read_members(site)
        return {
            **_compare(site, count),
            **_event_at_a_time(site),
            **_two_workers(site, count, first=count),
            **_latency_of_a_usual_day(site, first=2 * count),
            **_with_much_stored(site, stored, first=2 * count + LOADED),
        }


def _read_members(site: Site) -> None:
    """By the worker itself, into the database that all others are copies of.

    As history, which keeps the time of each fact: a wage that came in after the accident would be no wage to go by.
    """
    say(f"{MEMBERS:,} members")
    site.send(Sent(topics.HISTORY, one.key, one.value) for one in members(MEMBERS))
    ends = site.ends([topics.HISTORY])
    with running(site, "members", site.environment(READERS, READERS)) as worker:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while site.committed(READERS, [topics.HISTORY]) != ends:
            worker.require()
            assert time.monotonic() < deadline, f"the members are not read:\n{worker.tail()}"
            time.sleep(0.2)


def _compare(site: Site, count: int) -> dict[str, Any]:
    starts = site.ends(topics.INTAKE)
    site.send(claims(count, MEMBERS))
    runs: dict[str, list[Run]] = {"worker": [], "bare": []}
    steps: dict[str, float] = {}
    approved = 0
    for turn, kind in enumerate(MOST_BATCHES):
        name = site.new_database(f"{kind}-{turn}", starts)
        command = ("tests.bench.bare_loop", str(count)) if kind == "bare" else ()
        before = site.ends([topics.DECISIONS])
        with running(site, name, site.environment(name, name), *command) as program:
            run = _watched(site, name, starts, count, program)
            if kind == "bare":
                report = program.report()
                steps = {step: round(part / report["claims"] * 1e6, 1) for step, part in report["seconds"].items()}
        found = site.decisions_since(before)
        assert found == count, f"{name} published {found} decisions for {count} claims"
        approved = site.value(name, APPROVED)
        say(f"{name}: {run.summary()}")
        if turn >= UNCOUNTED:
            runs[kind].append(run)
        site.drop_database(name)
    worker, bare = (_together(runs[kind]) for kind in ("worker", "bare"))
    return {
        "kafka_claims_per_second": round(worker.rate),
        "bare_loop_claims_per_second": round(bare.rate),
        "ratio_to_bare_loop": round(worker.rate / bare.rate, 2),
        "approved_share": round(approved / count, 2),
        "cpu_microseconds": worker.microseconds,
        "bare_loop_cpu_microseconds": bare.microseconds,
        "bare_loop_microseconds_by_step": steps,
    }


def _event_at_a_time(site: Site) -> dict[str, Any]:
    name = site.new_database("faust", site.ends(topics.INTAKE))
    command = ("tests.bench.idiomatic_faust", str(EVENT_AT_A_TIME))
    with running(site, name, site.environment(name, name), *command) as program:
        rate = program.report(PATIENCE_SECONDS)["claims_per_second"]
    site.drop_database(name)
    say(f"{name}: {rate:,.0f} claims/s")
    return {"idiomatic_faust_claims_per_second": round(rate)}


def _two_workers(site: Site, count: int, *, first: int) -> dict[str, Any]:
    """Both have their half before anything is there to decide; they are held while it is sent."""
    starts = site.ends(topics.INTAKE)
    name = site.new_database("two", starts)
    environment = site.environment(name, name, SANTUNAN_KAFKA_SESSION_SECONDS="60")
    with running(site, "two-a", environment) as one, running(site, "two-b", environment) as other:
        _wait_for_halves(site, name, one, other)
        for worker in (one, other):
            worker.signal(signal.SIGSTOP)
        try:
            site.send(claims(count, MEMBERS, first=first))
        finally:
            for worker in (one, other):
                worker.signal(signal.SIGCONT)
        run = _watched(site, name, starts, count, one, other)
    site.drop_database(name)
    say(f"two workers: {run.summary()}")
    return {"two_workers_claims_per_second": round(run.rate), "two_workers_cpu_microseconds": run.microseconds}


def _wait_for_halves(site: Site, group: str, *workers: Program) -> None:
    admin: Any = AdminClient({"bootstrap.servers": site.bootstrap})
    half = len(topics.INTAKE) * PARTITIONS // 2
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        groups = admin.describe_consumer_groups([group])[group].result(10)
        if [len(one.assignment.topic_partitions) for one in groups.members] == [half, half]:
            return
        for worker in workers:
            worker.require()
        assert time.monotonic() < deadline, f"two workers did not share the partitions:\n{workers[0].tail()}"
        time.sleep(0.2)


def _latency_of_a_usual_day(site: Site, *, first: int) -> dict[str, Any]:
    name = site.new_database("usual", site.ends(topics.INTAKE))
    with running(site, name, site.environment(name, name)):
        figures = _latency(site, first)
    site.drop_database(name)
    return figures


def _with_much_stored(site: Site, stored: int, *, first: int) -> dict[str, Any]:
    """The latency after it is of the minute in which both servers still write down what was stored."""
    starts = site.ends(topics.INTAKE)
    name = site.new_database("stored", starts)
    say(f"{stored:,} claims into the topics")
    site.send(claims(stored, MEMBERS, first=first))
    environment = site.environment(name, name, SANTUNAN_INSTANCE_ID="place-1")
    with running(site, name, environment) as worker:
        run = _watched(site, name, starts, stored, worker)
        resident = [round(one) for one in run.resident_mb]
        say(f"{stored:,} stored: {run.rate:,.0f} claims/s; MB at the start and after each tenth: {resident}")
        figures = {
            "long_backlog_claims_per_second": round(run.rate),
            "rss_mb": max(resident),
            "rss_mb_over_backlog": resident,
            "restart_claims_stored": stored,
        }
        figures |= {f"after_backlog_{name}": value for name, value in _latency(site, first + stored).items()}
        first += stored + LOADED
        worker.signal(signal.SIGKILL)
        worker.process.wait()
    return figures | _restarts(site, name, environment, first + RATE)


def _latency(site: Site, first: int) -> dict[str, Any]:
    with Load(site, claims(LOADED, MEMBERS, first=first), RATE) as load:
        load.wait(LATENCY_SECONDS + WARM_SECONDS)
        load.until_drained(30)
    seen = {one.claim_id: one.seconds for one in load.seen}
    assert len(seen) == len(load.seen), "a decision was read twice"
    counted = list(load.sent)[RATE * WARM_SECONDS :]
    latencies = [(seen[claim_id] - load.sent[claim_id]) * 1000 for claim_id in counted]
    figures = {f"latency_p{share}_ms": round(percentile(latencies, share / 100), 1) for share in (50, 99)}
    say(f"latency at {RATE}/s over {len(latencies):,} claims: {figures}")
    return figures


def _restarts(site: Site, group: str, environment: dict[str, str], first: int) -> dict[str, Any]:
    """From each kill -9 to the next decision that the successor made; it is started at once, as a supervisor does."""
    seconds = []
    program = Program(group, site.directory, environment, "agents.worker")
    try:
        with Load(site, claims(RATE * 600, MEMBERS, first=first), RATE) as load:
            load.first_seen_after(0, PATIENCE_SECONDS)
            for _ in range(KILLS):
                load.wait(4)  # until it is in its stride again
                killed_ms, killed = int(time.time() * 1000) + 1, time.perf_counter()
                program.process.kill()
                program.process.wait()
                program = Program(group, site.directory, environment, "agents.worker")
                seconds.append(load.first_seen_after(killed_ms, PATIENCE_SECONDS).seconds - killed)
                say(f"kill -9: {seconds[-1]:.2f} s to the next decision")
    finally:
        program.stop()
    return {
        "restart_seconds": round(statistics.median(seconds), 2),
        "restart_seconds_worst": round(max(seconds), 2),
    }


def _watched(site: Site, group: str, starts: Offsets, count: int, *programs: Program) -> Run:
    """From the first claims that are decided, stored and published to the last."""
    with site.progress(group, {place: at for place, at in starts.items() if place[0] in CLAIMS}) as progress:
        began, before = progress.wait(1, *programs)
        cpu, busy = _cpu_seconds(site, *programs), busy_seconds()
        resident = [max(one.resident_mb for one in programs)]
        for tenth in range(1, 11):
            ended, done = progress.wait(count * tenth // 10, *programs)
            resident.append(max(one.resident_mb for one in programs))
        after = _cpu_seconds(site, *programs)
        busy = busy_seconds() - busy
    assert done == count, f"{done} positions for {count} claims"
    assert before < done, "too few claims: all were decided within one look"
    return Run(
        done - before,
        ended - began,
        {name: after[name] - cpu[name] for name in after},
        busy,
        tuple(resident),
    )


def _cpu_seconds(site: Site, *programs: Program) -> dict[str, float]:
    return {"program": sum(one.cpu_seconds for one in programs)} | site.cpu_seconds()


def _together(runs: list[Run]) -> Run:
    return Run(
        sum(one.claims for one in runs),
        sum(one.seconds for one in runs),
        {name: sum(one.cpu_seconds[name] for one in runs) for name in runs[0].cpu_seconds},
        sum(one.busy_seconds for one in runs),
        runs[-1].resident_mb,
    )
