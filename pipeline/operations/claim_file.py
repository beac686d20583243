"""The whole file of a claim for who rules on it or audits it: questions, facts by section, papers, history, rulings,
other claims of the person; and what changed since somebody looked.

The member's NIK is masked, and of the person no name is shown. Diagnosis and course of events are for officers.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import Grant, grant_of
from pipeline.claims.case import Case
from pipeline.errors import NotReady
from pipeline.explain import Explanation, Language, explain, outcome_name, rupiah
from pipeline.explain.questions import ASKED, question
from pipeline.operations.case_facts import Entry, Facts, entry_of, facts_of_case, folded, masked_nik
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.paper_room import attached
from pipeline.operations.parties import claim_seen
from pipeline.operations.words import Worded, worded
from pipeline.queries.claim import ClaimStatus, OtherClaim, decisions_of, others_of_person, status_of
from pipeline.queries.submissions import ClaimFile
from pipeline.store.access_rows import AuditRecord
from schemas.codes import ClaimProgram, Outcome
from schemas.decisions import Decision

MOST_ENTRIES: Final = 50  # of the history; a claim may have 1,000 events


@dataclass(frozen=True, slots=True)
class CasePaper:
    """A scan beside the claim: its SHA-256, which paper it is, and who sent it. `media_type`: by content; None: it is
    not kept here."""

    sha256: str
    document: str
    source: str
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """What an officer must answer, in one sentence, and which facts and papers answer it."""

    code: str
    text: str
    facts: tuple[Facts, ...]
    papers: tuple[CasePaper, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise than it was. `before`, `after` None: it was, or is, not there."""

    title: str
    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """`open`: what an officer must answer now, in `questions` with what answers it, by `answer_by`; None: nothing is
    asked. `history`: newest first, at most MOST_ENTRIES of `entries`.

    `ordered`: rupiah that were ordered for the claim so far, less what was asked back. `children`: how many there are
    to choose from. `rulings` and `grounds` (of appeals): all of them, the newest first. `waits_for_second`: the ruling
    that another officer shall confirm.
    """

    claim_id: str
    program: ClaimProgram
    event_date: dt.date
    revision: int
    outcome: Outcome
    member_number: str | None
    nik: str | None
    total: int
    indicative_total: int | None
    ordered: int
    open: tuple[Worded, ...]
    answer_by: dt.date | None
    reasons: tuple[Worded, ...]
    children: int
    facts: tuple[Facts, ...]
    history: tuple[Entry, ...]
    entries: int
    others: tuple[OtherClaim, ...]
    explanation: Explanation
    questions: tuple[Question, ...]
    papers: tuple[CasePaper, ...]
    rulings: tuple[Entry, ...]
    grounds: tuple[Entry, ...]
    waits_for_second: Entry | None


def read_case(front: FrontOffice, principal: Principal, claim_id: str, language: Language) -> CaseView:
    """Put on record first where diagnosis and course of events are shown. Raises Denied, NotFound, Transient; NotReady
    where nothing is put on record."""
    grant = grant_of(principal, "read_case")
    found = claim_seen(front, principal, grant, claim_id)
    if grant.view == "full":
        if front.put_on_record is None:
            raise NotReady("nothing is put on record here, so the file of a claim is not shown")
        front.put_on_record(AuditRecord(front.now(), principal.name, "case.read", claim_id))
    status = status_of(front.store, claim_id)
    decision = status.decision
    case = folded(found, found.events)
    history = _history(found, decisions_of(front.store, claim_id), grant, language)
    facts = tuple(facts_of_case(case, grant, language))
    papers = tuple(
        CasePaper(sha, kind, source, _media_type(front, source, sha))
        for source, sha, kind in dict.fromkeys(attached(found, principal, grant.view))
    )
    rulings = tuple(one for one in history if one.kind == "reviewed")
    first = found.progress.ruling.officer if "REV_SECOND_OFFICER" in status.open_codes else None
    return CaseView(
        claim_id,
        decision.program,
        decision.event_date,
        decision.revision,
        decision.outcome,
        decision.member_number,
        masked_nik(case.member.nik) if case.member is not None else None,
        decision.total,
        decision.indicative_total,
        sum(found.progress.accounts.values()),
        worded(status.open_codes, language),
        found.progress.answer_by if status.open_codes else None,
        worded(decision.reason_codes, language),
        len(case.children or ()),
        facts,
        history[:MOST_ENTRIES],
        len(history),
        others_of_person(front.store, claim_id),
        _explanation(status, language),
        tuple(_question(code, decision, facts, papers, language) for code in status.open_codes),
        papers,
        rulings,
        tuple(one for one in history if one.kind == "appealed"),
        next((one for one in rulings if one.who == first), None),
    )


def changed_since(
    front: FrontOffice, principal: Principal, claim_id: str, revision: int, language: Language
) -> tuple[Change, ...]:
    """What the claim's facts and result say otherwise than when it was at this revision: for who ruled on that one.

    Raises Denied, NotFound.
    """
    grant = grant_of(principal, "changed_since")
    found = claim_seen(front, principal, grant, claim_id)
    made = decisions_of(front.store, claim_id)
    seen = next((one for one in made if one.revision == revision), None)
    if seen is None or seen.revision == made[-1].revision:
        return ()
    before = folded(found, [event for event in found.events if event[1] <= seen.decided_at])
    after = folded(found, found.events)
    changes = list(_changed_facts(before, after, grant, language))
    said = [f"{outcome_name(one.outcome, language)}, {rupiah(one.total, language)}" for one in (seen, made[-1])]
    changes.append(Change("", "", *said))
    return tuple(changes)


def _media_type(front: FrontOffice, source: str, sha256: str) -> str | None:
    kept = front.papers.book.of(source, sha256) if front.papers is not None else None
    return kept.media_type if kept is not None else None


def _changed_facts(before: Case, after: Case, grant: Grant, language: Language) -> Iterable[Change]:
    old = {(one.section, one.is_proposed): one for one in facts_of_case(before, grant, language)}
    new = {(one.section, one.is_proposed): one for one in facts_of_case(after, grant, language)}
    for key in dict.fromkeys((*old, *new)):
        was, now = (dict(one[key].rows) if key in one else {} for one in (old, new))
        title = (new.get(key) or old[key]).title
        for label in dict.fromkeys((*was, *now)):
            if was.get(label) != now.get(label):
                yield Change(title, label, was.get(label), now.get(label))


def _question(
    code: str, decision: Decision, facts: Sequence[Facts], papers: Sequence[CasePaper], language: Language
) -> Question:
    asked = ASKED[code]
    sections, kinds = asked.sections.split(), asked.papers.split()
    return Question(
        code,
        question(code, language, decision),
        () if "*" in sections else tuple(one for one in facts if one.section in sections or one.is_proposed),
        tuple(one for one in papers if "*" in kinds or one.document in kinds),
    )


def _explanation(status: ClaimStatus, language: Language) -> Explanation:
    return explain(
        status.decision,
        language,
        payments=status.payments,
        open_codes=status.open_codes,
        officer_reason=status.officer_reason,
    )


def _history(found: ClaimFile, made: tuple[Decision, ...], grant: Grant, language: Language) -> tuple[Entry, ...]:
    entries = [entry_of(event, clock, grant, language) for event, clock in found.events]
    entries += [
        Entry(
            one.decided_at,
            "decided",
            None,
            one.revision,
            one.outcome,
            worded(one.reason_codes, language),
            amount=one.total,
        )
        for one in made
    ]
    # A decision follows from the event of the same moment.
    return tuple(sorted(entries, key=lambda one: (one.at, one.revision or 0), reverse=True))
