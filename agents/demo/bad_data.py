"""Errors of any ordinary day: events sent twice, typed wrong, sent by two clinics, or unreadable.

Never imports the pipeline.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import orjson

from agents.demo.accidents import CARDS, write_events
from agents.demo.world import CLINICS, Claim, World, accident
from agents.demo.writer import OFFICE, at
from schemas.claims import AccidentClaimed

_SENT_TWICE_OF_A_HUNDRED: Final = 2


def sent_by_two_clinics(world: World) -> None:
    """A second clinic sends the same accident under an id of its own."""
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    write_events(claim, medical={"unable_to_work_days": 9}, recovered_days=12)
    other = Claim(world, claim.worker, day)
    other.happened = claim.happened
    other.clinic = world.random.choice([one for one in CLINICS if one != claim.clinic])
    other.open(
        other.clinic, days=14, accident=accident(other), medical={"unable_to_work_days": 9}, documents=list(CARDS)
    )


def second_clinic_asks_for_more(world: World) -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    write_events(claim, medical={"unable_to_work_days": 9}, recovered_days=12)
    other = Claim(world, claim.worker, day)
    other.happened = claim.happened
    other.open(
        world.random.choice(CLINICS),
        days=14,
        accident=accident(other),
        costs={"denture": 2_400_000},
        documents=[*CARDS, "doctor_letter", "treatment_receipt"],
    )


def wrong_card_number(world: World) -> None:
    """Two digits swapped, a number without a holder; the clinic sends it again under a new id."""
    day = world.day()
    worker = world.someone(day)
    swapped = "1191" + worker.member_number[4:]
    wrong = Claim(world, worker, day, member_number=swapped)
    wrong.open(wrong.clinic, accident=accident(wrong), documents=list(CARDS))
    right = Claim(world, worker, day)
    right.happened, right.clinic = wrong.happened, wrong.clinic
    write_events(right, medical={"unable_to_work_days": 8}, recovered_days=11)


def wrong_amount(world: World) -> None:
    """Two noughts too many on the bill; corrected a week after, the section being replaced whole."""
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    paper = ("transport_receipt",)
    write_events(
        claim,
        medical={"unable_to_work_days": 8},
        costs={"transport": {"land": 30_000_000}},
        papers=paper,
        recovered_days=11,
    )
    claim.add(claim.clinic, days=18, costs={"transport": {"land": 300_000}})


def wrong_year(world: World) -> None:
    """An accident that, as written, has not happened yet."""
    day = world.day(last=dt.date(2025, 11, 1))
    worker = world.someone(day)
    claim = Claim(world, worker, day)
    next_year = claim.happened.replace(year=day.year + 1, day=min(day.day, 28))
    claim.open(claim.clinic, accident=accident(claim, occurred_at=next_year.isoformat()), documents=list(CARDS))


def another_name_in_the_registry(world: World) -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    write_events(claim, medical={"unable_to_work_days": 12}, recovered_days=15)
    claim.add(OFFICE, days=10, identity={"matches": False})
    if world.random.random() < 0.7:
        claim.add(OFFICE, days=33, identity={"matches": True})


def evidence_before_its_claim(world: World) -> None:
    """The employer's report arrives while the clinic is still typing."""
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    claim.reported(1)
    claim.open(claim.clinic, hours=4, accident=accident(claim), documents=list(CARDS))
    claim.concluded()
    claim.add(claim.clinic, days=9, medical={"unable_to_work_days": 6}, documents=["doctor_letter"])


STORIES: Final[tuple[tuple[int, Callable[[World], Any]], ...]] = (
    (7, sent_by_two_clinics),
    (3, second_clinic_asks_for_more),
    (4, wrong_card_number),
    (5, wrong_amount),
    (3, wrong_year),
    (4, another_name_in_the_registry),
    (5, evidence_before_its_claim),
)


def unreadable(world: World) -> None:
    """Events that cannot become facts: each becomes a dead letter, and nothing else changes."""
    worker = world.someone(dt.date(2024, 5, 6))
    source, time = CLINICS[3], at(dt.date(2024, 5, 6), 13)
    member = {"member_number": worker.member_number}
    happened = {"occurred_at": time.isoformat()}
    opening = {"claim_id": "JKK-2024-X001", "member": member, "accident": happened}
    faults: tuple[dict[str, Any], ...] = (
        opening | {"member": {"nik": worker.nik[:15]}},
        opening | {"costs": {"parking": 4_000}},
        opening | {"costs": {"treatment": -250_000}},
        # a clinic may not conclude what only the office concludes
        opening | {"conclusion": {"work_related": True, "concluded_on": time.date().isoformat()}},
    )
    for count, data in enumerate(faults):
        world.writer.write(time + dt.timedelta(minutes=count), source, AccidentClaimed, data)
    world.writer.write(
        time + dt.timedelta(minutes=20), source, AccidentClaimed, opening, as_type="santunan.claim.accident.v9"
    )
    cut_short = orjson.dumps(opening)[:60]
    world.writer.write_bytes(time + dt.timedelta(minutes=30), cut_short)


def send_again(world: World) -> None:
    """One event in fifty arrives a second time; one of them with other words under the same id."""
    sent = list(world.writer.written())
    for time, line in world.random.sample(sent, len(sent) * _SENT_TWICE_OF_A_HUNDRED // 100):
        world.writer.write_bytes(time + dt.timedelta(minutes=world.random.randint(1, 3_000)), line)
    time, line = next((time, line) for time, line in reversed(sent) if b'"treatment"' in line)
    document = orjson.loads(line)
    document["data"]["documents"] = ["visum"]
    world.writer.write_bytes(time + dt.timedelta(minutes=5), orjson.dumps(document))
