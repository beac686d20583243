"""A desk that takes documents in order, as the worker would, and keeps what left it."""

from typing import Any

import orjson

from pipeline.claims.case import Case
from pipeline.claims.desk import Desk
from pipeline.claims.double_payment import PaidLines
from pipeline.errors import Poison
from pipeline.law.book import Book
from pipeline.messages.intake import event_clock, read_event
from tests.support import events as e


class Scene:
    def __init__(self, *documents: Any) -> None:
        self.desk = Desk(Book.load(), PaidLines())
        self.out: list[dict[str, Any]] = []
        self.order = 0
        for document in documents:
            self.take(document)

    def take(self, document: Any) -> list[dict[str, Any]]:
        """What follows from it. Raises Poison."""
        event = read_event(e.raw(document))
        self.order += 1
        new = [orjson.loads(one.value) for one in self.desk.take(event, event_clock(event, None), order=self.order)]
        self.out += new
        return new

    def refused(self, document: Any) -> str | None:
        """The reason for which it is refused, None where it is taken."""
        try:
            self.take(document)
        except Poison as poison:
            return poison.reason
        return None

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one["data"] for one in self.out if one["type"].startswith(f"santunan.{kind}")]

    def case(self, claim_id: str = "K1") -> Case:
        return self.desk.cases[claim_id]

    def latest(self, claim_id: str = "K1") -> dict[str, Any]:
        return [one for one in self.of("decision") if one["claim_id"] == claim_id][-1]

    @property
    def last(self) -> dict[str, Any]:
        return self.of("decision")[-1]

    def result(self, claim_id: str = "K1") -> tuple[str, list[str], int]:
        found = self.latest(claim_id)
        return found["outcome"], found["reason_codes"], found["total"]

    def moved(self) -> int:
        return sum(one["amount"] if one["direction"] == "pay" else -one["amount"] for one in self.of("payout"))

    def accounts(self, claim_id: str = "K1") -> dict[tuple[str, str], int]:
        """Rupiah by person and payee, from the published payouts alone."""
        found: dict[tuple[str, str], int] = {}
        for one in self.of("payout"):
            if one["claim_id"] == claim_id:
                account = one["member_number"], one["payee"]
                signed = one["amount"] if one["direction"] == "pay" else -one["amount"]
                found[account] = found.get(account, 0) + signed
        return {account: amount for account, amount in found.items() if amount}
