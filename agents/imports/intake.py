"""The desk of an import: checks a sheet by its operation, keeps what is said of each row, and hands in what is ready.

Events go in by the same operation as those of any door, some hundred at once; each has an id that follows from its
content, so that what was interrupted is run again.
"""

from collections.abc import Callable
from typing import Any, Final

from agents.imports.answers import document_of, said
from agents.imports.reader import Sheet
from pipeline.access.principals import Principal
from pipeline.enrolment.report import CheckedRow
from pipeline.errors import Poison
from pipeline.explain import Language, refusal_text
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.operations.imports import import_members
from pipeline.operations.reports import submit_events

EVENTS_TOGETHER: Final = 500
MOST_REFUSALS_NAMED: Final = 100


class Desk:
    """For one sheet. `notes`, `contributions`: by row, for the sheet that goes back. `keeps`: what is ready stays in
    `ready`, by row, for a door that hands it in by itself."""

    def __init__(
        self, front: FrontOffice, principal: Principal, *, confirms: bool = False, keeps: bool = False
    ) -> None:
        self._front = front
        self._principal = principal
        self._confirms = confirms
        self._keeps = keeps
        self._language: Language = "id"
        self._sent = nothing_sent()
        self.ready: list[tuple[int, bytes]] = []
        self.notes: dict[int, list[str]] = {}
        self.contributions: dict[int, int] = {}
        self.on_row: Callable[[CheckedRow], Any] | None = None

    def check(self, sheet: Sheet, language: Language) -> dict[str, Any]:
        """The report as a document; what is ready was handed in where the desk confirms. Raises Denied, Transient."""
        self._language = language
        report = import_members(self._front, self._principal, sheet, self._take)
        self._send()
        found = document_of(report, language)
        return found | {"sent": self._sent} if self._confirms else found

    def _take(self, row: CheckedRow) -> None:
        if row.faults:
            self.notes[row.number] = [said(fault, self._language) for fault in row.faults]
        if row.expected is not None and row.expected.amount is not None:
            self.contributions[row.number] = row.expected.amount
        if self._confirms or self._keeps:
            self.ready += [(row.number, event) for event in row.events]
        if self._confirms and len(self.ready) >= EVENTS_TOGETHER:
            self._send()
        if self.on_row is not None:
            self.on_row(row)

    def _send(self) -> None:
        if not self._confirms or not self.ready:
            return
        answers = submit_events(self._front, self._principal, [event for _, event in self.ready])
        for (number, _), answer in zip(self.ready, answers, strict=True):
            note_answer(self._sent, number, answer, self._language)
        self.ready = []


def nothing_sent() -> dict[str, Any]:
    """What was sent, before anything was."""
    return {"taken": 0, "repeated": 0, "refused": 0, "refusals": []}


def note_answer(sent: dict[str, Any], number: int, answer: Receipt | Exception, language: Language) -> None:
    """Counts a receipt or a refusal, and names the row of a refusal."""
    if isinstance(answer, Receipt):
        sent["repeated" if answer.is_repeated else "taken"] += 1
        return
    sent["refused"] += 1
    if len(sent["refusals"]) < MOST_REFUSALS_NAMED:
        code = answer.reason if isinstance(answer, Poison) else "INVALID"
        sent["refusals"].append({"row": number, "code": code, "detail": refusal_text(code, language)})
