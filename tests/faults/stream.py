"""The events that workers are killed over: members, claims, evidence that finishes some, and what clinics do wrong."""

from collections.abc import Iterator

from agents.clients import Outgoing, outgoing
from tests import events as e
from tests.bench.workload import claims, members


def documents(claim_count: int, *, member_count: int = 20, name: str = "") -> Iterator[bytes]:
    """Members, then claims; of every 20 claims one waits for a paper, which comes later; every tenth comes twice.

    `name` sets one stream's claims and events apart from another's.
    """
    for one in members(member_count):
        yield _renamed(one.value, name)
    sent = []
    for place, one in enumerate(claims(claim_count, member_count)):
        raw = _renamed(one.value, name)
        sent.append(raw)
        yield raw
        if place % 20 == 19:
            number = f"{30_000_000_000 + (place - 2) % member_count}"
            paper = e.evidence(
                f"B{place - 2}", "2026-07-01T10:00:00", documents=e.JKK_PAPERS, source=e.CLINIC, member_number=number
            )
            yield _renamed(e.raw(paper), name)
        if place % 10 == 9:
            yield sent[place - 5]


def _renamed(raw: bytes, name: str) -> bytes:
    if not name:
        return raw
    claim, event = f'"claim_id":"{name}-B', f'"id":"{name}-e'
    return raw.replace(b'"claim_id":"B', claim.encode()).replace(b'"id":"e', event.encode())


def placed(raws: Iterator[bytes], partitions: int) -> list[Outgoing]:
    return [one for raw in raws for one in outgoing(raw, partitions)]
