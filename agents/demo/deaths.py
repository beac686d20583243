"""Deaths of the portfolio: one function a kind of story, and how many of each there are.

They are written first, since the dead pay no contribution any more and have no accident.
Never imports the pipeline: no story knows what will be decided.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from agents.demo.people import Worker
from agents.demo.world import DESKS, HOSPITALS, LAST_DAY, Claim, World, accident
from agents.demo.writer import Sections

_FAMILY_PAPERS: Final = ("membership_card", "ktp", "family_card", "death_certificate", "heir_letter")
_WIDOW: Final = {"relatives": [{"relation": "widow"}]}


def _dies(world: World, day: dt.date, worker: Worker | None = None, segment: Any = None) -> Worker:
    worker = worker or world.someone(day, segment, is_free=True)
    world.keep_busy(worker, day)
    worker.died_on = day
    return worker


def _children(world: World, day: dt.date, ages: tuple[int, ...]) -> list[Sections]:
    levels = {range(4, 7): "TK", range(7, 13): "SD", range(13, 16): "SMP", range(16, 19): "SMA", range(19, 26): "PT"}
    found = []
    for age in ages:
        child: Sections = {"birth_date": f"{day.year - age - 1}-{world.random.randint(1, 12):02}-15"}
        level = next((name for span, name in levels.items() if age in span), None)
        found.append(child | ({"level": level} if level else {"in_school": False}))
    return found


def at_home(
    world: World,
    *,
    cause: str = "illness",
    ages: tuple[int, ...] | None = (),
    heirs: Sections = _WIDOW,
    papers: tuple[str, ...] = _FAMILY_PAPERS,
    later: tuple[str, ...] = (),
    first: dt.date = dt.date(2019, 11, 14),
    last: dt.date = LAST_DAY,
    more: Sections | None = None,
    worker: Worker | None = None,
    claim_days: int | None = None,
) -> Claim:
    """A family reports to the desk a death that had nothing to do with work. `ages` None: one or two, by chance."""
    day = world.day(first, last)
    claim = Claim(world, _dies(world, day, worker), day, "JKM")
    if ages is None:
        ages = world.random.choice(((9,), (5, 12), (17,), (24,)))
    days = world.random.randint(5, 40) if claim_days is None else claim_days
    death = {"died_on": day.isoformat(), "cause": cause, **(more or {})}
    sections: Sections = {"death": death, "heirs": heirs, "documents": list(papers)}
    if ages:
        sections["children"] = _children(world, day, ages)
    desk = world.random.choice(DESKS)
    claim.open(desk, days=days, **sections, claimed={"claimed_on": (day + dt.timedelta(days=days)).isoformat()})
    if later:
        claim.add(desk, days=days + world.random.randint(3, 40), documents=list(later))
    return claim


def of_the_lapsed(world: World) -> None:
    candidates = [one for one in world.workers if one.unpaid and one.died_on is None]
    worker = world.random.choice([one for one in candidates if one.unpaid[0][1] - one.unpaid[0][0] > 12])
    month = worker.unpaid[0][0] + world.random.randint(5, 10)
    first = dt.date(month // 12, month % 12 + 1, 1)
    at_home(world, worker=worker, first=first, last=first + dt.timedelta(days=27))


def soon_after_return(world: World, *, days: int) -> None:
    """Stopped paying, began again in mid-2025, and died soon after."""
    month = 2025 * 12 + 5  # the first month paid again
    worker = world.random.choice(
        [one for one in world.workers if one.unpaid and one.unpaid[0][1] == month - 1 and one.died_on is None]
    )
    day = dt.date(2025, 7, 12) + dt.timedelta(days=days)
    at_home(world, worker=worker, first=day, last=day)


def of_the_unenrolled(world: World) -> None:
    at_home(world, worker=world.unregistered(), first=dt.date(2020, 3, 1))


def at_work(world: World, *, ages: tuple[int, ...] = (), asks_for_both: bool = False) -> None:
    """The hospital opens it, the employer reports, the office concludes, the family hands in its papers.

    `asks_for_both`: the family also asks for JKM, which one death cannot be.
    """
    day = world.day(dt.date(2019, 11, 14), LAST_DAY - dt.timedelta(days=40))
    worker = _dies(world, day)
    claim = Claim(world, worker, day)
    hospital = world.random.choice(HOSPITALS)
    medical = {"death": {"died_on": day.isoformat(), "cause": "accident"}}
    claim.open(
        hospital,
        hours=5,
        accident=accident(claim),
        medical=medical,
        documents=["membership_card", "ktp", "doctor_letter"],
    )
    claim.reported(world.random.randint(2, 30))
    claim.concluded()
    desk = world.random.choice(DESKS)
    papers = ["death_certificate", "heir_letter", "family_card"]
    sections: Sections = {"heirs": _WIDOW, "documents": papers}
    if ages:
        sections["children"] = _children(world, day, ages)
    claim.add(desk, days=16, **sections)
    if asks_for_both:
        other = Claim(world, worker, day, "JKM")
        other.happened = claim.happened
        other.open(
            desk,
            days=20,
            death={"died_on": day.isoformat(), "cause": "accident"},
            heirs=_WIDOW,
            documents=list(_FAMILY_PAPERS),
        )


def suddenly(world: World) -> None:
    """An attack at work, dead within the day: an advisor must say whether it is work-related."""
    day = world.day(dt.date(2020, 2, 1), LAST_DAY - dt.timedelta(days=60))
    claim = Claim(world, _dies(world, day), day)
    death = {
        "died_on": day.isoformat(),
        "cause": "illness",
        "attack_at_work": True,
        "hours_from_attack": world.random.randint(1, 20),
    }
    claim.open(
        world.random.choice(HOSPITALS),
        hours=6,
        accident=accident(claim, kind="sudden_death"),
        medical={"death": death},
        documents=["membership_card", "ktp", "doctor_letter"],
    )
    claim.reported(20)
    claim.concluded()
    claim.add(DESKS[0], days=18, heirs=_WIDOW, documents=["death_certificate", "heir_letter", "family_card"])


def across_the_change_of_law(world: World) -> None:
    """Hurt under the old benefits, dead of it under the new ones."""
    day, died_on = dt.date(2019, 11, 28), dt.date(2019, 12, 5)
    worker = _dies(world, day)
    worker.died_on = died_on
    claim = Claim(world, worker, day)
    claim.open(HOSPITALS[0], accident=accident(claim), documents=["membership_card", "ktp", "doctor_letter"])
    claim.reported(12)
    claim.concluded()
    death = {"died_on": died_on.isoformat(), "cause": "accident"}
    claim.add(HOSPITALS[0], days=8, medical={"death": death})
    claim.add(DESKS[1], days=20, heirs=_WIDOW, documents=["death_certificate", "heir_letter", "family_card"])


def one_day_too_early(world: World) -> None:
    """Died on the day before a colleague's whole workshop was enrolled; the list held the name already."""
    worker = world.random.choice([one for one in world.workers if one.registered_on and one.died_on is None])
    assert worker.registered_on is not None  # chosen so
    day = worker.registered_on - dt.timedelta(days=1)
    at_home(world, worker=worker, first=day, last=day, claim_days=9)
    worker.left_on = worker.registered_on  # struck from the list on the day it arrived


Story = Callable[[World], Any]

_NO_HEIR: Final = {"relatives": [], "funeral_arranged": True}
_PAPERS_OF_NO_HEIR: Final = ("membership_card", "ktp", "family_card", "death_certificate")

STORIES: Final[tuple[tuple[int, Story], ...]] = (
    (1, across_the_change_of_law),
    (1, partial(at_home, last=dt.date(2019, 12, 1))),
    (2, partial(soon_after_return, days=20)),
    (1, partial(soon_after_return, days=140)),
    (3, of_the_lapsed),
    (2, of_the_unenrolled),
    (1, one_day_too_early),
    (8, at_home),
    (7, partial(at_home, ages=None, first=dt.date(2023, 1, 1))),
    (3, partial(at_home, ages=None, last=dt.date(2022, 6, 1))),
    (2, partial(at_home, cause="suicide")),
    (4, partial(at_home, papers=("membership_card", "ktp", "family_card"), later=("death_certificate", "heir_letter"))),
    (2, partial(at_home, papers=("membership_card", "ktp", "family_card"), first=dt.date(2026, 8, 1))),
    (2, partial(at_home, heirs=_NO_HEIR, papers=_PAPERS_OF_NO_HEIR)),
    (2, partial(at_home, ages=(6, 9, 14), first=dt.date(2023, 3, 1))),
    (
        1,
        partial(
            at_home,
            cause="unknown",
            more={"missing_person": True},
            papers=("membership_card", "ktp", "family_card", "heir_letter", "court_letter"),
        ),
    ),
    (1, partial(at_home, cause="unknown", more={"caused_by_heir": True})),
    (1, partial(at_home, last=dt.date(2020, 12, 1), claim_days=5 * 365 + 40)),
    (3, at_work),
    (3, partial(at_work, ages=(8, 13))),
    (2, partial(at_work, asks_for_both=True)),
    (3, suddenly),
)
