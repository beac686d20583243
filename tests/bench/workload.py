"""The claims every measurement decides: one mix for all, so that figures can be compared.

Of 20 claims: 9 temporary disability with transport, 3 partial disability, 4 deaths (JKM), 1 work death, 1 with a
paper missing, 1 not concluded yet, 1 of somebody who never registered.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas import topics
from tests.support import events as e

PAPER_MISSING: Final = 17  # of the kinds of claims


class Sent(NamedTuple):
    topic: str
    key: bytes
    value: bytes


def number(index: int) -> str:
    return f"{30_000_000_000 + index}"


def members(count: int) -> Iterator[Sent]:
    """`count` members, each with cover, wages and contributions from 2019-11 to 2026-12."""
    for index in range(count):
        for document in e.member(number(index), f"3671{index:012}"):
            yield Sent(topics.MEMBERS, number(index).encode(), e.raw(document))


def kind(index: int, member_count: int) -> int:
    """Of a member's claims four in a row are of other kinds, of which at most one is a death."""
    lap, place = divmod(index, member_count)
    return (place + 5 * lap) % 20


def claims(count: int, member_count: int, *, first: int = 0) -> Iterator[Sent]:
    """Claims `first` … `first + count - 1`; a member's claims lie on different days, so none is a duplicate. Up to four
    lie each a year before the last: nobody dies twice."""
    for index in range(first, first + count):
        lap, place = divmod(index, member_count)
        day = f"{2025 - lap % 4}-{1 + lap // 4 % 12:02}-{1 + lap // 48 % 28:02}"  # none too old to be claimed
        document = _claim(kind(index, member_count), f"B{index}", day, number(place))
        topic = topics.DEATHS if "death" in document["type"] else topics.ACCIDENTS
        key = document["data"]["member"]["member_number"].encode()
        yield Sent(topic, key, e.raw(document))


def _claim(kind: int, claim_id: str, day: str, member_number: str) -> dict[str, Any]:
    time = f"{day}T20:00:00"
    if kind < 9:
        papers = [*e.JKK_PAPERS, "transport_receipt"]
        costs = {"transport": {"land": 750_000}}
        return e.accident(claim_id, day, member_number, time=time, documents=papers, costs=costs)
    if kind < 12:
        medical = {"disabilities": [{"part": "index_finger_right"}], "certified_by": "examining_doctor"}
        return e.accident(claim_id, day, member_number, time=time, medical=medical)
    if kind < 16:
        return e.death(claim_id, day, member_number, time=time)
    if kind == 16:
        papers = [*e.JKK_PAPERS, "death_certificate", "heir_letter", "family_card"]
        medical = {"death": {"died_on": day, "cause": "accident"}}
        heirs = {"relatives": [{"relation": "widow"}]}
        return e.accident(claim_id, day, member_number, time=time, documents=papers, medical=medical, heirs=heirs)
    if kind == 17:
        return e.accident(claim_id, day, member_number, time=time, documents=["ktp"])
    if kind == 18:
        return e.accident(claim_id, day, member_number, time=time, conclusion=None)
    return e.accident(claim_id, day, "Z" + claim_id.rjust(10, "0"), time=time)
