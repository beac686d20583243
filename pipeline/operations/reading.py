"""The reading side: a principal's claims, decisions in words, the feed, receipts.

How much an answer shows is the grant's `view`. No answer holds a name, a NIK or a diagnosis.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from pipeline.access.principals import Principal
from pipeline.access.roles import View, grant_of
from pipeline.errors import Poison
from pipeline.explain import (
    Explanation,
    Language,
    add_to_first,
    explain,
    paper_name,
    reason_facts,
    reason_next,
    sealed,
    short,
)
from pipeline.operations.cursors import cursor_of, no_cursor, places_of
from pipeline.operations.fate import Followed, followed, require_not_refused
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.paper_room import attached
from pipeline.operations.parties import CLAIM_ID, case_of, claim_seen
from pipeline.operations.words import Worded
from pipeline.queries.claim import ClaimStatus, missing_of, status_of
from pipeline.queries.decisions import read_decision
from pipeline.queries.letter_codes import code_of_decision
from pipeline.queries.pages import PAGE_ROWS, NotFound, Page
from pipeline.queries.receipts import receipt_of
from pipeline.queries.submissions import claim_file, claims_page, decisions_page, newest_claims
from pipeline.store.ledger_keeper import SIGN_SECONDS
from schemas.decisions import Decision, FieldError

MOST_NUMBER_LETTERS: Final = 64  # of a claim's id
_BEHIND: Final = re.compile(r"([0-9]{1,18})\.(.+)")
_FOR_PARTIES: Final = ("reported_on",)  # facts of a check that say who is waited for, and no figure
_MONEY: Final = ("full", "payout")  # views that see every amount


@dataclass(frozen=True, slots=True)
class FirstClaim:
    """The claim on the same event that came first, and how to add to it."""

    claim_id: str
    how: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A scan beside the claim: its SHA-256, and which paper it is."""

    sha256: str
    document: str


@dataclass(frozen=True, slots=True)
class Amount:
    """One benefit line, in rupiah."""

    line: str
    payee: str
    amount: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim as one principal may see it; what it may not is empty or None. `decided_at` in UTC.

    `open`: what an officer still has to answer. `amounts` and `total`: rupiah of the decision in force.
    `officer_reason`: why an officer asked for papers; for who sees everything, of any ruling that the decision carries.
    """

    claim_id: str
    program: str
    event_date: dt.date
    revision: int
    outcome: str
    decided_at: dt.datetime
    reasons: tuple[Worded, ...]
    missing: tuple[Worded, ...]
    open: tuple[Worded, ...]
    pay_by: dt.date | None
    total: int | None
    amounts: tuple[Amount, ...]
    paid: tuple[tuple[int, dt.date], ...]
    papers: tuple[Attached, ...] = ()
    first_claim: FirstClaim | None = None
    officer_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim of a list. `missing`: codes of the papers that it waits for."""

    claim_id: str
    program: str
    event_date: dt.date | None
    revision: int
    outcome: str | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecidedClaim:
    """A claim as one decision left it, by the fields of `ClaimView`: what changes without a decision (`open`, `paid`,
    `papers`) is in the claim alone."""

    claim_id: str
    program: str
    event_date: dt.date
    revision: int
    outcome: str
    decided_at: dt.datetime
    reasons: tuple[Worded, ...]
    missing: tuple[Worded, ...]
    pay_by: dt.date | None
    total: int | None
    amounts: tuple[Amount, ...]
    first_claim: FirstClaim | None


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One decision of the feed. `cursor`: `after` of the item that follows. `decision_id` is the same in a repeat."""

    cursor: str
    decision_id: str
    claim: DecidedClaim


def read_claim(front: FrontOffice, principal: Principal, claim_id: str, language: Language) -> ClaimView:
    """Raises Denied, NotFound; ReportRefused where what the principal sent about this claim was refused."""
    grant = grant_of(principal, "read_claim")
    try:
        found = claim_seen(front, principal, grant, claim_id)
    except NotFound:
        require_not_refused(front, principal, claim_id)
        raise
    papers = tuple(Attached(sha256, document) for _, sha256, document in attached(found, principal, grant.view))
    status = status_of(front.store, claim_id)
    first = _first_claim(front, principal, claim_id, status.decision.first_claim_id, language)
    return replace(_view(status, grant.view, language), papers=papers, first_claim=first)


def list_claims(
    front: FrontOffice, principal: Principal, *, after: str = "", limit: int = PAGE_ROWS, pending: bool = False
) -> Page[ClaimRow]:
    """Those to which the principal is a party, in the order of their ids; `more` is 1 where others follow. `pending`:
    only those that wait for something, such as a paper.

    An employer's list has those that it has sent something to; others it finds by their id. Raises Denied, Poison.
    """
    grant = grant_of(principal, "list_claims")
    source = principal.name if grant.reach == "own" else None
    if after and not CLAIM_ID.fullmatch(after):
        raise no_cursor()
    outcome = "PENDING" if pending else None
    found = claims_page(front.store, source, after=after, limit=min(limit, PAGE_ROWS) + 1, outcome=outcome)
    shown, rest = found[: min(limit, PAGE_ROWS)], found[min(limit, PAGE_ROWS) :]
    rows = _rows(front, principal, source, shown)
    return Page(rows, len(rest), shown[-1].claim_id if rest else None)


def find_claims(
    front: FrontOffice, principal: Principal, *, after: str = "", outcome: str | None = None, number: str = ""
) -> Page[ClaimRow]:
    """As `list_claims`, for a person: those that were opened last first. `outcome`: those alone that have it now.
    `number`: those that have this in their id. Raises Denied, Poison (after, number)."""
    grant = grant_of(principal, "find_claims")
    source = principal.name if grant.reach == "own" else None
    behind = _BEHIND.fullmatch(after)
    if after and (behind is None or not CLAIM_ID.fullmatch(behind[2])):
        raise no_cursor()
    if len(number) > MOST_NUMBER_LETTERS or not number.isprintable():
        raise Poison("INVALID", FieldError("number", f"write at most {MOST_NUMBER_LETTERS} letters of the number"))
    place = (int(behind[1]), behind[2]) if behind is not None else None
    asked: dict[str, Any] = {"outcome": outcome, "number": number}
    found = newest_claims(front.store, source, behind=place, limit=PAGE_ROWS + 1, **asked)
    shown, rest = found[:PAGE_ROWS], found[PAGE_ROWS:]
    cursor = f"{shown[-1].opened_order}.{shown[-1].claim_id}" if rest else None
    return Page(_rows(front, principal, source, shown), len(rest), cursor)


def _rows(front: FrontOffice, principal: Principal, source: str | None, shown: Sequence[Any]) -> tuple[ClaimRow, ...]:
    """`source`: of who sees its own claims alone."""
    seen = [row for row in shown if source is None or _is_seen(front, principal, row.claim_id)]
    missing = missing_of(front.store, {row.claim_id: row.outcome for row in seen})
    return tuple(
        ClaimRow(row.claim_id, row.program, _day(row.event_date), row.revision, row.outcome, missing[row.claim_id])
        for row in seen
    )


def explain_claim(front: FrontOffice, principal: Principal, claim_id: str, language: Language) -> Explanation:
    """The decision in force, in words. Raises Denied, NotFound."""
    claim_seen(front, principal, grant_of(principal, "explain_claim"), claim_id)
    found = status_of(front.store, claim_id)
    said = explain(
        found.decision,
        language,
        payments=found.payments,
        open_codes=found.open_codes,
        place=front.letter_place,
    )
    code = code_of_decision(front.store, claim_id)
    return sealed(said, None if code is None else code.written())


def list_decisions(
    front: FrontOffice, principal: Principal, language: Language, *, after: str = "", limit: int = PAGE_ROWS
) -> Page[FeedItem]:
    """Decisions on the principal's claims, in the order in which they were made. `after`: the cursor of the last one
    that was read; `cursor` of the page is where to go on, also where it has no rows. Raises Denied, Poison."""
    grant = grant_of(principal, "list_decisions")
    source = principal.name if grant.reach == "own" else None
    places, most = places_of(after), min(limit, PAGE_ROWS)
    found = decisions_page(front.store, source, after=places, limit=most)
    rows = []
    for partition, number, claim_id, raw in found:
        places[partition] = number
        if source is None or _is_seen(front, principal, claim_id):
            decision = read_decision(raw)
            seen = _view(ClaimStatus(decision, (), ()), grant.view, language)
            first = _first_claim(front, principal, claim_id, decision.first_claim_id, language)
            rows.append(FeedItem(cursor_of(places), decision.decision_id, _decided(replace(seen, first_claim=first))))
    return Page(tuple(rows), int(len(found) == most), cursor_of(places))


def read_receipt(front: FrontOffice, principal: Principal, digest: str) -> Followed:
    """The receipt of an event that the principal sent, what became of it, and its proof. Raises Denied, NotFound."""
    grant_of(principal, "read_receipt")
    found = followed(front, principal, digest)
    try:
        return replace(found, proof=receipt_of(front.store, bytes.fromhex(digest), principal.name))
    except NotFound:  # no worker has read it, or none has signed since
        return replace(found, proof_by=front.now() + dt.timedelta(seconds=SIGN_SECONDS))


def _is_seen(front: FrontOffice, principal: Principal, claim_id: str) -> bool:
    """Whoever sent something to a claim is not a party by that alone."""
    try:
        claim_seen(front, principal, grant_of(principal, "read_claim"), claim_id)
    except NotFound:
        return False
    return True


def _first_claim(
    front: FrontOffice, principal: Principal, claim_id: str, first_id: str | None, language: Language
) -> FirstClaim | None:
    """Who opened this claim may add to the first one, since it knows the person and the event; others learn of it
    where they may see it anyway."""
    if first_id is None or not (_has_opened(front, principal, claim_id) or _is_seen(front, principal, first_id)):
        return None
    return FirstClaim(first_id, add_to_first(language))


def _has_opened(front: FrontOffice, principal: Principal, claim_id: str) -> bool:
    found = claim_file(front.store, claim_id)
    return found is not None and case_of(found).opener == principal.name


def _decided(claim: ClaimView) -> DecidedClaim:
    return DecidedClaim(**{one.name: getattr(claim, one.name) for one in fields(DecidedClaim)})


def _view(found: ClaimStatus, view: View, language: Language) -> ClaimView:
    decision = found.decision
    is_money = view == "payout"
    is_told = view == "full" or (not is_money and "DOC_REQUESTED" in decision.reason_codes)
    return ClaimView(
        decision.claim_id,
        decision.program,
        decision.event_date,
        decision.revision,
        decision.outcome,
        decision.decided_at.astimezone(dt.UTC),
        () if is_money else _worded(decision.reason_codes, decision, view, language),
        () if is_money else tuple(Worded(paper, paper_name(paper, language)) for paper in decision.missing),
        () if is_money else _worded(found.open_codes, decision, view, language),
        decision.pay_by,
        decision.total if view in _MONEY else None,
        _amounts(decision, view),
        tuple((payment.amount, payment.paid_on) for payment in found.payments) if view in _MONEY else (),
        officer_reason=found.officer_reason if is_told else None,
    )


def _amounts(decision: Decision, view: View) -> tuple[Amount, ...]:
    payees = {"employer": ("employer",), "party": ()}.get(view)
    return tuple(
        Amount(one.line, one.payee, one.amount) for one in decision.benefits if payees is None or one.payee in payees
    )


def _worded(codes: tuple[str, ...], decision: Decision, view: View, language: Language) -> tuple[Worded, ...]:
    """The figures of a check, such as what an employer owes, are for who sees everything. That the employer has
    reported is for all parties: else one that has is told to report."""

    def facts(code: str) -> Mapping[str, Any]:
        found = reason_facts(code, decision, language)
        return found if view == "full" else {name: found[name] for name in _FOR_PARTIES if name in found}

    return tuple(Worded(code, short(code, language), reason_next(code, language, facts(code))) for code in codes)


def _day(stored: str | None) -> dt.date | None:
    return None if stored is None else dt.date.fromisoformat(stored)
