"""Histories of events in any order, many of them wrong, made from a seed."""

import random
from typing import Any

from tests.support import events as e

# Two persons; the first has two numbers. The third number is nobody's until somebody registers it.
NUMBERS = {"20000000011": "3671010101800001", "20000000022": "3671010101800001", "20000000033": "3671010101800003"}
CLAIMS = ("K1", "K2", "K3", "K4")
OF_CLAIM = {"K1": "20000000011", "K2": "20000000011", "K3": "20000000022", "K4": "20000000033"}


def history(seed: int, length: int) -> list[Any]:
    """Events in any order, many of them wrong: of unknown claims, stale, twice, under a used id, or no event at all."""
    dice = random.Random(seed)
    sent: list[Any] = []
    if dice.random() < 0.8:
        sent += e.member("20000000011", NUMBERS["20000000011"])
    makers = [
        claim,
        claim,
        claim,
        claim,
        papers,
        papers,
        officer,
        officer,
        payment,
        appeal_or_failure,
        fact,
        fact,
        day,
        again,
        noise,
    ]
    while len(sent) < length:
        sent.append(dice.choice(makers)(dice, sent))
    for place, document in enumerate(sent):  # ids are the seed's own, so that a history is the same each time
        if isinstance(document, dict) and not document["id"].startswith("again"):
            sent[place] = document | {"id": document["id"] if document["id"].startswith("h") else f"h{place}"}
    return sent


def claim(dice: random.Random, sent: list[Any]) -> Any:
    day = dice.choice(("2024-07-07", "2024-07-07", "2024-07-08"))
    claim_id = dice.choice(CLAIMS)
    number: str | None = OF_CLAIM[claim_id]
    if dice.random() < 0.2:
        number = dice.choice([*NUMBERS, None])
    member = {"member_number": number} if number else {"nik": dice.choice(list(NUMBERS.values()))}
    change: dict[str, Any] = {"member": member}
    if dice.random() < 0.3:
        return e.death(claim_id, day, **change)
    if dice.random() < 0.3:
        change["conclusion"] = None
    if dice.random() < 0.3:
        change["documents"] = ["ktp"]
    if dice.random() < 0.3:
        change["costs"] = {"transport": {"land": 500_000}}
    return e.accident(claim_id, day, **change)


def papers(dice: random.Random, sent: list[Any]) -> Any:
    sections: dict[str, Any] = {"documents": e.JKK_PAPERS + e.JKM_PAPERS}
    if dice.random() < 0.4:
        sections["conclusion"] = {"work_related": dice.random() < 0.7, "concluded_on": "2024-07-09"}
    if dice.random() < 0.05:
        sections["member"] = {"member_number": dice.choice(list(NUMBERS))}
    return e.evidence(dice.choice(CLAIMS), f"2024-07-{dice.randint(10, 20)}T10:00:00", **sections)


def officer(dice: random.Random, sent: list[Any]) -> Any:
    verdict = dice.choice(("approve", "reject", "reassess", "change", "change", "change", "request_documents"))
    change: dict[str, Any] = {}
    if verdict == "change":
        line = dice.choice(("stmb", "stmb", "transport", "funeral"))
        change = {"changes": [{"line": line, "amount": dice.choice((1_000_000, 2_000_000)), "reason": "dilihat"}]}
    if verdict == "request_documents":
        change = {"documents": ["visum"]}
    source = f"urn:santunan:officer:{dice.choice('ab')}"
    claim_id, revision = dice.choice(("K1", "K2", *CLAIMS)), dice.randint(1, 4)
    return e.review(claim_id, revision, verdict, "2024-08-01T10:00:00", source=source, **change)


def payment(dice: random.Random, sent: list[Any]) -> Any:
    payout = f"{dice.choice(CLAIMS)}.r{dice.randint(1, 3)}.{dice.choice(('member', 'heirs', 'funeral_arranger'))}"
    return e.settled(payout, dice.choice((4_000_000, 4_500_000, 10_000_000, 32_000_000)), "2024-08-20")


def appeal_or_failure(dice: random.Random, sent: list[Any]) -> Any:
    if dice.random() < 0.5:
        return e.appeal(dice.choice(CLAIMS), "2024-08-05T10:00:00")
    return e.failed(f"{dice.choice(CLAIMS)}.r1.member", "2024-08-03")


def fact(dice: random.Random, sent: list[Any]) -> Any:
    number = dice.choice(list(NUMBERS))
    time = f"2024-0{dice.randint(6, 9)}-15T10:00:00"
    return dice.choice(
        (
            e.registered(number, dice.choice((NUMBERS[number], "3671010101800003")), time=time),
            e.paid("2019-11", dice.choice(("2023-12", "2026-12")), "2019-11-02", number, time=time),
            e.wage(dice.choice(("2019-11", "2024-06")), dice.choice((3_000_000, 4_000_000)), number, time=time),
            e.event("member.ended", {"member_number": number, "ended_on": "2024-06-30"}, time=time),
        )
    )


def day(dice: random.Random, sent: list[Any]) -> Any:
    return e.day_passed(f"2024-0{dice.randint(7, 9)}-28")


def again(dice: random.Random, sent: list[Any]) -> Any:
    if not sent:
        return b"{}"
    before = dice.choice(sent)
    if isinstance(before, bytes) or dice.random() < 0.7:
        return before
    return before | {"time": "2024-09-01T10:00:00+07:00"}  # the same id, other content


def noise(dice: random.Random, sent: list[Any]) -> Any:
    return dice.choice((b"", b"\xff", b"{}", e.raw(e.accident() | {"type": "santunan.claim.accident.v9"})))
