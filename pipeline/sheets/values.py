"""Values out of cells: numbers of persons, days, months, rupiah. Each is read in one way or not at all. Pure.

What a spreadsheet program has changed (a NIK that became a number, a leading zero that is gone) is refused with how to
format the column, and never turned back: digits that are lost would be guessed. Each raises CellFault.
"""

import datetime as dt
import re
import unicodedata
from typing import Final

from pipeline.sheets.cells import Cell, CellFault
from pipeline.sheets.headers import normal
from schemas.values import (
    EMPLOYER_NUMBER_SHAPE,
    FIRST_YEAR,
    LAST_YEAR,
    MAX_DAYS,
    MAX_RUPIAH,
    MEMBER_NUMBER_SHAPE,
    MONTH_SHAPE,
    NIK_SHAPE,
)

_MONTHS: Final = {
    **dict(januari=1, februari=2, maret=3, april=4, mei=5, juni=6, juli=7, agustus=8, september=9, oktober=10),
    **dict(november=11, nopember=11, desember=12, january=1, february=2, march=3, may=5, june=6, july=7, august=8),
    **dict(october=10, december=12, jan=1, feb=2, peb=2, mar=3, apr=4, jun=6, jul=7, agu=8, ags=8, agt=8, aug=8),
    **dict(sep=9, sept=9, okt=10, oct=10, nov=11, nop=11, des=12, dec=12),
}
_PLACE_BEFORE: Final = re.compile(r"^[A-Za-z][A-Za-z .'()-]*,\s*(?=[0-9]+[/. -])")  # `Tangerang, 05-03-1975`
_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{2}|[0-9]{4})")
_DAY_IN_WORDS: Final = re.compile(r"([0-9]{1,2})[ -]+([A-Za-z]+)\.?[ ,-]+([0-9]{2}|[0-9]{4})")
_MONTH_IN_WORDS: Final = re.compile(r"([A-Za-z]+)\.?[ -]+([0-9]{4})")
_MONTH_FIRST: Final = re.compile(r"([0-9]{1,2})[/. -]([0-9]{4})")
_TIME: Final = re.compile(
    r"(?:(?:pukul|jam|pkl)\.? )?([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2})?(?: ?(wib|wita|wit))?", re.IGNORECASE
)
_ZONE: Final = re.compile(r"\b(wib|wita|wit)\b", re.IGNORECASE)
_DAYS: Final = re.compile(r"([0-9]{1,5})(?: ?(?:hari|days?))?", re.IGNORECASE)
_EXPONENT: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_SEPARATORS: Final = re.compile(r"[ .'-]")
# Digits alone, or in groups of three by one sign, with no cents behind the other one; at most 999 thousand million.
_WHOLE: Final = re.compile(
    r"(?:Rp\.? ?)?"
    r"(?P<whole>[0-9]{1,12}|[0-9]{1,3}(?:\.[0-9]{3}){1,3}(?=$|,)|[0-9]{1,3}(?:,[0-9]{3}){1,3}(?=$|\.))"
    r"(?:[.,]00?|,-|\.-)?",
    re.IGNORECASE,
)
_ONE_COMMA: Final = re.compile(r"(?:Rp\.? ?)?[0-9]{1,3},[0-9]{3}", re.IGNORECASE)
_EXCEL_EPOCH: Final = dt.date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 3_654, 73_050  # 1910 to 2099
_MEMBER_DIGITS, _EMPLOYER_DIGITS, _NIK_DIGITS = 11, 8, 16


def text_of(cell: Cell, most: int = 200) -> str:
    """A name or another text, blanks in one."""
    _require_written(cell)
    text = " ".join(unicodedata.normalize("NFC", cell.text).split())
    if len(text) > most:
        raise CellFault("TOO_LONG", {"most": most})
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") for sign in text):
        raise CellFault("UNSEEN_LETTERS")
    return text


def nik_of(cell: Cell) -> str:
    """16 digits, as they are on the KTP. Blanks, dots and dashes between them are left out."""
    _require_written(cell)
    if cell.kind == "number" or _EXPONENT.fullmatch(cell.text):
        raise CellFault("NIK_IS_NUMBER")
    if cell.kind == "date":
        raise CellFault("NIK_DIGITS", {"digits": 0})
    digits = _SEPARATORS.sub("", cell.text)
    if not re.fullmatch(NIK_SHAPE, digits):
        if not (digits.isascii() and digits.isdigit()):
            raise CellFault("NIK_LETTERS")
        raise CellFault("NIK_DIGITS", {"digits": len(digits)})
    return digits


def member_number_of(cell: Cell) -> str:
    """KPJ: 11 digits or capital letters."""
    return _number(cell, MEMBER_NUMBER_SHAPE, _MEMBER_DIGITS, "KPJ")


def employer_number_of(cell: Cell) -> str:
    """NPP: 8 digits or capital letters."""
    return _number(cell, EMPLOYER_NUMBER_SHAPE, _EMPLOYER_DIGITS, "NPP")


def _number(cell: Cell, shape: str, digits: int, name: str) -> str:
    _require_written(cell)
    if _EXPONENT.fullmatch(cell.text):
        raise CellFault("NUMBER_IN_POWERS", {"name": name, "digits": digits})
    if cell.kind == "date":
        raise CellFault("NUMBER_SHAPE", {"name": name, "digits": digits})
    found = _SEPARATORS.sub("", cell.text).upper()
    if re.fullmatch(shape, found):
        return found
    if found.isascii() and found.isdigit() and len(found) < digits:
        raise CellFault("ZEROS_LOST", {"name": name, "digits": digits, "found": len(found)})
    raise CellFault("NUMBER_SHAPE", {"name": name, "digits": digits})


def day_of(cell: Cell, *, is_american: bool = False) -> dt.date:
    """A date of Excel, its serial number, dd/mm/yyyy, yyyy-mm-dd or `31 Januari 1990`; a place may stand before it.

    `is_american`: another date of the column is written month/day/year, so one that can be read both ways is refused.
    """
    _require_written(cell)
    written = _PLACE_BEFORE.sub("", cell.text.strip())
    if cell.kind == "date" or _ISO_DAY.fullmatch(written):
        found = _ISO_DAY.fullmatch(written)
        assert found is not None
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if written.isascii() and written.isdigit() and len(written) in (4, 5):
        if not _FIRST_SERIAL <= int(written) <= _LAST_SERIAL:
            raise CellFault("DATE_SHAPE")
        return _EXCEL_EPOCH + dt.timedelta(days=int(written))
    if found := _DAY_FIRST.fullmatch(written):
        day, month = int(found[1]), int(found[2])
        if len(found[3]) == 2:
            raise CellFault("DATE_SHORT_YEAR")
        if month > 12 and day <= 12:
            raise CellFault("DATE_MONTH_FIRST")
        if is_american and day <= 12 and day != month:
            raise CellFault("DATE_AMBIGUOUS")
        return _day(int(found[3]), month, day)
    if (found := _DAY_IN_WORDS.fullmatch(written)) and (month := _MONTHS.get(found[2].lower(), 0)):
        if len(found[3]) == 2:
            raise CellFault("DATE_SHORT_YEAR")
        return _day(int(found[3]), month, int(found[1]))
    raise CellFault("DATE_SHAPE")


def _day(year: int, month: int, day: int) -> dt.date:
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise CellFault("DATE_NO_SUCH_DAY") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CellFault("DATE_YEAR", {"first_year": FIRST_YEAR, "last_year": LAST_YEAR})
    return found


def month_of(cell: Cell) -> str:
    """2026-11, 11/2026, `November 2026`, or any day of the month; as YYYY-MM."""
    _require_written(cell)
    written = cell.text.strip()
    if cell.kind == "text":
        if re.fullmatch(MONTH_SHAPE, written):
            return written
        if (found := _MONTH_FIRST.fullmatch(written)) and re.fullmatch(MONTH_SHAPE, f"{found[2]}-{int(found[1]):02d}"):
            return f"{found[2]}-{int(found[1]):02d}"
        if (found := _MONTH_IN_WORDS.fullmatch(written)) and (month := _MONTHS.get(found[1].lower(), 0)):
            return f"{found[2]}-{month:02d}"
    try:
        return f"{day_of(cell):%Y-%m}"
    except CellFault:
        raise CellFault("MONTH_SHAPE") from None


def time_of(cell: Cell) -> str:
    """A time of Excel, `8.30`, `08:30` or `08.30 WITA`; as hh:mm. Of a number it is not known what it was."""
    if cell.kind != "time":
        _require_written(cell)
    found = _TIME.fullmatch(cell.text.strip()) if cell.kind in ("text", "time") else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise CellFault("TIME_SHAPE")
    return f"{int(found[1]):02d}:{found[2]}"


def zone_in(text: str) -> str | None:
    """The zone that a time or a title names: `08.30 WITA`, `Jam (WITA)`. None: none, or more than one."""
    found = {one.upper() for one in _ZONE.findall(text)}
    return found.pop() if len(found) == 1 else None


def days_of(cell: Cell) -> int:
    """A number of days: `30` or `30 hari`."""
    _require_written(cell)
    found = _DAYS.fullmatch(cell.text.strip()) if cell.kind in ("text", "number") else None
    if found is None or int(found[1]) > MAX_DAYS:
        raise CellFault("DAYS_SHAPE")
    return int(found[1])


def rupiah_of(cell: Cell) -> int:
    """`4500000`, `4.500.000`, `Rp4.500.000,00`. What could be read in two ways is refused, as `4,500` is."""
    _require_written(cell)
    if cell.kind == "date" or _EXPONENT.fullmatch(cell.text):
        raise CellFault("MONEY_SHAPE")
    written = cell.text.strip()
    if written.startswith("-"):
        raise CellFault("MONEY_NEGATIVE")
    if cell.kind == "number":
        if not written.isdigit():
            raise CellFault("MONEY_FRACTION")
        amount = int(written)
    else:
        amount = amount_of(written)
    if amount > MAX_RUPIAH:
        raise CellFault("MONEY_TOO_MUCH")
    return amount


def amount_of(written: str) -> int:
    """A whole number as people write it, in a cell or in a form; nothing is guessed. Raises CellFault."""
    if _ONE_COMMA.fullmatch(written):
        raise CellFault("MONEY_TWO_WAYS")
    found = _WHOLE.fullmatch(written)
    if found is None:
        raise CellFault("MONEY_SHAPE")
    return int(re.sub(r"[.,]", "", found["whole"]))


def choice_of(cell: Cell, spellings: dict[str, str], choices: str) -> str:
    """One of a list, by any of its normal spellings (`headers.normal`). `choices`: the list, for the fault."""
    _require_written(cell)
    found = spellings.get(normal(cell.text))
    if found is None:
        raise CellFault("NOT_IN_LIST", {"choices": choices})
    return found


def _require_written(cell: Cell) -> None:
    if cell.kind == "formula":
        raise CellFault("FORMULA")
    if cell.kind in ("error", "time"):
        raise CellFault("CELL_ERROR")
    if not cell.text:
        raise CellFault("EMPTY")
