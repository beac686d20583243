"""Events of a row, as the same operations take them from any door. Ids follow from the content. Pure."""

import base64
import datetime as dt
import hashlib
from typing import Any, Final

import orjson

from pipeline.enrolment.rows import MemberRow
from schemas.envelope import document, type_of
from schemas.membership import MemberRegistered, WageReported

_WAGE_EARNERS: Final = frozenset({"PU", "JAKON"})
_OPTIONAL: Final = ("channel", "region", "wage_basis", "sector", "funded_by")
_LETTERS: Final = 32  # 160 bits


def events_of(row: MemberRow, source: str, time: dt.datetime) -> tuple[bytes, ...]:
    """The registration, and of who earns a wage the wage of its month. Only of a row without faults."""
    made = [_event(MemberRegistered, registration_of(row, source), source, time)]
    if (wage := wage_of(row)) is not None:
        made.append(_event(WageReported, wage, source, time))
    return tuple(made)


def registration_of(row: MemberRow, source: str) -> dict[str, Any]:
    """The `data` of the registration."""
    registered_on = row.values["registered_on"].isoformat()
    data = {
        "member_number": row.values["member_number"],
        "nik": row.values["nik"],
        "name": row.values["name"],
        "birth_date": row.values["birth_date"].isoformat(),
        "segment": row.values["segment"],
        "registered_on": registered_on,
        "programs": [{"program": one, "since": registered_on} for one in row.values["programs"]],
    }
    data |= {name: row.values[name] for name in _OPTIONAL if name in row.values}
    fields = {"number": "employer_number", "name": "employer_name", "scale": "scale", "risk_class": "risk_class"}
    employer = {name: row.values[column] for name, column in fields.items() if column in row.values}
    if employer:
        data["employer"] = employer
    if data["segment"] == "BPU":
        data["declared_income"] = row.values["income"]
    return data


def wage_of(row: MemberRow) -> dict[str, Any] | None:
    """The `data` of the report of the wage; None: of a member without a wage."""
    if row.values["segment"] not in _WAGE_EARNERS:
        return None
    month = row.values["registered_on"].strftime("%Y-%m")
    found = {"member_number": row.values["member_number"], "month": month, "wage": row.values["income"]}
    return found | ({"basis": row.values["wage_basis"]} if "wage_basis" in row.values else {})


def _event(kind: type, data: dict[str, Any], source: str, time: dt.datetime) -> bytes:
    made = document(kind, event_id=content_id(kind, data, source), source=source, time=time, data=data)
    return orjson.dumps(made)


def content_id(kind: type, data: dict[str, Any], source: str) -> str:
    """The same content has the same id, so that a sheet that comes again doubles nothing. In groups of eight, for an id
    with sixteen digits in a row could be a NIK."""
    digest = hashlib.sha256(orjson.dumps([type_of(kind), source, data], option=orjson.OPT_SORT_KEYS)).digest()
    letters = base64.b32encode(digest).decode()[:_LETTERS]
    return "sheet-" + "-".join(letters[at : at + 8] for at in range(0, _LETTERS, 8))
