"""The small world of the portfolio: clinics, hospitals, desks, and the claims that they send events of.

Never imports the pipeline.
"""

import datetime as dt
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal

from agents.demo.people import Worker, month_of
from agents.demo.writer import BEGIN, END, OFFICE, Sections, Writer, at
from schemas.claims import AccidentClaimed, DeathClaimed, EvidenceAdded

CLINICS: Final = tuple(f"urn:santunan:clinic:plkk-{number:04}" for number in (11, 12, 14, 17, 23))
HOSPITALS: Final = ("urn:santunan:hospital:rs-0301", "urn:santunan:hospital:rs-0302")
DESKS: Final = ("urn:santunan:desk:keluarga-01", "urn:santunan:desk:keluarga-02")

B1_UNTIL: Final = dt.date(2019, 12, 1)
P3_FROM: Final = dt.date(2025, 2, 24)
LAST_DAY: Final = END.date() - dt.timedelta(days=4)


@dataclass(slots=True)
class World:
    random: Random
    writer: Writer
    workers: list[Worker]
    _busy: set[tuple[int, dt.date]] = field(default_factory=set)
    _claims: int = 0

    def day(self, first: dt.date = dt.date(2019, 11, 12), last: dt.date = LAST_DAY) -> dt.date:
        return first + dt.timedelta(days=self.random.randrange((last - first).days + 1))

    def someone(
        self,
        day: dt.date,
        segment: Literal["PU", "BPU"] | None = None,
        *,
        is_paid: bool = True,
        is_free: bool = False,
    ) -> Worker:
        """A worker who is enrolled, alive and still here on that day, and has no other claim about then.

        `is_paid`: contributions of the last half-year are or will be paid. `is_free`: no death is planned.
        """
        month = month_of(day)
        fitting = [
            one
            for one in self.workers
            if one.is_here(day)
            and (segment is None or one.segment == segment)
            and (not is_paid or all(one.has_paid(month - back) for back in range(7)))
            and not (is_free and (one.died_on or one.left_on))
            and self._is_quiet(one, day)
        ]
        chosen = self.random.choice(fitting)
        self.keep_busy(chosen, day)
        return chosen

    def unregistered(self) -> Worker:
        return self.random.choice([one for one in self.workers if one.registered_on is None])

    def keep_busy(self, worker: Worker, day: dt.date) -> None:
        self._busy.add((worker.index, day))

    def next_claim_id(self, program: str, day: dt.date) -> str:
        self._claims += 1
        return f"{program}-{day.year}-{self._claims:04}"

    def _is_quiet(self, worker: Worker, day: dt.date) -> bool:
        return not any((worker.index, day + dt.timedelta(days=near)) in self._busy for near in range(-3, 4))


class Claim:
    """One claim, written event by event. Hours and days count from the moment it happened."""

    def __init__(
        self,
        world: World,
        worker: Worker,
        day: dt.date,
        program: Literal["JKK", "JKM"] = "JKK",
        *,
        member_number: str | None = None,
        is_named_by_nik: bool = False,
    ) -> None:
        self.world = world
        self.worker = worker
        self.happened = at(day, world.random.randint(7, 16), world.random.randrange(60))
        self.claim_id = world.next_claim_id(program, day)
        self._program = program
        self.member_number = None if is_named_by_nik else member_number or worker.member_number
        self.clinic = world.random.choice(CLINICS)
        self._added = 0

    @property
    def day(self) -> dt.date:
        return self.happened.date()

    @property
    def member(self) -> Sections:
        if self.member_number is None:
            return {"nik": self.worker.nik, "name": self.worker.name}
        return {"member_number": self.member_number, "name": self.worker.name}

    def open(self, source: str, *, hours: float = 3, days: float = 0, **sections: Any) -> bytes:
        kind = AccidentClaimed if self._program == "JKK" else DeathClaimed
        data = {"claim_id": self.claim_id, "member": self.member, **sections}
        time = self.happened + dt.timedelta(hours=hours, days=days)
        return self.world.writer.write(time, source, kind, data)

    def add(self, source: str, *, hours: float = 0, days: float = 0, **sections: Any) -> bytes:
        data = {"claim_id": self.claim_id, **sections}
        if self.member_number is not None:
            data["member_number"] = self.member_number
        else:
            data["member"] = self.member  # who sends must know whose claim it is
        self._added += 1  # no two events of a claim at one moment
        time = self.happened + dt.timedelta(hours=hours, days=days, seconds=self._added)
        return self.world.writer.write(time, source, EvidenceAdded, data)

    def reported(self, hours: float | None = None) -> None:
        """The employer's (for the self-employed: the cooperative's) stage I report."""
        hours = self.world.random.randint(2, 40) if hours is None else hours
        report: Sections = {"reported_at": (self.happened + dt.timedelta(hours=hours)).isoformat()}
        if self.worker.business.number:
            report["employer_number"] = self.worker.business.number
        self.add(self.worker.business.source, hours=hours, report=report)

    def concluded(self, *, work_related: bool = True, days: int | None = None) -> None:
        days = self.world.random.randint(3, 9) if days is None else days
        concluded_on = self.day + dt.timedelta(days=days)
        conclusion = {"work_related": work_related, "concluded_on": concluded_on.isoformat()}
        self.add(OFFICE, days=days, conclusion=conclusion)


def accident(claim: Claim, **more: Any) -> Sections:
    """The accident section of a claim."""
    return {"occurred_at": claim.happened.isoformat(), "place": "Tangerang (contoh)", **more}


def is_in_history(day: dt.date) -> bool:
    return BEGIN <= day <= END.date()
