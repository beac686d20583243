"""Whole lives, made from a seed. Each step sees what the desk has decided so far: reviews name real revisions,
settlements real payouts.

People with one or two memberships work, fall ill, die; clinics, an employer, a family desk, the office, three officers
and the bank write about them, strangers and mistaken ones among them.
"""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.claims.case import Case
from schemas.claims import SECTION_WRITERS
from tests.support import events as e
from tests.support import life_sections
from tests.support.scene import Scene

BIRTH = dt.datetime(2024, 1, 8, 8, tzinfo=e.WIB)  # of the world: everything is written after it
EMPLOYER = "urn:santunan:employer:tng00001"
FOREIGN = "urn:santunan:employer:tng00002"
CLINICS = ("urn:santunan:clinic:a", "urn:santunan:clinic:b", "urn:santunan:hospital:c")
STRANGERS = ("urn:santunan:clinic:stranger", "urn:santunan:hospital:stranger", FOREIGN)  # they name no member
SITI = "urn:santunan:office:siti"  # who is an officer, too
OFFICES = (e.OFFICE, e.OFFICE, SITI)
OFFICERS = ("urn:santunan:officer:a", "urn:santunan:officer:b", "urn:santunan:officer:c", "urn:santunan:officer:siti")
PAUSES = (1, 60, 3 * 60, 24 * 60, 5 * 24 * 60, 30 * 24 * 60)  # minutes between two events


class Person(NamedTuple):
    nik: str
    numbers: tuple[str, ...]


class Step(NamedTuple):
    """`refusal`: why the desk did not take it, else None. `out`: what followed from it."""

    document: dict[str, Any]
    refusal: str | None
    out: list[dict[str, Any]]


class Lives:
    """`name` and `first` (a person's number) keep one world apart from another. `spans`: a person may have two
    memberships, two persons may be confused, and a claim may name a NIK alone; without it all that concerns a person
    is under one key."""

    def __init__(self, seed: int, *, name: str = "", first: int = 0, spans: bool = True) -> None:
        self.dice = random.Random(seed)
        self.name = name or f"s{seed}"
        self.first = first
        self.spans = spans
        self.clock = BIRTH
        self.scene = Scene()
        self.people: list[Person] = []
        self.persons: dict[str, Person] = {}  # of a claim
        self.days: dict[str, str] = {}  # of a claim
        self.told = 0
        self.ahead: list[dict[str, Any]] = []

    def run(self, length: int) -> Iterator[Step]:
        """`length` events, each taken before the next is made."""
        actions = {
            self.person: 3,
            self.claim: 18,
            self.evidence: 22,
            self.review: 30,
            self.payment: 11,
            self.appeal: 3,
            self.correction: 4,
            self.fact: 6,
            self.day: 3,
        }
        for _ in range(3):
            self.person()
        self.clock += dt.timedelta(days=30)
        while self.told < length:
            while self.ahead and self.told < length:
                yield self._take(self.ahead.pop(0))
            [action] = self.dice.choices(list(actions), list(actions.values()))
            action()

    def _take(self, document: dict[str, Any]) -> Step:
        known = len(self.scene.out)
        refusal = self.scene.refused(document)
        return Step(document, refusal, self.scene.out[known:])

    def tell(self, document: dict[str, Any], source: str | None = None) -> None:
        """Send it next, under an id of this world and the time that has come."""
        self.told += 1
        self.clock += dt.timedelta(minutes=self.dice.choice(PAUSES) if self.persons else 1)
        own = {"id": f"{self.name}-{self.told}", "time": self.clock.isoformat()}
        self.ahead.append(document | own | ({"source": source} if source else {}))

    # --- people

    def person(self) -> None:
        place = self.first + len(self.people)
        numbers = tuple(f"4{place:08}{n:02}" for n in range(self.dice.choice((1, 1, 1, 2)) if self.spans else 1))
        person = Person(f"3672{place:012}", numbers)
        self.people.append(person)
        for number in numbers:
            since = self.clock.date() - dt.timedelta(days=self.dice.choice((5, 400, 400, 400)))
            held = ("JKK", "JKM") if self.dice.random() < 0.9 else ("JKK",)
            segment = self.dice.choice(("PU", "PU", "PU", "BPU"))
            income = {"declared_income": 3_000_000, "employer": None} if segment == "BPU" else {}
            registration = {
                "segment": segment,
                "registered_on": str(since),
                "programs": [{"program": program, "since": str(since)} for program in held],
            }
            source = self.dice.choice((e.OFFICE, e.OFFICE, EMPLOYER))
            self.tell(e.registered(number, person.nik, **(registration | income)), source)
            last = "2026-12" if self.dice.random() < 0.8 else f"{self.clock:%Y-%m}"
            self.tell(e.paid(f"{since:%Y-%m}", last, str(since), number), self.dice.choice((e.OFFICE, e.PAYMENTS)))
            amount = self.dice.choice((2_000_000, 4_000_000, 9_000_000, 30_000_000))
            self.tell(e.wage(f"{since:%Y-%m}", amount, number), e.OFFICE)

    def fact(self) -> None:
        """Something about a member becomes known late."""
        number = self.dice.choice(self.dice.choice(self.people).numbers)
        source = self.dice.choice((e.OFFICE, EMPLOYER, EMPLOYER, FOREIGN, e.PAYMENTS))
        month = f"{self.clock - dt.timedelta(days=self.dice.choice((0, 60, 300))):%Y-%m}"
        held = [{"program": "JKK", "since": "2023-01-01"}]
        document = self.dice.choice(
            (
                e.paid(month, month, str(self._lately()), number),
                e.wage(month, self.dice.choice((3_000_000, 25_000_000)), number),
                e.event("member.programs-changed", {"member_number": number, "programs": held}),
                e.event("member.ended", {"member_number": number, "ended_on": str(self._lately())}),
            )
        )
        self.tell(document, source)

    # --- claims

    def claim(self) -> None:
        person = self.dice.choice(self.people)
        claim_id = f"{self.name}-K{len(self.persons)}"
        day = str(self._lately())
        if self.persons and self.dice.random() < 0.15:  # the same event by another clinic
            other = self.dice.choice(list(self.persons))
            person, day = self.persons[other], self.days[other]
        self.persons[claim_id], self.days[claim_id] = person, day
        if self.dice.random() < 0.1:
            self.evidence(claim_id)  # before the claim itself
        make = e.death if self.dice.random() < 0.25 else e.accident
        document = make(claim_id, day, None, member=self._reference(person))
        source = e.DESK if make is e.death else self.dice.choice((*CLINICS, e.OFFICE, e.OFFICE, SITI))
        self._vary(document["data"])
        allowed = SECTION_WRITERS[source.split(":")[2]]
        document["data"] = {
            name: value for name, value in document["data"].items() if name == "claim_id" or name in allowed
        }
        self.tell(document, source)
        if source not in OFFICES and self.dice.random() < 0.7:
            closed = {"conclusion": {"work_related": True, "concluded_on": day}} if make is e.accident else {}
            report = {"report": {"reported_at": f"{day}T15:00:00+07:00"}} if make is e.accident else {}
            self.tell(
                e.evidence(claim_id, "", documents=life_sections.PAPERS, **closed, **report, **self._own(claim_id)),
                e.OFFICE,
            )

    def _vary(self, data: dict[str, Any]) -> None:
        if self.dice.random() < 0.5:
            data["documents"] = life_sections.PAPERS
        day = self.days[data["claim_id"]]
        kinds = ("medical", "costs", "accident") if "accident" in data else ("children", "heirs", "death")
        for section in kinds:
            if self.dice.random() < 0.4:
                data[section] = life_sections.made(section, self.dice, day)

    def _reference(self, person: Person) -> dict[str, str]:
        number = {"member_number": self.dice.choice(person.numbers)}
        if not self.spans:
            return number
        return self.dice.choice((number, number, {"nik": person.nik}, number | {"nik": person.nik}))

    def evidence(self, claim_id: str = "") -> None:
        """Of a party, of another clinic that names the member, or of a stranger who does not."""
        claim_id = claim_id or self._some_claim()
        if not claim_id:
            return
        source = self.dice.choice((*CLINICS, *OFFICES, EMPLOYER, e.DESK, *STRANGERS))
        allowed = sorted(SECTION_WRITERS[source.split(":")[2]] & life_sections.MAKERS.keys())
        day = self.days[claim_id]
        chosen = self.dice.sample(allowed, min(len(allowed), self.dice.choice((1, 1, 2))))
        sections = {section: life_sections.made(section, self.dice, day) for section in chosen}
        named = {} if source in STRANGERS else self._own(claim_id)
        self.tell(e.evidence(claim_id, "", **sections, **named), source)

    def correction(self) -> None:
        """The office names another person, or registers a member anew under another NIK; others try the same."""
        claim_id, other = self._some_claim(), self.dice.choice(self.people)
        source = self.dice.choice((e.OFFICE, SITI, CLINICS[0], e.DESK))
        if claim_id and self.dice.random() < 0.6:
            person = other if self.spans else self.persons[claim_id]
            self.tell(e.evidence(claim_id, "", member=self._reference(person), **self._own(claim_id)), source)
            return
        number = self.dice.choice(other.numbers)
        nik = self.dice.choice(self.people).nik if self.spans and self.dice.random() < 0.3 else f"9{other.nik[1:]}"
        source = self.dice.choice((e.OFFICE, e.OFFICE, EMPLOYER, FOREIGN))
        self.tell(e.registered(number, nik, registered_on="2022-01-03"), source)

    def appeal(self) -> None:
        if claim_id := self._some_claim():
            document = e.event("claim.appealed", {"claim_id": claim_id} | self._own(claim_id))
            self.tell(document, self.dice.choice((e.DESK, CLINICS[0])))

    # --- officers, payments, days

    def review(self) -> None:
        case = self._some_case(lambda case: case.progress.outcome == "REFERRED" or self.dice.random() < 0.2)
        if case is None:
            return
        progress = case.progress
        revision = progress.revision if self.dice.random() < 0.95 else max(1, progress.revision - 1)
        waits = progress.ruling if "REV_SECOND_OFFICER" in progress.reason_codes else None
        if waits is not None and self.dice.random() < 0.7:
            verdict, changes = waits.verdict, [self._change(line, amount) for line, amount in waits.changes]
        else:
            verdict = self.dice.choice(("approve", "approve", "approve", "change", "reject", "reassess", "reassess"))
            verdict = "request_documents" if self.dice.random() < 0.1 else verdict
            amount = self.dice.choice((0, 1_000_000, 60_000_000, 101_000_000, 300_000_000))
            changes = [self._change(self.dice.choice(life_sections.LINES), amount)]
        what: dict[str, Any] = {"changes": changes} if verdict == "change" else {}
        if verdict == "request_documents":
            what["documents"] = ["ktp"]
        if "BEN_CHILD_CHOICE" in progress.referral_codes and verdict == "approve":
            what["children"] = [1, 2]
        what |= self._own(case.claim_id)
        self.tell(e.review(case.claim_id, revision, verdict, "", **what), self.dice.choice(OFFICERS))

    def _change(self, line: str, amount: int) -> dict[str, Any]:
        return {"line": line, "amount": amount, "reason": "dilihat"}

    def payment(self) -> None:
        case = self._some_case(lambda case: bool(case.progress.payouts))
        if case is None:
            return
        payout_id, ordered = self.dice.choice(list(case.progress.payouts.items()))
        if self.dice.random() < 0.7:
            amount = abs(ordered) + (self.dice.random() < 0.1)
            document = e.settled(payout_id, amount, str(self._lately()))
        else:
            document = e.failed(payout_id, str(self.clock.date()))
        document["data"] |= self._own(case.claim_id)
        self.tell(document)

    def day(self) -> None:
        self.tell(e.day_passed(str(self.clock.date() - dt.timedelta(days=1))))

    # --- choices

    def _lately(self) -> dt.date:
        return self.clock.date() - dt.timedelta(days=self.dice.choice((0, 0, 1, 3, 20)))

    def _some_claim(self) -> str:
        return self.dice.choice(list(self.persons)[-8:]) if self.persons else ""

    def _some_case(self, fits: Any) -> Case | None:
        found = [case for case in self.scene.desk.cases.values() if case.progress.revision and fits(case)]
        return self.dice.choice(found[-8:]) if found else None

    def _own(self, claim_id: str) -> dict[str, str]:
        """The membership number under which the claim is kept, as its parties mostly know it; where a person spans no
        partitions, always."""
        case = self.scene.desk.cases.get(claim_id)
        number = case.key if case is not None and self.spans else self.persons[claim_id].numbers[0]
        is_named = number != claim_id and (not self.spans or self.dice.random() < 0.8)
        return {"member_number": number} if is_named else {}
