"""Money by person, recomputed from published bytes alone: no store, and no code of the program.

A reader of the topics `claims.decisions` and `claims.payouts` has no more than this to judge by.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

Account = tuple[str, str]  # membership number, payee


class Money:
    """Takes what was published in any order of topics; an event that comes twice counts once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.decisions: defaultdict[str, dict[int, dict[str, Any]]] = defaultdict(dict)  # claim -> by revision
        self.payouts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    def take(self, value: bytes) -> None:
        self.note(json.loads(value))

    def note(self, document: dict[str, Any]) -> None:
        """As `take`, of a document that was read."""
        data, identity = document["data"], f"{document['type']} {document['id']}"
        if identity in self._seen:
            return
        self._seen.add(identity)
        if "benefits" in data:
            self.decisions[data["claim_id"]][data["revision"]] = data
        elif "direction" in data:
            self.payouts[data["claim_id"]].append(data)

    def faults(self) -> list[str]:
        """One sentence for each claim and fault; it names nobody."""
        found = [fault for claim_id in sorted(self.decisions.keys() | self.payouts) for fault in self.of(claim_id)]
        return found + list(self._paid_twice())

    def of(self, claim_id: str) -> Iterator[str]:
        decisions = self.decisions.get(claim_id, {})
        if sorted(decisions) != list(range(1, len(decisions) + 1)):
            yield f"{claim_id}: its revisions are {sorted(decisions)}"
        for revision, one in decisions.items():
            lines = sum(benefit["amount"] for benefit in one["benefits"])
            if lines != one["total"] or (one["outcome"] != "APPROVED" and lines):
                yield f"{claim_id} r{revision}: {one['outcome']} of Rp{one['total']:,} with lines of Rp{lines:,}"
        yield from self._moves(claim_id, decisions)

    def _moves(self, claim_id: str, decisions: dict[int, dict[str, Any]]) -> Iterator[str]:
        """After each effective decision each person and payee has what it gives them, and nobody gave what he never
        had."""
        has: Counter[Account] = Counter()
        ordered: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for payout in self.payouts.get(claim_id, ()):
            ordered[payout["revision"]].append(payout)
        for revision in sorted(decisions.keys() | ordered):
            decision, asked = decisions.get(revision), Counter[Account]()
            for payout in ordered[revision]:
                account = payout["member_number"], payout["payee"]
                if payout["direction"] == "recover":
                    asked[account] += payout["amount"]
                    if payout["amount"] > has[account]:
                        yield f"{claim_id} r{revision}: money is asked back from somebody who was not paid it"
                has[account] += payout["amount"] if payout["direction"] == "pay" else -payout["amount"]
            if decision is None or decision["outcome"] not in ("APPROVED", "REJECTED"):
                if ordered[revision]:
                    yield f"{claim_id} r{revision}: money moves without an effective decision"
                continue
            if +has != due_of(decision):
                yield f"{claim_id} r{revision}: what each person was paid is not what the decision gives them"
            told = Counter[Account]()
            for one in decision["recoveries"]:
                told[one["member_number"], one["payee"]] += one["amount"]
            if told != asked:
                yield f"{claim_id} r{revision}: the decision tells of other recoveries than are ordered"

    def _paid_twice(self) -> Iterator[str]:
        paid: dict[tuple[str, ...], str] = {}
        for claim_id in sorted(self.decisions):
            decision = self.effective(claim_id)
            for benefit in decision["benefits"] if decision is not None else ():
                line = decision["member_number"], decision["program"], decision["event_date"], benefit["line"]
                if paid.setdefault(line, claim_id) != claim_id and benefit["line"] != "late_payment_compensation":
                    yield f"{claim_id} and {paid[line]} both pay {benefit['line']} of one event"

    def effective(self, claim_id: str) -> dict[str, Any] | None:
        """The latest decision that moves money."""
        found = [one for one in self.decisions[claim_id].values() if one["outcome"] in ("APPROVED", "REJECTED")]
        return max(found, key=lambda one: one["revision"], default=None)


def due_of(decision: dict[str, Any]) -> Counter[Account]:
    """What a decision gives to each person and payee."""
    due: Counter[Account] = Counter()
    for one in decision["benefits"]:
        due[decision["member_number"], one["payee"]] += one["amount"]
    return due
