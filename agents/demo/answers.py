"""Answers to the pipeline: officers who review, the payment system, families that appeal, the daily clock.

They depend on the decisions, so the portfolio is decided once while it is being made, by the same desk that the
worker drives. Decides nothing itself.
"""

import datetime as dt
from collections.abc import Iterator
from heapq import heappop, heappush
from random import Random
from typing import Any, Final

from agents.demo.world import DESKS
from agents.demo.writer import BANK, BEGIN, END, OFFICE, Sections, Writer, at
from pipeline.claims.desk import Desk
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.messages.intake import event_clock, read_event
from schemas.claims import ClaimAppealed, EvidenceAdded
from schemas.days import CLOCK_SOURCE, DayPassed
from schemas.decisions import Decision, Payout
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed

_OFFICERS: Final = tuple(f"urn:santunan:officer:klaim-{number:02}" for number in (1, 2, 3))

# Verdicts of officers on a referral, by its main code; a code that is missing here is never answered.
_VERDICTS: Final[dict[str, tuple[str, ...]]] = {
    "CLM_SAME_EVENT": ("reject",),
    "MEM_SAME_DAY": ("approve",),
    "MEM_BPU_ARREARS_1_TO_3": ("approve", "approve", "reject"),
    "MEM_PU_ARREARS_GT3": ("approve", "reject"),
    "MEM_MULTIPLE": ("approve",),
    "MEM_AGE_CHECK": ("approve",),
    "MEM_CHANGED_LATER": ("approve", "approve", "approve", "reject"),
    "REV_NEW_FACTS": ("approve",),
    "CLM_EXPIRY_TRANSITION": ("approve",),
    "REP_LATE_EMPLOYER_LIABLE": ("reject",),
    "REF_MEDICAL_ADVISOR": ("request_documents", "approve"),
    "REF_SUDDEN_DEATH": ("approve", "approve", "reject"),
    "REF_PAK": ("approve",),
    "REF_VIOLENCE": ("approve",),
    "JKK_CONDUCT": ("reject",),
    "JKK_ROUTE_CHECK": ("approve",),
    "JKK_RECURRENCE": ("approve",),
    "JKM_MISSING": ("approve",),
    "BEN_CHILD_CHOICE": ("approve",),
    "CLM_APPEALED": ("reject",),
}
_APPEALED: Final = ("MEM_LAPSED", "JKK_NOT_WORK_RELATED", "CLM_EXPIRED", "MEM_NOT_COVERED_YET")


class Answers:
    """`hear` takes the latest decisions of a desk; answers are written for a later time."""

    def __init__(self, random: Random, writer: Writer, desk: Desk) -> None:
        self._random = random
        self._writer = writer
        self._desk = desk
        self._readings: list[tuple[dt.datetime, str]] = []  # when an officer opens which claim
        self._has_gone_stale = False

    def hear(self, time: dt.datetime, decisions: list[Decision], payouts: list[Payout]) -> None:
        for decision in decisions:
            if decision.outcome == "REFERRED" and self._random.random() < 0.85:
                heappush(self._readings, (self._later(time, 2, 12), decision.claim_id))
            elif decision.reason_codes[0] == "DOC_REQUESTED":
                self._send_papers(decision, self._later(time, 2, 20))
            elif decision.reason_codes[0] in _APPEALED and self._random.random() < 0.2:
                self._appeal(decision, self._later(time, 6, 25))
        for payout in payouts:
            if payout.direction == "pay":
                self._settle(payout, time)

    def read_until(self, time: dt.datetime) -> bool:
        """An officer reads the claim that has waited longest, if before `time`, and decides on the revision then seen.

        False: nothing waited. One at a time, since an answer may change what the next officer sees.
        """
        if not self._readings or self._readings[0][0] > time:
            return False
        read_at, claim_id = heappop(self._readings)
        self._review(claim_id, read_at)
        return True

    def _review(self, claim_id: str, time: dt.datetime) -> None:
        progress = self._desk.cases[claim_id].progress
        if not progress.referral_codes:
            return  # a paper came meanwhile
        officer = self._random.choice(_OFFICERS)
        if "REV_SECOND_OFFICER" in progress.referral_codes and (ruling := progress.ruling) is not None:
            officer = next(one for one in _OFFICERS if one != ruling.officer)
            self._write_review(claim_id, time, officer, ruling.verdict, list(ruling.answers))
            return
        verdicts = _VERDICTS.get(progress.referral_codes[0])
        if verdicts is None or (
            progress.referral_codes[0] == "REF_MEDICAL_ADVISOR" and progress.indicative_total is None
        ):
            return  # an answer would not settle it: the office must send an amount first
        verdict = self._random.choice(verdicts)
        answered = list(progress.referral_codes) if verdict == "approve" else []
        self._write_review(claim_id, time, officer, verdict, answered)
        if not self._has_gone_stale and progress.revision > 2:  # a colleague had the same claim on an old screen
            self._has_gone_stale = True
            other = next(one for one in _OFFICERS if one != officer)
            later = time + dt.timedelta(hours=2)
            self._write_review(claim_id, later, other, "reject", [], revision=progress.revision - 1)

    def _write_review(
        self,
        claim_id: str,
        time: dt.datetime,
        officer: str,
        verdict: str,
        answers: list[str],
        revision: int | None = None,
    ) -> None:
        case = self._desk.cases[claim_id]
        data: Sections = {
            **self._named(claim_id, case.key),
            "revision": revision or case.progress.revision,
            "verdict": verdict,
            "answers": answers,
            "reason": "contoh: berkas diperiksa dan dibandingkan dengan catatan kantor",
        }
        if verdict == "request_documents":
            data["documents"] = ["doctor_letter"]
        if "BEN_CHILD_CHOICE" in answers:
            data["children"] = [1, 2]  # the family's choice
        self._writer.write(time, officer, ClaimReviewed, data)

    def _send_papers(self, decision: Decision, time: dt.datetime) -> None:
        """The office sends what an officer asked for."""
        data = self._named(decision.claim_id, decision.key) | {"documents": list(decision.missing)}
        self._writer.write(time, OFFICE, EvidenceAdded, data)

    def _appeal(self, decision: Decision, time: dt.datetime) -> None:
        data = self._named(decision.claim_id, decision.key) | {"ground": "contoh: keluarga meminta ditinjau kembali"}
        self._writer.write(time, DESKS[0], ClaimAppealed, data)

    def _settle(self, payout: Payout, time: dt.datetime) -> None:
        """Most are paid in time; a few fail once, a few come days after the last day."""
        named = self._named(payout.claim_id, payout.key) | {"payout_id": payout.payout_id}
        luck = self._random.random()
        paid_at = self._later(time, 1, 3)
        if luck < 0.03:
            failed = named | {"failed_on": paid_at.date().isoformat(), "reason": "contoh: rekening ditutup"}
            self._writer.write(paid_at, BANK, PayoutFailed, failed)
            paid_at = self._later(paid_at, 4, 6)
        elif luck < 0.07 and payout.pay_by is not None:
            paid_at = max(paid_at, self._later(at(payout.pay_by), 2, 8))
        paid_on = paid_at.date().isoformat()
        settled = named | {"paid_on": paid_on, "amount": payout.amount, "reference": payout.payout_id}
        self._writer.write(paid_at, BANK, PayoutSettled, settled)

    def _later(self, time: dt.datetime, first_days: int, last_days: int) -> dt.datetime:
        day = time.date() + dt.timedelta(days=self._random.randint(first_days, last_days))
        return max(at(day, self._random.randint(8, 16), self._random.randrange(60)), time + dt.timedelta(hours=1))

    @staticmethod
    def _named(claim_id: str, key: str) -> dict[str, Any]:
        """The claim, and the membership number where that is what keeps its events in order."""
        return {"claim_id": claim_id} if key == claim_id else {"claim_id": claim_id, "member_number": key}


def write_days(writer: Writer) -> None:
    """The clock: one day in each month; a running system has every day."""
    day = BEGIN
    while day <= END.date():
        day = (day.replace(day=1) + dt.timedelta(days=40)).replace(day=1)
        over = day - dt.timedelta(days=1)
        writer.write(at(day, 0, 5), CLOCK_SOURCE, DayPassed, {"day": over.isoformat()})
    writer.write(END, CLOCK_SOURCE, DayPassed, {"day": (END.date() - dt.timedelta(days=1)).isoformat()})


def answered(random: Random, writer: Writer, book: Book) -> Iterator[bytes]:
    """Every event in order of time, with the answers to what was decided so far in their places."""
    desk = Desk(book)
    answers = Answers(random, writer, desk)
    known: set[tuple[str, str]] = set()
    for order, (time, line) in enumerate(_in_order(writer, answers)):
        yield line
        try:
            event = read_event(line)
            if (event.source, event.id) in known:
                continue
            desk.take(event, event_clock(event, None), order=order)
        except Poison:
            continue  # the worker refuses it, too, and it has no answer
        known.add((event.source, event.id))
        answers.hear(time, desk.made_decisions, desk.made_payouts)
        desk.made_decisions.clear()
        desk.made_payouts.clear()


def _in_order(writer: Writer, answers: Answers) -> Iterator[tuple[dt.datetime, bytes]]:
    """Before each event, officers read the claims that waited until then; their answers may come before that event."""
    while (time := writer.next_time()) is not None:
        if answers.read_until(time):
            continue
        yield writer.take()
