"""Sections of a claim as its parties write them: likely ones, drawn by dice, and now and then a mistaken one."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any, Final, get_args

from schemas.codes import PaperName

PAPERS: Final = list(get_args(PaperName))
_CLAIMABLE: Final = ("jkk_death", "jkm_death", "funeral", "stmb", "permanent_total", "transport", "scholarship_year_1")
LINES: Final = (*_CLAIMABLE, "late_payment_compensation")


def _accident(dice: random.Random, day: str) -> dict[str, Any]:
    before = dt.date.fromisoformat(day) - dt.timedelta(days=dice.choice((0, 0, 0, 1)))
    kind = dice.choice(("injury", "injury", "injury", "violence", "sudden_death"))
    accident = {"occurred_at": f"{before}T{dice.choice(('07', '10'))}:00:00+07:00", "kind": kind}
    return accident | dice.choice(({}, {}, {"detour": True}, {"setting": "commuting"}, {"recurrence": True}))


def _medical(dice: random.Random, day: str) -> dict[str, Any]:
    certified = {"certified_by": "examining_doctor"}
    return dice.choice(
        (
            {"unable_to_work_days": dice.choice((9, 60))},
            {"unable_to_work_days": 900},
            {"disabilities": [{"part": "index_finger_right"}]} | certified,
            {"permanent_total": True} | certified,
            {"permanent_total": True},
        )
    )


def _fatal(dice: random.Random, day: str) -> dict[str, Any]:
    return {"died_on": day, "cause": dice.choice(("illness", "illness", "accident", "unknown"))}


def _costs(dice: random.Random, day: str) -> dict[str, Any]:
    return dice.choice(
        (
            {"transport": {"land": 500_000}},
            {"return_to_work": 200_000_000},
            {"denture": 2_000_000},
            {"treatment": 10**8},
        )
    )


def _children(dice: random.Random, day: str) -> list[dict[str, Any]]:
    return [{"birth_date": f"{year}-03-01", "level": "SD"} for year in range(2014, 2014 + dice.choice((1, 2, 3)))]


def _advice(dice: random.Random, day: str) -> dict[str, Any]:
    settles = dice.choice((["REF_MEDICAL_ADVISOR"], ["JKK_ROUTE_CHECK", "REF_VIOLENCE"]))
    return {"settles": settles, "advisor": dice.choice(("medical_advisor", "officer")), "decided_on": day}


# Section -> a version of it for a claim of an event of that day.
MAKERS: Final[dict[str, Callable[[random.Random, str], Any]]] = {
    "accident": _accident,
    "medical": _medical,
    "death": _fatal,
    "costs": _costs,
    "children": _children,
    "advice": _advice,
    "documents": lambda dice, day: dice.choice((PAPERS, ["visum"], ["ktp", "doctor_letter"])),
    "report": lambda dice, day: {"reported_at": f"{day}T15:00:00+07:00", "employer_number": "TNG00001"},
    "conclusion": lambda dice, day: {"work_related": dice.random() < 0.85, "concluded_on": day},
    "approved": lambda dice, day: {"return_to_work": dice.choice((50_000_000, 200_000_000))},
    "identity": lambda dice, day: {"matches": dice.random() < 0.8},
    "heirs": lambda dice, day: {"relatives": [{"relation": dice.choice(("widow", "child", "sibling"))}]},
    "claimed": lambda dice, day: {"claimed_on": day},
}


def made(section: str, dice: random.Random, day: str) -> Any:
    if section == "medical" and dice.random() < 0.15:
        return {"death": _fatal(dice, day)}
    return MAKERS[section](dice, day)
