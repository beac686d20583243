"""Over whole lives made from seeds: money moves by law or by the hands it needs, and by nothing else.

What each transition may do is judged from events and outputs alone, not from what the program keeps of a claim.
"""

from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.support.lives import OFFICES, STRANGERS, Lives, Step
from tests.support.money import Money, due_of

LIMIT = 100_000_000  # `officer_limit`
LATE = "late_payment_compensation"  # moves by law alone: it is owed for the days until payment
# Seeds, and whether a person may span partitions; the last ones have shown faults.
WORLDS = [*((seed, seed % 3 > 0) for seed in range(16)), (1184, True), (1230, True), (1422, True)]
LENGTH = 120


class Witness:
    """Sees every event and what follows from it, and says what must not be."""

    def __init__(self) -> None:
        self.money = Money()
        self.faults: list[str] = []
        self.niks: defaultdict[str, set[str]] = defaultdict(set)  # number -> under which it was ever registered
        self.named: defaultdict[str, list[dict[str, str]]] = defaultdict(list)  # claim -> whom it may be about
        self.asked: defaultdict[str, list[dict[str, str]]] = defaultdict(list)  # whom the office named since then
        self.ruled: defaultdict[str, set[str]] = defaultdict(set)  # the officers since money was decided last
        self.filed: defaultdict[str, set[str]] = defaultdict(set)  # who wrote advice or amounts since then
        self.moved_by: defaultdict[str, Counter[str]] = defaultdict(Counter)  # claim -> person -> rupiah, alone

    def see(self, step: Step) -> None:
        document = step.document
        if step.refusal is not None:
            if step.out:
                self.faults.append(f"{document['id']}: refused, and something follows")
            return
        before = {claim_id: self.money.effective(claim_id) for claim_id in self._claims(step)}
        self._note(document)
        for one in step.out:
            self.money.note(one)
        for claim_id in self._claims(step):
            self.faults += self.money.of(claim_id)
        for one in step.out:
            if "benefits" in one["data"]:
                self._judge(document, one["data"], before[one["data"]["claim_id"]])

    def _claims(self, step: Step) -> list[str]:
        return sorted({one["data"]["claim_id"] for one in step.out})

    def _note(self, document: dict[str, Any]) -> None:
        data, kind = document["data"], document["type"].removeprefix("santunan.").removesuffix(".v1")
        claim_id, who = data.get("claim_id", ""), document["source"].rsplit(":", 1)[1]
        if kind == "member.registered":
            self.niks[data["member_number"]].add(data["nik"])
        if "member" in data:
            self._name(claim_id, data["member"], source=document["source"])
        if kind == "claim.evidence":
            if "advice" in data or "approved" in data:
                self.filed[claim_id].add(who)
        elif kind == "claim.reviewed" and data["verdict"] != "request_documents":
            self.ruled[claim_id].add(who)
            self.named[claim_id] += self.asked.pop(claim_id, [])

    def _name(self, claim_id: str, reference: dict[str, str], *, source: str) -> None:
        named, asked = self.named[claim_id], self.asked[claim_id]
        if not named or self._are_one(named, reference):
            named.append(reference)
        elif source in OFFICES:
            asked.append(reference)
        elif not self._are_one(asked, reference):
            self.faults.append(f"{claim_id}: {source} names another person, and is not refused")

    def _judge(self, document: dict[str, Any], decision: dict[str, Any], before: dict[str, Any] | None) -> None:
        claim_id, name = decision["claim_id"], decision["decision_id"]
        if document["source"] in STRANGERS and "claim.evidence" in document["type"]:
            self.faults.append(f"{name}: a stranger's word counts")
        if decision["outcome"] not in ("APPROVED", "REJECTED"):
            if document["data"].get("verdict") == "reassess" and "REV_SECOND_OFFICER" not in decision["reason_codes"]:
                self.ruled.pop(claim_id, None)  # what comes next is the law's
            return
        moved = moves(before, decision)
        is_reviewed = "claim.reviewed" in document["type"]
        if moved and before is not None and not is_reviewed and not is_barred_alone(before):
            self.faults.append(f"{name}: money of an effective decision moves without an officer")
        if len(hands := self.ruled.pop(claim_id, set()) | self.filed.pop(claim_id, set())) == 1:
            [alone] = hands
            self.moved_by[claim_id][alone] += moved
            if self.moved_by[claim_id][alone] > LIMIT:
                self.faults.append(f"{name}: one person alone has moved more than the limit")
        if decision["benefits"] and not self._are_one(
            self.named[claim_id], {"member_number": decision["member_number"]}
        ):
            self.faults.append(f"{name}: money for a person whom no office and officer named")

    def _are_one(self, references: list[dict[str, str]], other: dict[str, str]) -> bool:
        """Whether each name of `other` is, by the register, of a person whom a reference names."""
        known = set().union(*(self._names_of(one) for one in references))
        return all(not known.isdisjoint(self._names_of({key: name})) for key, name in other.items())

    def _names_of(self, reference: dict[str, str]) -> set[str]:
        """Every number and NIK that the register ever connected with these."""
        own = set(reference.values())
        niks = own.union(*(self.niks[number] for number in own if number in self.niks))
        return niks | {number for number, held in self.niks.items() if held & niks}


def is_barred_alone(decision: dict[str, Any]) -> bool:
    """Whether it was refused for another claim, or for what was not known of the member: that may pass by itself."""
    first = decision["reason_codes"][0]
    return decision["total"] == 0 and first in ("CLM_DUPLICATE", "CLM_SAME_EVENT", "MEM_NOT_REGISTERED")


def moves(before: dict[str, Any] | None, decision: dict[str, Any]) -> int:
    """Rupiah by which two decisions differ, by person and payee, in both directions; without what is owed for delay."""
    was, now = (without_delay(one) for one in (before, decision))
    return sum(abs(now[account] - was[account]) for account in was.keys() | now.keys())


def without_delay(decision: dict[str, Any] | None) -> Counter[tuple[str, str]]:
    if decision is None:
        return Counter()
    return due_of(decision | {"benefits": [one for one in decision["benefits"] if one["line"] != LATE]})


@pytest.mark.parametrize(("seed", "spans"), WORLDS)
def test_money_moves_by_law_or_by_the_hands_it_needs(seed: int, spans: bool) -> None:
    witness = Witness()
    for step in Lives(seed, spans=spans).run(LENGTH):
        witness.see(step)
    assert witness.faults == []
    assert witness.money.faults() == []
