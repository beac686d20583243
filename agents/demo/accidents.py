"""Accidents of the portfolio: one function a kind of story, and how many of each there are.

Never imports the pipeline: no story knows what will be decided.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from agents.demo.people import ENROLLED_FROM, Worker
from agents.demo.world import B1_UNTIL, LAST_DAY, P3_FROM, Claim, World, accident
from agents.demo.writer import OFFICE, Sections
from schemas.membership import MembershipEnded

CARDS: Final = ("membership_card", "ktp")
_RECENT: Final = LAST_DAY - dt.timedelta(days=24)


def write_events(
    claim: Claim,
    *,
    happened: Sections | None = None,
    medical: Sections | None = None,
    costs: Sections | None = None,
    papers: tuple[str, ...] = (),
    later: tuple[str, ...] = (),
    recovered_days: int = 14,
    opener: str | None = None,
    report_hours: float | None = None,
    work_related: bool | None = True,
) -> None:
    """The ordinary way: a clinic opens, the employer reports, the office concludes, the clinic sends the costs.

    `later`: papers that come a few weeks after all the rest. `work_related` None: the office has not concluded.
    """
    claim.open(opener or claim.clinic, accident=accident(claim, **(happened or {})), documents=list(CARDS))
    claim.reported(report_hours)
    if work_related is not None:
        claim.concluded(work_related=work_related)
    found: dict[str, Any] = {name: value for name, value in (("medical", medical), ("costs", costs)) if value}
    claim.add(opener or claim.clinic, days=recovered_days, **found, documents=["doctor_letter", *papers])
    if later:
        claim.add(claim.clinic, days=recovered_days + claim.world.random.randint(4, 30), documents=list(later))


def _transport(world: World) -> Sections:
    cost: Sections = {"land": world.random.randrange(50_000, 900_000, 25_000)}
    if world.random.random() < 0.06:
        cost["sea"] = world.random.randrange(400_000, 2_600_000, 100_000)
    return {"transport": cost}


def workplace_injury(world: World, first: dt.date | None = None, last: dt.date = LAST_DAY) -> None:
    """Some days off work, and the ride to the clinic; one in ten is named by NIK, without a card at hand."""
    day = world.day(first or dt.date(2019, 11, 12), last)
    claim = Claim(world, world.someone(day), day, is_named_by_nik=world.random.random() < 0.1)
    days_off = world.random.choice((3, 5, 7, 7, 10, 14, 14, 21, 30, 45, 60, 95, 200))
    costs = _transport(world)
    if world.random.random() < 0.2:
        costs["wage_advanced_by_employer"] = True
    write_events(
        claim,
        medical={"unable_to_work_days": days_off, "diagnosis": "contoh: luka robek"},
        costs=costs,
        papers=("transport_receipt",),
        recovered_days=days_off + 2,
    )


def care_only(world: World) -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    bill = {"treatment": world.random.randrange(150_000, 4_000_000, 50_000)}
    write_events(claim, costs=bill, papers=("treatment_receipt",), recovered_days=5)


def on_the_road(world: World, setting: str = "commuting", traffic: str = "several_vehicles") -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    bill = world.random.randrange(3_000_000, 42_000_000, 500_000)
    costs: Sections = {"treatment": bill, **_transport(world)}
    papers = ["transport_receipt", "treatment_receipt", "police_report"]
    papers.append("attendance" if setting == "commuting" else "assignment_letter")
    if traffic == "several_vehicles":
        papers.append("jasa_raharja_letter")
        costs["jasa_raharja_paid"] = min(bill, 20_000_000)
    days_off = world.random.randint(5, 60)
    write_events(
        claim,
        happened={"setting": setting, "traffic": traffic},
        medical={"unable_to_work_days": days_off},
        costs=costs,
        papers=tuple(papers),
        recovered_days=days_off + 3,
    )


def lost_part(world: World) -> None:
    day = world.day()
    parts = world.random.choice(
        (
            ("index_finger_right",),
            ("index_finger_left",),
            ("thumb_right",),
            ("other_finger_left",),
            ("big_toe",),
            ("index_finger_right", "other_finger_right"),
            ("one_eye_or_near_diplopia",),
            ("other_first_phalanx_left",),
            ("auricle_one",),
        )
    )
    claim = Claim(world, world.someone(day), day)
    medical = {
        "unable_to_work_days": world.random.randint(20, 90),
        "disabilities": [{"part": part} for part in parts],
        "certified_by": "examining_doctor",
        "handedness": "left" if world.random.random() < 0.1 else "right",
    }
    write_events(claim, medical=medical, costs=_transport(world), papers=("transport_receipt",), recovered_days=100)


def lost_function(world: World, *, is_certified_later: bool = True) -> None:
    """A share of a function is lost; the doctor's percentage comes weeks after the claim, or never."""
    day = world.day(last=LAST_DAY - dt.timedelta(days=150))
    claim = Claim(world, world.someone(day), day)
    part = world.random.choice(("arm_right_from_shoulder", "arm_left_from_shoulder", "one_leg_from_groin"))
    medical: Sections = {
        "unable_to_work_days": 90,
        "disabilities": [{"part": part, "loss_percent": world.random.randrange(10, 60, 5)}],
    }
    write_events(claim, medical=medical, costs=_transport(world), papers=("transport_receipt",), recovered_days=95)
    if is_certified_later:
        claim.add(claim.clinic, days=125, medical=medical | {"certified_by": "medical_advisor"})


def total(world: World) -> None:
    """Unable to work for good; a child or two at school."""
    day = world.day(last=LAST_DAY - dt.timedelta(days=400))
    claim = Claim(world, world.someone(day, is_free=True), day)
    medical = {"unable_to_work_days": 240, "permanent_total": True, "certified_by": "medical_advisor"}
    write_events(claim, medical=medical, costs=_transport(world), papers=("transport_receipt",), recovered_days=250)
    children = [{"birth_date": f"{day.year - 8}-05-04", "level": "SD"}, {"birth_date": f"{day.year - 24}-01-09"}]
    claim.add(OFFICE, days=252, children=children, documents=["family_card"])


def aids(world: World, costs: Sections) -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    write_events(claim, costs=costs, papers=("treatment_receipt",), recovered_days=40)


def prosthesis(world: World, *, is_approved: bool) -> None:
    day = world.day(last=LAST_DAY - dt.timedelta(days=120))
    claim = Claim(world, world.someone(day), day)
    write_events(claim, costs={"prosthesis": 14_000_000}, papers=("treatment_receipt",), recovered_days=60)
    if is_approved:
        claim.add(OFFICE, days=80, approved={"prosthesis": 12_600_000})


def papers_missing(world: World, *, come: bool) -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    costs = _transport(world) | {"treatment": 1_200_000}
    both = ("transport_receipt", "treatment_receipt")
    missing = both if world.random.random() < 0.5 else both[:1]
    there = tuple(paper for paper in both if paper not in missing)
    write_events(
        claim,
        medical={"unable_to_work_days": world.random.randint(3, 20)},
        costs=costs,
        papers=there,
        later=missing if come else (),
        recovered_days=21,
    )


def not_concluded(world: World, first: dt.date, last: dt.date) -> None:
    day = world.day(first, last)
    claim = Claim(world, world.someone(day), day)
    write_events(claim, medical={"unable_to_work_days": 5}, recovered_days=8, work_related=None)


def not_at_work(world: World) -> None:
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    medical = {"unable_to_work_days": 6}
    write_events(claim, happened={"setting": "private"}, medical=medical, recovered_days=9, work_related=False)


def reported_late(world: World) -> None:
    day = world.day(P3_FROM)
    claim = Claim(world, world.someone(day, "PU"), day)
    hours = 24 * world.random.randint(2, 6) + world.random.randint(1, 20)
    write_events(claim, medical={"unable_to_work_days": 14}, recovered_days=17, report_hours=hours)


def for_the_officer(world: World, happened: Sections, papers: tuple[str, ...] = ()) -> None:
    """Events that the law leaves to a person: violence, disease, a fight, a detour, a wound that opened again."""
    day = world.day()
    claim = Claim(world, world.someone(day), day)
    if happened.get("kind") == "occupational_disease":
        happened = happened | {"diagnosed_on": day.isoformat()}
    write_events(claim, happened=happened, medical={"unable_to_work_days": 20}, papers=papers, recovered_days=24)


def outside_cover(world: World, choose: Callable[[World], tuple[Worker, dt.date]]) -> None:
    worker, day = choose(world)
    world.keep_busy(worker, day)
    is_unknown = worker.registered_on is None
    claim = Claim(world, worker, day, is_named_by_nik=is_unknown and world.random.random() < 0.5)
    write_events(claim, medical={"unable_to_work_days": 10}, recovered_days=12)


def before_cover(world: World) -> tuple[Worker, dt.date]:
    last = ENROLLED_FROM + dt.timedelta(days=4)
    worker = world.random.choice([one for one in world.workers if one.registered_on == last and one.died_on is None])
    return worker, ENROLLED_FROM - dt.timedelta(days=world.random.randint(0, 2))


def first_day(world: World) -> tuple[Worker, dt.date]:
    worker = world.random.choice(
        [one for one in world.workers if one.registered_on and one.died_on is None and one.segment == "BPU"]
    )
    assert worker.registered_on is not None  # chosen so
    return worker, worker.registered_on


def never_enrolled(world: World) -> tuple[Worker, dt.date]:
    return world.unregistered(), world.day()


def lapsed(world: World) -> tuple[Worker, dt.date]:
    worker = world.random.choice([one for one in world.workers if one.unpaid and one.died_on is None])
    first, last = worker.unpaid[0]
    month = min(first + world.random.randint(1, 11), last)
    return worker, dt.date(month // 12, month % 12 + 1, world.random.randint(1, 28))


def gone(world: World) -> tuple[Worker, dt.date]:
    worker = world.random.choice([one for one in world.workers if one.left_on and not (one.returns_on or one.died_on)])
    assert worker.left_on is not None  # chosen so
    return worker, worker.left_on + dt.timedelta(days=world.random.randint(1, 60))


def long_in_arrears(world: World) -> tuple[Worker, dt.date]:
    """At an employer that has not paid for more than three months by then."""
    day = world.random.choice((dt.date(2020, 10, 12), dt.date(2023, 9, 4)))
    owing = [one for one in world.workers if one.business.unpaid and one.is_here(day)]
    return world.random.choice(owing), day


def held_twice(world: World) -> tuple[Worker, dt.date]:
    second = world.random.choice([one for one in world.workers if one.member_number.startswith("19119")])
    return second, world.day(dt.date(2021, 6, 1))


def claimed_late(world: World, first: dt.date, last: dt.date, years: float) -> None:
    """The clinic's part is old, the claim is made years after."""
    day = world.day(first, last)
    claim = Claim(world, world.someone(day), day)
    days = int(years * 365.25)
    claim.open(
        claim.clinic,
        days=days,
        accident=accident(claim),
        documents=[*CARDS, "doctor_letter"],
        medical={"unable_to_work_days": 30},
    )
    claim.add(
        OFFICE,
        days=days + 6,
        conclusion={
            "work_related": True,
            "concluded_on": (day + dt.timedelta(days=days + 6)).isoformat(),
        },
    )


def left_before_but_reported_later(world: World) -> None:
    """The employer says only months later that the worker had left before the accident."""
    day = world.day(dt.date(2021, 3, 1), dt.date(2026, 3, 1))
    worker = world.someone(day, "PU", is_free=True)
    claim = Claim(world, worker, day)
    write_events(claim, medical={"unable_to_work_days": 12}, recovered_days=15)
    worker.left_on = day - dt.timedelta(days=5)
    data = {"member_number": worker.member_number, "ended_on": worker.left_on.isoformat()}
    time = claim.happened + dt.timedelta(days=75)
    world.writer.write(time, worker.business.source, MembershipEnded, data)


Story = Callable[[World], Any]

STORIES: Final[tuple[tuple[int, Story], ...]] = (
    (12, partial(workplace_injury, last=B1_UNTIL)),
    (84, workplace_injury),
    (16, partial(workplace_injury, first=P3_FROM)),
    (16, care_only),
    (18, on_the_road),
    (8, partial(on_the_road, traffic="single_vehicle")),
    (6, partial(on_the_road, setting="duty_travel")),
    (20, lost_part),
    (5, lost_function),
    (2, partial(lost_function, is_certified_later=False)),
    (4, total),
    (5, partial(aids, costs={"denture": 6_500_000})),
    (3, partial(aids, costs={"glasses": 850_000})),
    (2, partial(aids, costs={"hearing_aid": 3_100_000})),
    (3, partial(aids, costs={"home_care": {"cost": 24_000_000, "months": 9}})),
    (3, partial(prosthesis, is_approved=True)),
    (2, partial(prosthesis, is_approved=False)),
    (18, partial(papers_missing, come=True)),
    (6, partial(papers_missing, come=False)),
    (5, partial(not_concluded, first=_RECENT, last=LAST_DAY)),
    (3, partial(not_concluded, first=dt.date(2023, 1, 1), last=dt.date(2026, 8, 1))),
    (9, not_at_work),
    (7, reported_late),
    (2, partial(for_the_officer, happened={"kind": "violence"}, papers=("police_letter", "visum"))),
    (4, partial(for_the_officer, happened={"kind": "occupational_disease"})),
    (2, partial(for_the_officer, happened={"conduct": ["fight"]})),
    (3, partial(for_the_officer, happened={"setting": "commuting", "detour": True}, papers=("attendance",))),
    (2, partial(for_the_officer, happened={"recurrence": True})),
    (3, partial(outside_cover, choose=before_cover)),
    (1, partial(outside_cover, choose=first_day)),
    (6, partial(outside_cover, choose=never_enrolled)),
    (7, partial(outside_cover, choose=lapsed)),
    (3, partial(outside_cover, choose=gone)),
    (3, partial(outside_cover, choose=long_in_arrears)),
    (2, partial(outside_cover, choose=held_twice)),
    (2, partial(claimed_late, first=dt.date(2019, 11, 12), last=B1_UNTIL, years=2.5)),
    (2, partial(claimed_late, first=dt.date(2020, 1, 2), last=dt.date(2021, 4, 1), years=5.2)),
    (2, left_before_but_reported_later),
)
