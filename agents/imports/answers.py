"""The report of a sheet as a document, the same from every door, and as lines for a person."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.enrolment.columns import BY_NAME as OF_MEMBERS
from pipeline.enrolment.payments import BY_NAME as OF_PAYMENTS
from pipeline.enrolment.report import CheckedRow, Placed, RowFault, SheetReport
from pipeline.explain import Language, day, rupiah
from pipeline.explain.figures import month
from pipeline.explain.sheets import cell_fault, sheet_text

_MOST_ROWS_NAMED: Final = 20
Document = Mapping[str, Any]
_COLUMNS: Final = {**OF_PAYMENTS, **OF_MEMBERS}


def document_of(report: SheetReport, language: Language) -> dict[str, Any]:
    """What an answer about members has. Repeats nothing of the sheet but its places."""
    return _begun(report, language) | {
        "contributions": {
            "amount": report.amount,
            "full": sum(one.full for one in report.dues.values()),
            "members": sum(one.members for one in report.dues.values()),
            "unknown": report.unknown_dues,
            "reliefs": sorted(report.reliefs),
            "dues": [
                {"month": key[0], "due_on": str(key[1]) if key[1] else None, "members": due.members,
                 "amount": due.amount, "full": due.full}
                for key, due in sorted(report.dues.items(), key=lambda one: (one[0][0], str(one[0][1])))
            ],
        },
    }  # fmt: skip


def payments_document(report: SheetReport, language: Language) -> dict[str, Any]:
    """As `document_of`, about payments: `paid` is the rupiah of those that are taken."""
    return _begun(report, language) | {"paid": report.paid}


def _begun(report: SheetReport, language: Language) -> dict[str, Any]:
    return {
        "id": report.id,
        "rows": report.rows,
        "counts": report.counts,
        "faults": [fault_document(one, language) for one in report.faults],
        "fault_count": report.fault_count,
        "hint_count": report.hint_count,
        "skipped": report.skipped,
        "unread": report.unread,
        "sent": None,
    }


def fault_document(placed: Placed, language: Language) -> dict[str, Any]:
    fault = placed.fault
    return {
        "row": placed.row,
        "place": placed.place,
        "column": _COLUMNS[fault.column].titled(language) if fault.column is not None else None,
        "code": fault.code,
        "weight": fault.weight,
        "detail": cell_fault(fault.code, fault.facts, language),
    }


def row_document(row: CheckedRow, language: Language) -> dict[str, Any]:
    """One row, for who wants them all. `expected`: the contribution of the member."""
    expected = row.expected._asdict() if row.expected is not None else None
    faults = [{"column": one.column, "code": one.code, "weight": one.weight, "detail": said(one, language)}
              for one in row.faults]  # fmt: skip
    return {"row": row.number, "status": row.status, "faults": faults, "expected": expected}


def said(fault: RowFault, language: Language) -> str:
    """A fault in a sentence, with the title of its column before it."""
    sentence = cell_fault(fault.code, fault.facts, language)
    return f"{_COLUMNS[fault.column].titled(language)}: {sentence}" if fault.column is not None else sentence


def lines_of(document: Document, file: str, language: Language) -> Iterator[str]:
    """The report for a person at a terminal; most important first."""
    yield sheet_text(language, "report", "title", file=file, rows=document["rows"])
    for status, count in document["counts"].items():
        if count:
            yield f"  {count:>6} {sheet_text(language, 'report', 'status', status)}"
    for fault in document["faults"]:
        weight = sheet_text(language, "report", "weight", fault["weight"])
        column = f"{fault['column']}: " if fault["column"] else ""
        yield f"  {fault['place']:>6} {weight}. {column}{fault['detail']}"
    more = document["fault_count"] + document["hint_count"] - len(document["faults"])
    if more:
        yield sheet_text(language, "report", "more", count=more)
    yield from dues_of(document, language)
    rows = [f"{_some(found)} ({sheet_text(language, 'report', 'skipped', reason)})"
            for reason, found in document["skipped"].items()]  # fmt: skip
    if rows:
        yield sheet_text(language, "report", "skipped_rows", rows="; ".join(rows))
    if document["unread"]:
        yield sheet_text(language, "report", "unread", columns=", ".join(document["unread"]))


def dues_of(document: Document, language: Language) -> Iterator[str]:
    """Contributions to expect, a sentence for each month and last day."""
    if "paid" in document:
        yield sheet_text(language, "report", "paid", amount=rupiah(document["paid"], language))
        return
    found = document["contributions"]
    for due in found["dues"]:
        values = {
            "month": month(due["month"], language),
            "members": due["members"],
            "amount": rupiah(due["amount"], language),
        }
        if due["due_on"] is None:
            yield sheet_text(language, "report", "due_with_contract", **values)
        else:
            yield sheet_text(language, "report", "due", due=day(due["due_on"], language), **values)
    if found["reliefs"]:
        full = rupiah(found["full"], language)
        yield sheet_text(language, "report", "relief", laws=", ".join(found["reliefs"]), full=full)
    if found["unknown"]:
        yield sheet_text(language, "report", "unknown", members=found["unknown"])


def _some(rows: list[int]) -> str:
    named = ", ".join(map(str, rows[:_MOST_ROWS_NAMED]))
    return named if len(rows) <= _MOST_ROWS_NAMED else f"{named}, …"
