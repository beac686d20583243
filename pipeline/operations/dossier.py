"""Dossiers: all of one claim with its proofs, for an auditor, an officer or a court: masked, or in full with a reason.

Masked it has neither the events as they came nor the papers, so no name, no NIK, no diagnosis. Both are put on record.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.claims.decisions import rule_book_name
from pipeline.errors import NotReady, Poison
from pipeline.explain import LANGUAGES, Explanation, explain, sealed
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.law import Dated
from pipeline.operations.paper_room import PaperFiles, attached
from pipeline.operations.parties import claim_seen
from pipeline.queries.claim import decisions_of, status_of
from pipeline.queries.claim_proofs import ProvedClaim, proofs_of_claim
from pipeline.queries.letter_codes import code_of_decision
from pipeline.queries.submissions import ClaimFile
from pipeline.store.access_rows import AuditRecord
from schemas.decisions import Decision, FieldError

MOST_REASON_LETTERS: Final = 200


@dataclass(frozen=True, slots=True)
class DossierPaper:
    """A scan that was named in the claim. `files` None: its bytes are not in this dossier."""

    sha256: str
    document: str
    media_type: str | None
    files: PaperFiles | None

    def content(self) -> Iterator[bytes]:
        """Raises NotReady where the file is gone, Transient."""
        assert self.files is not None, "the caller has looked"
        return self.files.read(self.sha256)


@dataclass(frozen=True, slots=True)
class Letter:
    """The letter of one decision in one language."""

    revision: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class LawUsed:
    """Every number of the law on the day of the event. `is_same_book`: the rule book of this program is the one that
    decided; None: the decision is older than the note of it."""

    day: dt.date
    rule_version: str
    rule_book: str
    is_same_book: bool | None
    numbers: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """`is_full`: with personal data. `keys`: public keys of the ledger, the newest first; none where their
    file is not here."""

    claim_id: str
    is_full: bool
    proved: ProvedClaim
    decisions: tuple[Decision, ...]
    letters: tuple[Letter, ...]
    law: LawUsed | None
    papers: tuple[DossierPaper, ...]
    keys: tuple[str, ...]


def read_dossier(front: FrontOffice, principal: Principal, claim_id: str, reason: str | None = None) -> Dossier:
    """`reason`: why all of it is needed; None: masked. The audit record is written first.

    Raises Denied, NotFound, Poison (reason); NotReady where nothing can be put on record.
    """
    grant = grant_of(principal, "read_dossier")
    found = claim_seen(front, principal, grant, claim_id)
    why = None if reason is None else _reason(reason)
    if front.put_on_record is None:
        raise NotReady("nothing is put on record here, so no dossier is made")
    front.put_on_record(AuditRecord(front.now(), principal.name, "claim.dossier", claim_id, reason=why))
    decisions = decisions_of(front.store, claim_id)
    return Dossier(
        claim_id,
        why is not None,
        proofs_of_claim(front.store, claim_id),
        decisions,
        tuple(_letters(front, claim_id, decisions)),
        _law(front, decisions[-1]) if decisions else None,
        tuple(_papers(front, principal, found, is_full=why is not None)),
        tuple(front.ledger_keys()),
    )


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > MOST_REASON_LETTERS or re.search(r"[0-9]{16}", reason):
        message = f"write why, in 1 to {MOST_REASON_LETTERS} letters, without a NIK"
        raise Poison("INVALID", FieldError("reason", message))
    return reason


def _letters(front: FrontOffice, claim_id: str, decisions: tuple[Decision, ...]) -> Iterator[Letter]:
    """Of each decision; the one in force with its payments and its code."""
    for decision in decisions[:-1]:
        for language in LANGUAGES:
            yield Letter(decision.revision, explain(decision, language, place=front.letter_place))
    if not decisions:
        return
    status = status_of(front.store, claim_id)
    code = code_of_decision(front.store, claim_id)
    for language in LANGUAGES:
        said = explain(
            status.decision,
            language,
            payments=status.payments,
            open_codes=status.open_codes,
            officer_reason=status.officer_reason,
            place=front.letter_place,
        )
        yield Letter(status.decision.revision, sealed(said, None if code is None else code.written()))


def _law(front: FrontOffice, decision: Decision) -> LawUsed | None:
    """None: before the law that is known here."""
    day, book = decision.event_date, front.book
    if book.find(day) is None:
        return None
    numbers = tuple(
        Dated(name, one.unit, value.written, value.since, value.reference, value.marker)
        for name, one in sorted(book.parameters.items())
        for value in (one.on(day),)
    )
    is_same = None if not decision.rule_book else rule_book_name(book) == decision.rule_book
    return LawUsed(day, decision.rule_version, decision.rule_book, is_same, numbers)


def _papers(front: FrontOffice, principal: Principal, found: ClaimFile, *, is_full: bool) -> Iterator[DossierPaper]:
    for source, sha256, document in dict.fromkeys(attached(found, principal, "full")):
        paper = None if front.papers is None else front.papers.book.of(source, sha256)
        files = front.papers.files if is_full and paper is not None and front.papers is not None else None
        yield DossierPaper(sha256, document, None if paper is None else paper.media_type, files)
