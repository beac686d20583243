"""Published claims as event files, with what reality or the amendments to the law make of each; `field/expected.json`.

A row: `file`, `reality`, `claims` (what is asked of the newest decision of each), `refused` (codes of refused events),
`add` (events for facts that the file could not say).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.processing.offline import Offline
from schemas.decisions import Decision

FIELD = Path(__file__).parent / "field"
ROWS = json.loads((FIELD / "expected.json").read_text("utf-8"))

# word of an expectation -> how it is read off a decision
READ = {
    "outcome": lambda one: one.outcome,
    "codes": lambda one: list(one.reason_codes),
    "lines": lambda one: {line.line: line.amount for line in one.benefits},
    "total": lambda one: one.total,
    "indicative": lambda one: one.indicative_total,
    "liable": lambda one: one.liable,
    "event_date": lambda one: str(one.event_date),
}


def decided(row: dict[str, Any]) -> tuple[dict[str, list[Decision]], list[str]]:
    """The decisions of each claim, oldest first, and the codes of the events that were refused."""
    engine, found, refused = Offline(Book.load()), {}, []
    lines = (FIELD / row["file"]).read_bytes().splitlines()
    for number, event in enumerate(row.get("add", [])):
        lines.append(json.dumps({"specversion": "1.0", "id": f"added-{number}", **event}).encode())
    for line in lines:
        (made,) = engine.take_block((line,))
        if isinstance(made, Poison):
            refused.append(made.reason)
            continue
        for one in made:
            found.setdefault(one.claim_id, []).append(one)
    return found, refused


def faults(row: dict[str, Any]) -> list[str]:
    """What is asked and not so."""
    found, refused = decided(row)
    if refused != row["refused"] or set(found) != set(row["claims"]):
        return [f"refused {refused}, decided {sorted(found)}"]
    told: list[str] = []
    for claim, wanted in row["claims"].items():
        first, newest = found[claim][0], found[claim][-1]
        told += unlike(newest, wanted)
        told += [f"has {code}" for code in wanted.get("without", ()) if code in newest.reason_codes]
        ever = {code for one in found[claim] for code in one.reason_codes}
        told += [f"had {code}" for code in wanted.get("never", ()) if code in ever]
        told += unlike(first, wanted.get("before", {}))
    return told


def unlike(decision: Decision, wanted: dict[str, Any]) -> list[str]:
    facts = {name: value for check in decision.trace for name, value in check.facts.items()}
    asked = {word: (READ[word](decision), value) for word, value in wanted.items() if word in READ}
    asked |= {name: (facts.get(name), value) for name, value in wanted.get("facts", {}).items()}
    return [
        f"{decision.claim_id}: {word} is {is_so}, not {value}"
        for word, (is_so, value) in asked.items()
        if is_so != value
    ]


@pytest.mark.parametrize("row", ROWS, ids=[row["file"].removesuffix(".jsonl") for row in ROWS])
def test_a_published_claim_is_decided_as_the_law_is_lived(row: dict[str, Any]) -> None:
    assert faults(row) == []


def test_every_field_file_is_in_the_table_once() -> None:
    assert sorted(row["file"] for row in ROWS) == sorted(path.name for path in FIELD.glob("*.jsonl"))
    words = {*READ, "without", "never", "before"}
    assert all(set(wanted) <= words for row in ROWS for wanted in row["claims"].values())
