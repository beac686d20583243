"""The rules alone: microseconds of one assessment with its trace, and claims/s of `santunan assess` on one core."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pipeline.desk import Desk
from pipeline.rules.book import Book
from pipeline.rules.question import Question
from pipeline.rules.table import assess
from schemas.events import parse
from tests import events as e
from tests.bench.workload import claims, members

GOAL_MICROSECONDS = 60  # for an ordinary claim, trace included
MEMBERS = 10_000  # with fewer, each claim would meet many earlier ones of the same person


def measure(directory: Path, count: int) -> dict[str, Any]:
    first, again = _assessment(is_first=True), _assessment(is_first=False)
    print(
        f"  A member's first claim costs {first:.0f} µs, a further one {again:.0f} µs: the difference is cover,\n"
        "  arrears and wage, worked out from some 90 facts of the member."
    )
    if first > GOAL_MICROSECONDS:
        print(
            f"  More than {GOAL_MICROSECONDS} µs: no row of the table costs more than a tenth; what is left is a\n"
            "  dozen checks with their facts and law, in an interpreter. Compiled it is less than half."
        )
    return {
        "assess_microseconds": round(first, 1),
        "assess_again_microseconds": round(again, 1),
        "offline_claims_per_second": _offline(directory, count),
    }


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
    question = Question(case, member, (), (), event.time)
    assert assess(question, book).outcome == "APPROVED"
    started = time.perf_counter()
    for _ in range(rounds):
        if is_first:
            member.derived.clear()
        assess(question, book)
    return (time.perf_counter() - started) / rounds * 1e6


def _offline(directory: Path, count: int) -> int:
    """`santunan assess FILE`, parsing and printing included; start-up and the members' events are taken off."""
    file, only_members = directory / "events.jsonl", directory / "members.jsonl"
    told = [one.value for one in members(MEMBERS)]
    only_members.write_bytes(b"\n".join(told) + b"\n")
    file.write_bytes(b"\n".join([*told, *(one.value for one in claims(count, MEMBERS))]) + b"\n")
    return round(count / (_seconds(file) - _seconds(only_members)))


def _seconds(file: Path) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-c", "from agents.cli import main; main()", "assess", str(file)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return time.perf_counter() - started
