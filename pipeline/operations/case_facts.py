"""The facts of a claim in words, section by section, and what happened to it, as a file or a trail shows them.

Diagnosis and course of events are for who sees everything. A NIK is masked.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pipeline.access.roles import Grant
from pipeline.claims.case import Case
from pipeline.explain import Language
from pipeline.explain.sections import field_label, section_facts, section_title
from pipeline.operations.words import Worded
from pipeline.queries.submissions import ClaimFile
from schemas.claims import SECTIONS, AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.codes import Outcome
from schemas.events import IntakeEvent
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed

_FOR_OFFICERS: Final = frozenset({"medical.diagnosis", "accident.chronology"})
_ATTRIBUTES: Final = {"death": "death_section"}
_SHOWN_OF_NIK: Final = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """One section: who wrote it, and what it says as (label, value)."""

    section: str
    title: str
    writer: str | None
    rows: tuple[tuple[str, str], ...]
    is_proposed: bool = False  # of another party; it does not count until an officer accepts it


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `kind`: opened, evidence, appealed, reviewed, settled, failed or decided.

    `sections`: what an event speaks of, in words. `amount`: rupiah of a decision's total or of a payout.
    """

    at: dt.datetime
    kind: str
    who: str | None
    revision: int | None = None
    outcome: Outcome | None = None
    reasons: tuple[Worded, ...] = ()
    sections: tuple[str, ...] = ()
    verdict: str | None = None
    text: str | None = None
    amount: int | None = None


def folded(found: ClaimFile, events: Iterable[tuple[Any, dt.datetime]]) -> Case:
    case = Case(found.claim_id, found.key, found.partition, progress=found.progress)
    for event, clock in events:
        if isinstance(event, AccidentClaimed | DeathClaimed | EvidenceAdded):
            case.apply(event, clock)
    return case


def facts_of_case(case: Case, grant: Grant, language: Language) -> list[Facts]:
    found = []
    for section in SECTIONS:
        if section == "member":
            continue  # the head of the page names the member, as far as it may
        value = getattr(case, _ATTRIBUTES.get(section, section))
        for one in value if section == "advice" else (value,):
            if rows := _rows(section, one, grant, language):
                found.append(Facts(section, section_title(section, language), case.writers.get(section), rows))
        if section in case.proposals:
            source, proposed, _ = case.proposals[section]
            rows = _rows(section, proposed, grant, language)
            found.append(Facts(section, section_title(section, language), source, rows, is_proposed=True))
    return found


def _rows(section: str, value: Any, grant: Grant, language: Language) -> tuple[tuple[str, str], ...]:
    if not value:
        return ()
    hidden = set() if grant.view == "full" else {field_label(path, language) for path in _FOR_OFFICERS}
    return tuple(row for row in section_facts(section, value, language) if row[0] not in hidden)


def entry_of(event: IntakeEvent, clock: dt.datetime, grant: Grant, language: Language) -> Entry:
    if isinstance(event, ClaimReviewed):
        review = event.data
        return Entry(clock, "reviewed", event.source, sections=(), verdict=review.verdict, text=review.reason)
    if isinstance(event, PayoutSettled):
        return Entry(clock, "settled", event.source, amount=event.data.amount)
    if isinstance(event, PayoutFailed):
        return Entry(clock, "failed", event.source, text=event.data.reason if grant.view == "full" else None)
    if isinstance(event, ClaimAppealed):
        return Entry(clock, "appealed", event.source, text=event.data.ground)
    named = [name for name in SECTIONS if getattr(event.data, name, None)]
    kind = "evidence" if isinstance(event, EvidenceAdded) else "opened"
    return Entry(clock, kind, event.source, sections=tuple(section_title(name, language) for name in named))


def masked_nik(nik: str | None) -> str | None:
    """`3171010101800001` -> `3171********0001`."""
    if nik is None:
        return None
    return nik[:_SHOWN_OF_NIK] + "*" * (len(nik) - 2 * _SHOWN_OF_NIK) + nik[-_SHOWN_OF_NIK:]
