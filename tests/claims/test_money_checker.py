"""The checker of published money finds each kind of wrong, so that its silence means something."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.claims.test_hands import A, B, changed, ruled
from tests.support import events as e
from tests.support.money import Money
from tests.support.scene import Scene

OTHER = "20000000022"
Published = list[dict[str, Any]]


def published() -> Published:
    """Paid, raised by two officers, taken back by two."""
    scene = Scene(*e.member(), e.accident(), e.accident("K2", "2024-07-09"))
    for verdict, what in (("change", changed("stmb", 300_000_000)), ("reject", {})):
        for officer in (A, B):
            scene.take(ruled(scene, verdict, officer, **what))
    return copy.deepcopy(scene.out)


def faults(documents: Published) -> list[str]:
    money = Money()
    for one in documents:
        money.note(one)
    return money.faults()


def payouts(documents: Published, direction: str) -> Published:
    return [one["data"] for one in documents if one["data"].get("direction") == direction]


def lose(documents: Published) -> None:
    documents.remove(next(one for one in documents if "direction" in one["data"]))


def pay_another(documents: Published) -> None:
    payouts(documents, "pay")[0]["member_number"] = OTHER


def ask_another(documents: Published) -> None:
    payouts(documents, "recover")[0]["member_number"] = OTHER


def ask_another_payee(documents: Published) -> None:
    payouts(documents, "recover")[0]["payee"] = "heirs"


def pay_more(documents: Published) -> None:
    payouts(documents, "pay")[-1]["amount"] += 1


def hide_recovery(documents: Published) -> None:
    [one] = [one["data"] for one in documents if one["data"].get("recoveries")]
    one["recoveries"] = []


def pay_twice(documents: Published) -> None:
    for one in documents:
        if one["data"]["claim_id"] == "K2" and "benefits" in one["data"]:
            again = copy.deepcopy(one)
            again["id"], again["data"]["claim_id"] = "K9.r1", "K9"
            pay = copy.deepcopy(next(p for p in documents if p["data"].get("payout_id") == "K2.r1.member"))
            pay["id"], pay["data"]["claim_id"] = "K9.r1.member", "K9"
            documents += [again, pay]
            return


def lose_revision(documents: Published) -> None:
    documents.remove(next(one for one in documents if one["data"].get("outcome") == "REFERRED"))


def promise_while_waiting(documents: Published) -> None:
    [one, *_] = [one["data"] for one in documents if one["data"].get("outcome") == "REFERRED"]
    one["total"] = 5


WRONGS = (
    lose,
    pay_another,
    ask_another,
    ask_another_payee,
    pay_more,
    hide_recovery,
    pay_twice,
    lose_revision,
    promise_while_waiting,
)


def test_what_is_right_and_what_comes_twice_is_no_fault() -> None:
    documents = published()
    assert payouts(documents, "recover")
    assert faults(documents) == []
    assert faults([*reversed(documents), *documents]) == []


@pytest.mark.parametrize("wrong", WRONGS)
def test_each_kind_of_wrong_is_found(wrong: Callable[[Published], None]) -> None:
    documents = published()
    wrong(documents)
    assert faults(documents)
