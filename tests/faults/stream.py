"""The events that workers are killed over: members, claims, evidence that finishes some, and what clinics do wrong; and
whole lives, with reviews, settlements, appeals, failures, deaths with children, corrected NIKs."""

import json
import re
from collections.abc import Iterable, Iterator

from agents.clients import Outgoing, outgoing
from tests.bench.workload import PAPER_MISSING, claims, kind, members, number
from tests.support import events as e
from tests.support.lives import Lives

LATER = 2  # so many claims after its own the missing paper comes
_MEMBER = re.compile(rb'"3(\d{10})"')
_NIK = re.compile(rb'"3671(\d{12})"')


def documents(claim_count: int, *, member_count: int = 20, name: str = "", first_member: int = 0) -> Iterator[bytes]:
    """Members, then claims; of every 20 claims one waits for a paper, which comes later; every tenth comes twice.

    Nobody dies twice where a member has at most four claims. `name` sets one stream's claims and events apart from
    another's, `first_member` its people: a member with thousands of claims would cost what no member does.
    """
    for one in members(member_count):
        yield _own(one.value, name, first_member)
    sent = []
    for place, one in enumerate(claims(claim_count, member_count)):
        raw = _own(one.value, name, first_member)
        sent.append(raw)
        yield raw
        waiting = place - LATER
        if waiting >= 0 and kind(waiting, member_count) == PAPER_MISSING:
            paper = e.evidence(
                f"B{waiting}",
                "2026-07-01T10:00:00",
                documents=e.JKK_PAPERS,
                source=e.CLINIC,
                member_number=number(waiting % member_count),
            )
            yield _own(e.raw(paper), name, first_member)
        if place % 10 == 9:
            yield sent[place - 5]


def _own(raw: bytes, name: str, first_member: int) -> bytes:
    if name:
        claim, event = f'"claim_id":"{name}-B', f'"id":"{name}-e'
        raw = raw.replace(b'"claim_id":"B', claim.encode()).replace(b'"id":"e', event.encode())
    if first_member:
        raw = _MEMBER.sub(lambda found: b'"3%010d"' % (int(found[1]) + first_member), raw)
        raw = _NIK.sub(lambda found: b'"3671%012d"' % (int(found[1]) + first_member), raw)
    return raw


def lives(seed: int, length: int, *, name: str, first: int = 0, spans: bool = True) -> list[bytes]:
    """Lives of people from number `first` on, at most ten a hundred events; `spans`: some are in two partitions."""
    return [e.raw(step.document) for step in Lives(seed, name=name, first=first, spans=spans).run(length)]


def openings(raws: Iterable[bytes]) -> dict[str, str]:
    """Claim -> id of the event that opens it."""
    events = [json.loads(raw) for raw in raws]
    opening = ("santunan.claim.accident.v1", "santunan.claim.death.v1")
    return {one["data"]["claim_id"]: one["id"] for one in events if one["type"] in opening}


def placed(raws: Iterable[bytes], partitions: int, *, is_history: bool = False) -> list[Outgoing]:
    return [one for raw in raws for one in outgoing(raw, partitions, is_history=is_history)]
