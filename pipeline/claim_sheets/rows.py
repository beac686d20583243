"""One row of a sheet of accidents or of deaths: its values, what is wrong with it, the data of its event. Pure."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.claim_sheets.columns import (
    CHOICES,
    COLUMNS,
    LEVELS,
    PAPERS,
    RELATIVES,
    SPELLED,
    Kind,
    section_of,
)
from pipeline.enrolment.columns import choices_of, spelled
from pipeline.enrolment.niks import faults_of
from pipeline.enrolment.rows import MemberRow, read_values
from pipeline.sheets.cells import Cell, CellFault, Row
from pipeline.sheets.headers import normal
from pipeline.sheets.values import (
    choice_of,
    day_of,
    days_of,
    member_number_of,
    nik_of,
    rupiah_of,
    text_of,
    time_of,
    zone_in,
)
from schemas.claims import SECTION_WRITERS
from schemas.clock import JAKARTA, ZONES

_BETWEEN: Final = re.compile(r"[,;/\n+]| dan | and ", re.IGNORECASE)
_CHILD: Final = re.compile(r"(?P<born>.+?)(?:[ :]+(?P<level>[A-Za-z]{2,8}))?")
_TRAVEL: Final = frozenset({"commuting", "duty_travel", "errand"})
_EMPLOYERS: Final = frozenset({"employer", "cooperative"})
_MOST_LETTERS: Final = 2_000  # of a course of events; a cell holds no more
_NEEDED: Final[Mapping[Kind, frozenset[str]]] = {
    kind: frozenset(one.name for one in columns if one.is_needed) for kind, columns in COLUMNS.items()
}


def read_claim_row(row: Row, kind: Kind, american: frozenset[str], zone: str | None = None) -> MemberRow:
    """Every value that can be read; a fault for each that cannot. `zone`: what the title of the times says."""
    readers = {column.name: _READERS[column.name] for column in COLUMNS[kind]}
    found = read_values(row, readers, _NEEDED[kind], american)
    if "occurred_at" in found.values:
        _put_zone(found, zone, zone_in(row.cell("occurred_at").text))
    return found


def _put_zone(row: MemberRow, *said: str | None) -> None:
    """One zone for the row: by its column, its time, or the title. Where they differ, nobody knows which is right."""
    zones = {*said, row.get("zone")} - {None}
    if len(zones) > 1:
        row.add("zone" if "zone" in row.values else "occurred_at", "ZONES_DIFFER", zones=", ".join(sorted(zones)))
    elif zones:
        row.values["zone"] = zones.pop()


def check_claim_row(row: MemberRow, kind: Kind, sender_kind: str, now: dt.datetime) -> None:
    """Adds what does not fit together, what the sender may not say, and what lies after `now` (aware)."""
    _check_person(row, now)
    allowed = SECTION_WRITERS.get(sender_kind, frozenset())
    for column in row.values:
        section = section_of(column, kind)
        if section is not None and section not in allowed:
            row.add(column, "NOT_YOURS_TO_SAY")
    for column in ("occurred_on", "diagnosed_on", "reported_on", "died_on"):
        if (day := row.get(column)) is not None and day > _today(row, now):
            row.add(column, "DAY_TO_COME")
    if kind == "death":
        _check_family(row)
        return
    _check_accident(row, sender_kind, now)


def _check_person(row: MemberRow, now: dt.datetime) -> None:
    nik = row.get("nik")
    tried = row.values.keys() | {fault.column for fault in row.faults}
    if not {"member_number", "nik"} & tried:
        row.add("member_number", "PERSON_NEEDED")
    if nik is not None:
        for fault in faults_of(nik, None, None, now.astimezone(JAKARTA).date()):
            if fault.is_certain:
                row.add("nik", fault.code)


def _check_family(row: MemberRow) -> None:
    relatives = [one["relation"] for one in row.values.get("relatives", ())]
    if "child" in relatives and "children" not in row.values and not _has_fault(row, "children"):
        row.add("children", "CHILDREN_NEEDED")


def _check_accident(row: MemberRow, sender_kind: str, now: dt.datetime) -> None:
    day, kind = row.get("occurred_on"), row.get("kind")
    moment = moment_of(row)
    if moment is not None and day <= _today(row, now) and moment > now:
        row.add("occurred_at", "TIME_TO_COME")
    if kind == "occupational_disease" and row.get("diagnosed_on") is None and not _has_fault(row, "diagnosed_on"):
        row.add("diagnosed_on", "DIAGNOSED_NEEDED")
    died_on = row.get("died_on")
    if kind == "sudden_death" and died_on is None and not _has_fault(row, "died_on") and sender_kind not in _EMPLOYERS:
        row.add("died_on", "DIED_NEEDED")
    if row.get("setting") in _TRAVEL and row.get("traffic") is None and not _has_fault(row, "traffic"):
        row.add("traffic", "TRAFFIC_NEEDED")
    if sender_kind in _EMPLOYERS and row.get("reported_on") is None and not _has_fault(row, "reported_on"):
        row.add("reported_on", "EMPTY")
    if day is None:
        return
    if died_on is not None and died_on < day:
        row.add("died_on", "DIED_BEFORE")
    if (reported_on := row.get("reported_on")) is not None and reported_on < day:
        row.add("reported_on", "REPORTED_BEFORE")


def moment_of(row: MemberRow) -> dt.datetime | None:
    """When the accident happened, in the time of its place, so that its day is the one that is written; None: it cannot
    be read."""
    day, time = row.get("occurred_on"), row.get("occurred_at")
    if day is None or time is None:
        return None
    return dt.datetime.combine(day, dt.time.fromisoformat(time), _zone_of(row))


def _zone_of(row: MemberRow) -> dt.timezone:
    return ZONES[row.values.get("zone", "WIB")]


def _today(row: MemberRow, now: dt.datetime) -> dt.date:
    """Where it happened; where the row does not say, the day that has begun anywhere in Indonesia."""
    return now.astimezone(ZONES[row.values.get("zone", "WIT")]).date()


def data_of(row: MemberRow, kind: Kind) -> dict[str, Any]:
    """The `data` of the event, without the number of the claim. Only of a row without faults."""
    person = ("member_number", "nik", "name")
    data: dict[str, Any] = {"member": {one: row.values[one] for one in person if one in row.values}}
    for column, (*sections, name) in _PATHS[kind].items():
        if column in row.values:
            place = data
            for section in sections:
                place = place.setdefault(section, {})
            value = row.values[column]
            place[name] = value.isoformat() if isinstance(value, dt.date) else value
    if kind == "accident":
        moment = moment_of(row)
        assert moment is not None
        data["accident"] |= {"occurred_at": moment.isoformat()}
        if (reported_on := row.get("reported_on")) is not None:
            begun = dt.datetime.combine(reported_on, dt.time(), _zone_of(row))
            data["report"] = {"reported_at": max(begun, moment).isoformat()}
    return data


# Column: the path of what it says in the `data`; the moment and the report are made of two columns each.
_PATHS: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    "accident": {
        "kind": ("accident", "kind"),
        "setting": ("accident", "setting"),
        "traffic": ("accident", "traffic"),
        "diagnosed_on": ("accident", "diagnosed_on"),
        "place": ("accident", "place"),
        "chronology": ("accident", "chronology"),
        "diagnosis": ("medical", "diagnosis"),
        "unable_days": ("medical", "unable_to_work_days"),
        "died_on": ("medical", "death", "died_on"),
        "treatment": ("costs", "treatment"),
        "transport": ("costs", "transport", "land"),
        "jasa_raharja": ("costs", "jasa_raharja_paid"),
        "documents": ("documents",),
    },
    "death": {
        "died_on": ("death", "died_on"),
        "cause": ("death", "cause"),
        "relatives": ("heirs", "relatives"),
        "children": ("children",),
        "documents": ("documents",),
    },
}


def _has_fault(row: MemberRow, column: str) -> bool:
    return any(fault.column == column for fault in row.faults)


def _several(cell: Cell, words: Mapping[str, tuple[str, ...]], code: str) -> list[str]:
    known = spelled(words)
    found = [known.get(normal(one)) for one in _BETWEEN.split(text_of(cell)) if one.strip()]
    if not found or None in found:
        raise CellFault(code, {"choices": ", ".join(choices_of(words, "id"))})
    return [one for one in found if one is not None]


def _documents_of(cell: Cell) -> list[str]:
    """`KTP, surat dokter`: each once, in one order."""
    return sorted(set(_several(cell, PAPERS, "PAPERS_UNKNOWN")))


def _relatives_of(cell: Cell) -> list[dict[str, str]]:
    """`istri, anak, anak`."""
    return [{"relation": one} for one in _several(cell, RELATIVES, "RELATIVES_UNKNOWN")]


def _children_of(cell: Cell) -> list[dict[str, Any]]:
    """`05/06/2012 SD; 01/02/2020`: the day of birth, and the school of one who goes to one."""
    found = []
    for written in re.split(r"[;\n]", cell.text) if cell.kind == "text" else [cell.text]:
        matched = _CHILD.fullmatch(written.strip())
        if matched is None:
            raise CellFault("CHILDREN_SHAPE")
        level = (matched["level"] or "").upper()
        if level and level not in LEVELS:
            raise CellFault("CHILDREN_SHAPE")
        try:
            born = day_of(Cell(matched["born"], cell.kind))
        except CellFault:
            raise CellFault("CHILDREN_SHAPE") from None
        found.append({"birth_date": born.isoformat(), "in_school": bool(level)} | ({"level": level} if level else {}))
    return found


def _choice(column: str) -> Callable[[Cell], str]:
    return lambda cell: choice_of(cell, SPELLED[column], ", ".join(choices_of(CHOICES[column], "id")))


def _text(cell: Cell) -> str:
    return text_of(cell, _MOST_LETTERS)


_READERS: Final[Mapping[str, Callable[[Cell], Any]]] = {
    "member_number": member_number_of,
    "nik": nik_of,
    "name": text_of,
    **dict.fromkeys(("occurred_on", "diagnosed_on", "died_on", "reported_on"), day_of),
    "occurred_at": time_of,
    **{one: _choice(one) for one in CHOICES},
    **dict.fromkeys(("place", "chronology", "diagnosis"), _text),
    "unable_days": days_of,
    **dict.fromkeys(("treatment", "transport", "jasa_raharja"), rupiah_of),
    "documents": _documents_of,
    "relatives": _relatives_of,
    "children": _children_of,
}
