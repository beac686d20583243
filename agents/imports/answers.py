"""The report of a sheet as a document, the same from every door, and as lines for a person."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.claim_sheets.columns import BY_NAME as OF_CLAIMS
from pipeline.enrolment.columns import BY_NAME as OF_MEMBERS
from pipeline.enrolment.payments import BY_NAME as OF_PAYMENTS
from pipeline.enrolment.report import CheckedRow, Placed, RowFault, SheetReport
from pipeline.explain import Language, day, rupiah
from pipeline.explain.figures import month
from pipeline.explain.sheets import cell_fault, sheet_text

_MOST_ROWS_NAMED: Final = 20
_FEW: Final = 3
Document = Mapping[str, Any]
_COLUMNS: Final = {**OF_CLAIMS, **OF_PAYMENTS, **OF_MEMBERS}


def document_of(report: SheetReport, language: Language) -> dict[str, Any]:
    """What an answer about members has. Repeats nothing of the sheet but its places."""
    return _begun(report, language) | {
        "contributions": {
            "amount": report.amount,
            "full": sum(one.full for one in report.dues.values()),
            "members": sum(one.members for one in report.dues.values()),
            "savings": sum(one.savings for one in report.dues.values()),
            "unknown": report.unknown_dues,
            "unknown_savings": report.unknown_savings,
            "reliefs": sorted(report.reliefs),
            "dues": [
                {"month": key[0], "due_on": str(key[1]) if key[1] else None, "members": due.members,
                 "amount": due.amount, "full": due.full,
                 "savings": due.savings, "is_past": _is_past(key[1], report.today)}
                for key, due in sorted(report.dues.items(), key=lambda one: (one[0][0], str(one[0][1])))
            ],
        },
    }  # fmt: skip


def _is_past(due_on: dt.date | None, today: dt.date | None) -> bool:
    return due_on is not None and today is not None and due_on < today


def payments_document(report: SheetReport, language: Language) -> dict[str, Any]:
    """As `document_of`, about payments: `paid` is the rupiah of those that are taken."""
    return _begun(report, language) | {"paid": report.paid}


def claims_document(report: SheetReport, language: Language) -> dict[str, Any]:
    """As `document_of`, about claims: `claims` has the numbers of the first ones, by row."""
    return _begun(report, language) | {"claims": [{"row": row, "claim_id": one} for row, one in report.claims.items()]}


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
    claim = {"claim_id": row.claim_id} if row.claim_id is not None else {}
    return {"row": row.number, "status": row.status, "faults": faults, "expected": expected} | claim


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
    for fault in faults_shown(document, language):
        weight = sheet_text(language, "report", "weight", fault["weight"])
        column = f"{fault['column']}: " if fault["column"] else ""
        yield f"  {fault['place']:>6} {weight}. {column}{fault['detail']}"
    more = document["fault_count"] + document["hint_count"] - len(document["faults"])
    if more:
        yield sheet_text(language, "report", "more", count=more)
    yield from dues_of(document, language)
    yield from left_out_of(document, language)


def faults_shown(document: Document, language: Language) -> list[dict[str, Any]]:
    """The faults as a person reads them: what each row lacks since the sheet has no such column is said once."""
    found: list[dict[str, Any]] = []
    rows: dict[tuple[str, str], list[int]] = {}
    for fault in document["faults"]:
        has_no_column = fault["column"] is not None and fault["place"] == str(fault["row"])
        if not has_no_column:
            found.append(fault)
            continue
        wanting = rows.setdefault((fault["column"], fault["code"]), [])
        if not wanting:
            remedy = sheet_text(language, "report", "no_column", column=fault["column"])
            found.append(fault | {"place": wanting, "detail": f"{fault['detail']} {remedy}"})
        wanting.append(fault["row"])
    return [one | {"place": _some(one["place"], _FEW)} if isinstance(one["place"], list) else one for one in found]


def left_out_of(document: Document, language: Language) -> Iterator[str]:
    """Rows and columns that were not read, a sentence each."""
    rows = [f"{_some(found)} ({sheet_text(language, 'report', 'skipped', reason)})"
            for reason, found in document["skipped"].items()]  # fmt: skip
    if rows:
        yield sheet_text(language, "report", "skipped_rows", rows="; ".join(rows))
    if document["unread"]:
        yield sheet_text(language, "report", "unread", columns=", ".join(document["unread"]))


def dues_of(document: Document, language: Language) -> Iterator[str]:
    """Contributions to expect, a sentence for each month and last day; of claims nothing."""
    if "claims" in document:
        return
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
            text = "due_past" if due["is_past"] else "due"
            yield sheet_text(language, "report", text, due=day(due["due_on"], language), **values)
        if due["savings"]:
            whole = rupiah(due["amount"] + due["savings"], language)
            yield sheet_text(language, "report", "savings", savings=rupiah(due["savings"], language), whole=whole)
    if found["reliefs"]:
        full = rupiah(found["full"], language)
        yield sheet_text(language, "report", "relief", laws=", ".join(found["reliefs"]), full=full)
    if found["unknown"]:
        yield sheet_text(language, "report", "unknown", members=found["unknown"])
    if found["unknown_savings"]:
        yield sheet_text(language, "report", "unknown_savings", members=found["unknown_savings"])


def _some(rows: list[int], most: int = _MOST_ROWS_NAMED) -> str:
    named = ", ".join(map(str, rows[:most]))
    return named if len(rows) <= most else f"{named}, … ({len(rows)})"
