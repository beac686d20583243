"""The desk of an import: checks a sheet by its operation, keeps what is said of each row, and hands in what is ready.

Events go in by the same operation as those of any door, some hundred at once; each has an id that follows from its
content, so that what was interrupted is run again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from agents.imports.answers import claims_document, document_of, payments_document, said
from agents.imports.aside import Aside
from agents.imports.reader import Sheet
from pipeline.access.principals import Principal
from pipeline.claim_sheets.columns import ALL as CLAIM_COLUMNS
from pipeline.claim_sheets.columns import COLUMNS as COLUMNS_OF_CLAIMS
from pipeline.claim_sheets.columns import Kind, columns_for
from pipeline.enrolment.columns import COLUMNS
from pipeline.enrolment.payments import COLUMNS as PAYMENT_COLUMNS
from pipeline.enrolment.report import CheckedRow, SheetReport
from pipeline.errors import Poison
from pipeline.explain import Language, refusal_text
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.operations.imports import import_claims, import_contributions, import_members
from pipeline.operations.reports import submit_events
from pipeline.sheets.headers import Column

EVENTS_TOGETHER: Final = 500
MOST_REFUSALS_NAMED: Final = 100
SENT: Final = ("refused", "taken", "repeated")  # what becomes of an event; of a row, the first of these


class Subject(NamedTuple):
    """One kind of sheet: its name, as in addresses; its columns, the operation that checks it, the document of its
    report, and the statuses of rows that a confirmation sends."""

    name: str
    columns: tuple[Column, ...]
    operation: Callable[..., SheetReport]
    document: Callable[[SheetReport, Language], dict[str, Any]]
    ready: tuple[str, ...]

    def ready_count(self, found: Mapping[str, Any]) -> int:
        """Rows of a report that a confirmation sends."""
        return sum(found["counts"][status] for status in self.ready)


MEMBERS: Final = Subject("members", COLUMNS, import_members, document_of, ("good",))
CONTRIBUTIONS: Final = Subject(
    "contributions", PAYMENT_COLUMNS, import_contributions, payments_document, ("matched", "over")
)
CLAIMS: Final = Subject("claims", CLAIM_COLUMNS, import_claims, claims_document, ("ready",))


def claims_of(kind: Kind | None, sender_kind: str | None = None) -> Subject:
    """Claims of one kind alone; None: as the titles of the sheet say. `sender_kind`: with the columns of these senders;
    None: with all."""
    if kind is None:
        return CLAIMS
    columns = COLUMNS_OF_CLAIMS[kind] if sender_kind is None else columns_for(kind, sender_kind)
    return CLAIMS._replace(columns=columns)


class Desk:
    """For one sheet. `notes`: where `corrects`, of each row JSON of (faults, result: a contribution or the number of a
    claim), for the sheet that goes back. `kept`: where `keeps`, the events that are ready, for a door that hands them
    in by itself."""

    def __init__(
        self,
        front: FrontOffice,
        principal: Principal,
        subject: Subject = MEMBERS,
        *,
        confirms: bool = False,
        keeps: bool = False,
        corrects: bool = False,
    ) -> None:
        self.subject = subject
        self._front = front
        self._principal = principal
        self._confirms = confirms
        self._language: Language = "id"
        self._sent = nothing_sent()
        self._ready: list[tuple[int, bytes]] = []
        self.kept = Aside() if keeps else None
        self.notes = Aside() if corrects else None
        self.on_row: Callable[[CheckedRow], Any] | None = None

    def check(self, sheet: Sheet, language: Language) -> dict[str, Any]:
        """The report as a document; what is ready was handed in where the desk confirms. Raises Denied, Transient."""
        self._language = language
        report = self.subject.operation(self._front, self._principal, sheet, self._take)
        self._send()
        found = self.subject.document(report, language)
        return found | {"sent": self._sent} if self._confirms else found

    def _take(self, row: CheckedRow) -> None:
        if self.notes is not None:
            whole = row.expected.whole if row.expected is not None else None
            result = row.claim_id if row.claim_id is not None else whole
            if row.faults or result is not None:
                faults = [said(fault, self._language) for fault in row.faults]
                self.notes.add(row.number, orjson.dumps([faults, result]))
        if self.kept is not None:
            for event in row.events:
                self.kept.add(row.number, event)
        if self._confirms:
            self._ready += [(row.number, event) for event in row.events]
            if len(self._ready) >= EVENTS_TOGETHER:
                self._send()
        if self.on_row is not None:
            self.on_row(row)

    def _send(self) -> None:
        if not self._ready:
            return
        answers = submit_events(self._front, self._principal, [event for _, event in self._ready])
        for (number, _), answer in zip(self._ready, answers, strict=True):
            note_answer(self._sent, number, answer, self._language)
        self._ready = []


def nothing_sent() -> dict[str, Any]:
    """What was sent, before anything was."""
    return {"taken": 0, "repeated": 0, "refused": 0, "refusals": []}


def note_answer(sent: dict[str, Any], number: int, answer: Receipt | Exception, language: Language) -> str:
    """Counts a receipt or a refusal, and names the row of a refusal. Which of SENT it is."""
    if isinstance(answer, Receipt):
        state = "repeated" if answer.is_repeated else "taken"
        sent[state] += 1
        return state
    sent["refused"] += 1
    if len(sent["refusals"]) < MOST_REFUSALS_NAMED:
        code = answer.reason if isinstance(answer, Poison) else "INVALID"
        sent["refusals"].append({"row": number, "code": code, "detail": refusal_text(code, language)})
    return "refused"
