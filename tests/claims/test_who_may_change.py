"""For every event and every writer: whose claim, money and member it changes. The table below is what is expected."""

from typing import Any, Final

import pytest

from schemas.claims import SECTIONS
from schemas.envelope import type_of
from schemas.events import EVENT_WRITERS
from schemas.values import SOURCE_KINDS
from tests.support import events as e
from tests.support.scene import Scene

OTHER, OTHER_NIK = "20000000022", "3671010101800002"
AT = "2024-07-20T08:00:00"

# The claim K1 was opened by clinic:a for a member of employer tng00001, concluded by the office and paid Rp4,000,000.
WRITERS: Final = {
    "opener": "clinic:a",
    "named": "clinic:b",  # another clinic, which gives the member's number
    "stranger": "clinic:c",  # which does not
    "hospital": "hospital:h",
    "own": "employer:tng00001",
    "foreign": "employer:tng00002",
    "coop": "cooperative:k",
    "desk": "desk:d",
    "office": "office:tangerang",
    "officer": "officer:a",
    "bank": "payments:bank",
    "system": "system:clock",
}
GIVES_NUMBER: Final = ("opener", "named", "hospital", "desk", "office")

MEMBER: Final = {
    "member.registered": {"nik": "3671010101800009"},
    "member.programs-changed": {"programs": [{"program": "JKM", "since": "2019-11-01"}]},
    "member.wage-reported": {"month": "2024-06", "wage": 9_000_000},
    "member.contribution-paid": {"months": ["2027-01"], "paid_on": "2024-07-19"},
    "member.ended": {"ended_on": "2024-07-01"},
}
SECTION: Final[dict[str, Any]] = {
    "member": {"member_number": OTHER},
    "accident": {"occurred_at": "2024-07-07T11:00:00+07:00", "self_inflicted": True},
    "report": {"reported_at": "2024-07-07T16:00:00+07:00"},
    "conclusion": {"work_related": False, "concluded_on": "2024-07-08"},
    "medical": {"unable_to_work_days": 60},
    "costs": {"transport": {"land": 500_000}},
    "approved": {"prosthesis": 5_000_000},
    "advice": {"settles": ["REF_MEDICAL_ADVISOR"], "advisor": "officer", "decided_on": "2024-07-08"},
    "identity": {"matches": False},
    "documents": ["visum"],
    "death": {"died_on": "2024-07-19"},
    "children": [{"birth_date": "2015-01-01"}],
    "heirs": {"relatives": [{"relation": "widow"}]},
    "claimed": {"claimed_on": "2024-07-19"},
    "employment": {"employer_number": "TNG00001", "monthly_wage": 9_000_000},
    "project_dues": {"project_number": "P-1", "paid_on": "2020-01-01"},
    "determination": {"by": "labour_inspector", "decided_on": "2024-07-15", "work_related": False},
    "working_found": {"works": False, "found_on": "2024-07-15", "registered_on": "2019-11-01"},
    "court_decision": {"ruling": "settles_heirs", "decided_on": "2024-07-15"},
}

# `-` the kind of writer may not write it; `!` refused for what it says or of whom; `.` kept and nothing changes;
# `m` the member; `c` the claim, with no money moved; `?` it waits for an officer; `$` money moves.
EXPECTED: Final = """
                          opener named stranger hospital own foreign coop desk office officer bank system
member.registered         -      -     -        -        !   !       !    -    m      -       -    -
member.programs-changed   -      -     -        -        m?  !       !    -    m?     -       -    -
member.wage-reported      -      -     -        -        m   !       !    -    m      -       -    -
member.contribution-paid  -      -     -        -        m   !       !    -    m      -       m    -
member.ended              -      -     -        -        m?  !       !    -    m?     -       -    -
claim.accident            c?     !     !        !        -   -       -    -    c?     -       -    -
claim.accident new        c      c     c        c        -   -       -    -    c      -       -    -
claim.death               -      -     -        -        -   -       -    !    !      -       -    -
claim.death new           -      -     -        c$       -   -       -    c$   c$     -       -    -
evidence member           !      !     !        !        !   !       !    !    c?     -       -    -
evidence accident         c?     ?     .        ?        ?   .       .    -    c?     -       -    -
evidence report           -      -     -        -        .   .       .    -    c      -       -    -
evidence conclusion       -      -     -        -        -   -       -    -    c?     -       -    -
evidence medical          c?     ?     .        ?        -   -       -    -    c?     -       -    -
evidence costs            c      c     .        c        -   -       -    -    c      -       -    -
evidence approved         -      -     -        -        -   -       -    -    c?     -       -    -
evidence advice           -      -     -        -        -   -       -    -    c      -       -    -
evidence identity         -      -     -        -        -   -       -    -    c      -       -    -
evidence documents        c      c     .        c        c   .       .    c    c      -       -    -
evidence death            -      -     -        c        -   -       -    c    c      -       -    -
evidence children         -      -     -        -        -   -       -    c    c      -       -    -
evidence heirs            -      -     -        -        -   -       -    c    c      -       -    -
evidence claimed          c      c     .        c        c   .       .    c    c      -       -    -
evidence employment       -      -     -        -        c   .       -    -    c      -       -    -
evidence project_dues     -      -     -        -        -   -       -    -    c      -       -    -
evidence determination    -      -     -        -        -   -       -    -    c?     -       -    -
evidence working_found    -      -     -        -        -   -       -    -    c?     -       -    -
evidence court_decision   -      -     -        -        -   -       -    c    c      -       -    -
claim.appealed            ?      ?     ?        ?        ?   ?       ?    ?    ?      -       -    -
claim.reviewed            -      -     -        -        -   -       -    -    -      $       -    -
payout.settled            -      -     -        -        -   -       -    -    -      -       c    -
payout.failed             -      -     -        -        -   -       -    -    -      -       ?    -
clock.day-passed          -      -     -        -        -   -       -    -    -      -       -    .
"""


def scene() -> Scene:
    closed = {"work_related": True, "concluded_on": "2024-07-07"}
    found = Scene(
        *e.member(),
        *e.member(OTHER, OTHER_NIK),
        e.accident(source="urn:santunan:clinic:a", report=None, conclusion=None, documents=[*e.JKK_PAPERS]),
        e.evidence("K1", "2024-07-08T08:00:00", report={"reported_at": "2024-07-07T15:00:00+07:00"}, conclusion=closed),
    )
    assert found.accounts() == {(e.NUMBER, "member"): 4_000_000}
    return found


def documents() -> dict[str, Any]:
    """One event of each kind, evidence one a section, that would change something if it counted."""
    own = e.registered()["data"]
    found = {
        kind: e.event(kind, (own if kind == "member.registered" else {"member_number": e.NUMBER}) | data, time=AT)
        for kind, data in MEMBER.items()
    }
    found["claim.accident"] = e.accident(
        "K1", time=AT, medical={"unable_to_work_days": 60}, report=None, conclusion=None
    )
    found["claim.accident new"] = e.accident("K9", "2024-07-18", time=AT, report=None, conclusion=None)
    found["claim.death"] = e.death("K1", time=AT)
    found["claim.death new"] = e.death("K9", "2024-07-18", time=AT, heirs=None)
    for section in SECTIONS:
        found[f"evidence {section}"] = e.evidence("K1", AT, **{section: SECTION[section]})
    found["claim.appealed"] = e.event("claim.appealed", {"claim_id": "K1"}, time=AT)
    change = [{"line": "stmb", "amount": 5_000_000, "reason": "x"}]
    found["claim.reviewed"] = e.review("K1", 2, "change", AT, changes=change)
    found["payout.settled"] = e.settled("K1.r2.member", 4_000_000, "2024-07-10", time=AT)
    found["payout.failed"] = e.failed("K1.r2.member", "2024-07-19")
    found["clock.day-passed"] = e.day_passed("2024-07-19", time=AT)
    return found


def effect(writer: str, document: dict[str, Any]) -> str:
    """As a cell of the table."""
    there = scene()
    if writer in GIVES_NUMBER and document["type"] == "santunan.claim.evidence.v1":
        document = document | {"data": document["data"] | {"member_number": e.NUMBER}}
    member, case, money = there.desk.members[e.NUMBER], sections(there), there.moved()
    reason = there.refused(document | {"source": f"urn:santunan:{WRITERS[writer]}"})
    if reason is not None:
        assert (there.desk.members[e.NUMBER], sections(there), there.moved()) == (member, case, money)
        return "-" if reason in ("SOURCE_NOT_ALLOWED", "SECTION_NOT_ALLOWED") else "!"
    signs = "m" if there.desk.members[e.NUMBER] != member else ""
    signs += "c" if sections(there) != case else ""
    progress = there.case().progress
    signs += "?" if progress.referral_codes else ""
    signs += "$" if there.moved() != money else ""
    return signs or "."


def sections(there: Scene) -> Any:
    """What counts of the claim, and how many claims there are; not what is kept and waits."""
    case = there.case()
    waits = ("progress", "event_count", "waiting", "papers_at", "proposals")
    found = {name: value for name, value in vars(case).items() if name not in waits}
    return found, dict(case.progress.settlements), len(there.desk.cases)


def expected() -> dict[str, dict[str, str]]:
    head, *rows = EXPECTED.strip("\n").splitlines()
    assert head.split() == list(WRITERS)
    return {row[:26].strip(): dict(zip(WRITERS, row[26:].split(), strict=True)) for row in rows}


ROWS: Final = expected()


def test_each_event_each_section_and_each_kind_of_writer_is_in_the_table() -> None:
    made = documents()
    assert list(ROWS) == list(made)
    assert {one["type"] for one in made.values()} == {type_of(kind) for kind in EVENT_WRITERS}
    assert {source.split(":")[0] for source in WRITERS.values()} == set(SOURCE_KINDS)


@pytest.mark.parametrize("row", ROWS)
def test_who_may_change_whose_claim_money_and_member(row: str) -> None:
    document = documents()[row]
    assert {writer: effect(writer, document) for writer in WRITERS} == ROWS[row]
