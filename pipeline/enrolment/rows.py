"""One row of the sheet of members: its cells as values, and what is wrong with it by itself. Pure."""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pipeline.enrolment.columns import CHOICES, PROGRAMS, SPELLED, choices_of
from pipeline.enrolment.niks import faults_of
from pipeline.enrolment.report import RowFault
from pipeline.law.declarations import Law
from pipeline.sheets.cells import Cell, CellFault, Row
from pipeline.sheets.values import (
    choice_of,
    day_of,
    employer_number_of,
    member_number_of,
    nik_of,
    rupiah_of,
    text_of,
)

_BETWEEN_PROGRAMS: Final = re.compile(r"[^A-Z]+")
_NEEDED: Final = ("nik", "name", "birth_date", "segment", "registered_on", "programs")
_WAGE_EARNERS: Final = frozenset({"PU", "JAKON"})


@dataclass(slots=True)
class MemberRow:
    """`values`: by column, those that could be read. `faults`: of what could not, and of what does not fit together."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)

    def get(self, column: str) -> Any:
        """None: empty, or not readable."""
        return self.values.get(column)

    def add(self, column: str | None, code: str, weight: str = "fault", **facts: str | int) -> None:
        self.faults.append(RowFault(column, code, facts, cast(Any, weight)))


def read_row(row: Row, american: frozenset[str]) -> MemberRow:
    """Every value that can be read; a fault for each that cannot. Columns that need not be filled in may be empty."""
    return read_values(row, _READERS, _NEEDED, american)


def read_values(
    row: Row, readers: Mapping[str, Callable[[Cell], Any]], needed: Collection[str], american: frozenset[str]
) -> MemberRow:
    """As `read_row`, for any kind of sheet. `readers`: by column; `american`: columns with the month first."""
    found = MemberRow(row.number)
    for column, read in readers.items():
        cell = row.cell(column)
        if cell.is_empty:
            if column in needed:
                found.add(column, "EMPTY")
            continue
        try:
            found.values[column] = day_of(cell, is_american=column in american) if read is day_of else read(cell)
        except CellFault as fault:
            found.faults.append(RowFault(column, fault.code, fault.facts))
    return found


def check_row(row: MemberRow, today: dt.date, law: Law) -> None:
    """Adds what does not fit together, by the law of the day of registration."""
    _check_person(row, today, law)
    _check_programs(row, law)
    segment = row.get("segment")
    if segment in _WAGE_EARNERS or segment == "BPU":
        if "income" not in row.values and not _has_fault(row, "income"):
            row.add("income", "INCOME_NEEDED" if segment == "BPU" else "WAGE_NEEDED")
        elif row.get("income") == 0 and segment != "BPU":
            row.add("income", "WAGE_NEEDED")
    if segment == "PU" and "risk_class" not in row.values and not _has_fault(row, "risk_class"):
        row.add("risk_class", "RISK_NEEDED", "hint")
    registered_on = row.get("registered_on")
    if registered_on is not None and registered_on > today:
        row.add("registered_on", "REGISTERED_LATER")


def _check_person(row: MemberRow, today: dt.date, law: Law) -> None:
    birth_date, nik, registered_on = row.get("birth_date"), row.get("nik"), row.get("registered_on")
    if nik is not None:
        for fault in faults_of(nik, birth_date, row.get("sex"), today):
            weight = "fault" if fault.is_certain else "hint" if fault.code == "NIK_REGENCY" else "question"
            row.add("nik", fault.code, weight)
    if birth_date is None or registered_on is None:
        return
    if birth_date > registered_on:
        row.add("birth_date", "BORN_LATER")
        return
    age = (
        registered_on.year
        - birth_date.year
        - ((registered_on.month, registered_on.day) < (birth_date.month, birth_date.day))
    )
    if age < law.age_minimum.value:
        row.add("birth_date", "TOO_YOUNG", age=age, least=law.age_minimum.value)
    elif age <= law.age_light_work_until.value:
        row.add("birth_date", "YOUNG", "hint", age=age)
    elif row.get("segment") == "BPU" and age >= law.bpu_registration_age_limit.value:
        row.add("birth_date", "TOO_OLD", "question", age=age, limit=law.bpu_registration_age_limit.value)


def _check_programs(row: MemberRow, law: Law) -> None:
    """What the segment must hold, and what is not open to it."""
    segment, programs = row.get("segment"), row.get("programs")
    if segment is None or programs is None:
        return
    holder = segment
    if segment == "PU":
        scale = row.get("scale")
        if scale is None:
            if set(programs) != set(PROGRAMS) and not _has_fault(row, "scale"):
                row.add("scale", "SCALE_NEEDED")
            if not {"JKK", "JKM"} <= set(programs):
                row.add("programs", "PROGRAMS_MISSING", programs="JKK, JKM")
            return
        holder = f"PU_{scale}"
    allowed = law.programs_allowed.value[holder]
    missing = [one for one in PROGRAMS if allowed[one] == "must" and one not in programs]
    closed = [one for one in programs if allowed[one] == "no"]
    if missing:
        row.add("programs", "PROGRAMS_MISSING", programs=", ".join(missing))
    if closed:
        row.add("programs", "PROGRAMS_CLOSED", programs=", ".join(closed))


def _has_fault(row: MemberRow, column: str) -> bool:
    return any(fault.column == column for fault in row.faults)


def programs_of(cell: Cell) -> tuple[str, ...]:
    """`JKK + JKM, JHT` -> ("JKK", "JKM", "JHT"), in the order of the law. Raises CellFault."""
    text = text_of(cell).upper().replace(" DAN ", " ").replace(" AND ", " ")
    named = [one for one in _BETWEEN_PROGRAMS.split(text) if one]
    if not named or set(named) - set(PROGRAMS) or any(sign.isdigit() for sign in text):
        raise CellFault("PROGRAMS_UNKNOWN")
    return tuple(one for one in PROGRAMS if one in named)


def _choice(column: str) -> Callable[[Cell], str]:
    return lambda cell: choice_of(cell, SPELLED[column], ", ".join(choices_of(CHOICES[column], "id")))


_READERS: Final[dict[str, Callable[[Cell], Any]]] = {
    "nik": nik_of,
    "name": text_of,
    "birth_date": day_of,
    "sex": _choice("sex"),
    "member_number": member_number_of,
    "segment": _choice("segment"),
    "registered_on": day_of,
    "programs": programs_of,
    "income": rupiah_of,
    "wage_basis": _choice("wage_basis"),
    "sector": _choice("sector"),
    "funded_by": _choice("funded_by"),
    "employer_number": employer_number_of,
    "employer_name": text_of,
    "scale": _choice("scale"),
    "risk_class": _choice("risk_class"),
    "channel": text_of,
    "region": text_of,
    "decision": _choice("decision"),
}
