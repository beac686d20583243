"""The rules alone: microseconds of one assessment with its trace, and claims/s of `santunan assess` on one core."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.claims.case_file import CaseFile
from pipeline.claims.desk import Desk
from pipeline.claims.rules import table
from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from schemas.events import parse
from tests.bench.workload import claims, members
from tests.support import events as e

GOAL_MICROSECONDS = 60  # for an ordinary claim, trace included
MEMBERS = 10_000  # with fewer, each claim would meet many earlier ones of the same person


def measure(directory: Path, count: int) -> dict[str, Any]:
    first, again = _assessment(is_first=True), _assessment(is_first=False)
    print(
        f"  A member's first claim costs {first:.0f} µs, a further one {again:.0f} µs: the difference is the periods\n"
        "  of membership, put together from some 90 facts."
    )
    if first > GOAL_MICROSECONDS:
        print(
            f"  More than {GOAL_MICROSECONDS} µs: no row of the table costs more than a tenth; what is left is a\n"
            "  dozen checks with their facts and law, in an interpreter. Compiled it is less than half."
        )
    found = {
        "assess_microseconds": round(first, 1),
        "assess_again_microseconds": round(again, 1),
        "offline_claims_per_second": _offline(directory, count, os.environ),
    }
    if not str(table.__file__).endswith(".py"):
        sources = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
        found["offline_interpreted_claims_per_second"] = _offline(directory, count, sources)
    return found


def _assessment(*, is_first: bool, rounds: int = 10_000) -> float:
    """An ordinary claim: temporary disability with transport, everything in order; microseconds.

    `is_first`: nothing is remembered of the member from a claim before.
    """
    book = Book.load()
    desk = Desk(book)
    for order, document in enumerate(e.member()):
        event = parse(e.raw(document))
        desk.take(event, event.time, order=order)
    papers = [*e.JKK_PAPERS, "transport_receipt"]
    event = parse(e.raw(e.accident(documents=papers, costs={"transport": {"land": 750_000}})))
    desk.take(event, event.time, order=9)
    case, member = desk.cases["K1"], desk.members[e.NUMBER]
    case.progress.revision = 0
    case_file = CaseFile(case, member, (), (), event.time)
    assert assess(case_file, book).outcome == "APPROVED"
    started = time.perf_counter()
    for _ in range(rounds):
        if is_first:
            member.derived.clear()
        assess(case_file, book)
    return (time.perf_counter() - started) / rounds * 1e6


def _offline(directory: Path, count: int, environment: Mapping[str, str]) -> int:
    """`santunan assess FILE`, parsing and printing included; start-up and the members' events are taken off.

    The better of two runs: whatever else the machine does can only make one slower.
    """
    file, only_members = directory / "events.jsonl", directory / "members.jsonl"
    facts = [one.value for one in members(MEMBERS)]
    only_members.write_bytes(b"\n".join(facts) + b"\n")
    file.write_bytes(b"\n".join([*facts, *(one.value for one in claims(count, MEMBERS))]) + b"\n")
    whole, start = (min(_seconds(one, environment) for _ in range(2)) for one in (file, only_members))
    return round(count / (whole - start))


def _seconds(file: Path, environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-c", "from agents.cli import main; main()", "assess", str(file)]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return time.perf_counter() - started
