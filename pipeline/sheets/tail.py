"""Rows of a sheet that are nobody: totals, what is below them, rows with nothing in a column that is read. Pure.

None is left out in silence: who reads a sheet names them.
"""

import re
from typing import Final

from pipeline.sheets.cells import Row
from pipeline.sheets.headers import normal

_TOTAL: Final = re.compile(r"(?:grand |sub ?)?(?:total|jumlah|subtotal|rata rata|terbilang)\b")
_NUMBERS_OF_SOMEBODY: Final = ("nik", "member_number")
_LEAST_DIGITS: Final = 8  # of a number that names somebody: NIK, KPJ, phone
_FEW: Final = 2


class Tail:
    """Looks at the rows of one sheet in their order."""

    def __init__(self) -> None:
        self._is_below_total = False

    def reason_to_skip(self, row: Row) -> str | None:
        """None: the row is read."""
        filled = [cell for cell in row.cells.values() if not cell.is_empty]
        written = [cell.text for cell in (*row.cells.values(), *row.other.values()) if cell.text]
        names_somebody = any(
            _digits(cell.text) >= _LEAST_DIGITS for name, cell in row.cells.items() if name in _NUMBERS_OF_SOMEBODY
        )
        if not names_somebody and any(_TOTAL.match(normal(text)) for text in written):
            self._is_below_total = True
            return "total"
        if not filled:
            return "other_columns"
        if self._is_below_total and not names_somebody and len(filled) <= _FEW:
            return "below_total"
        return None


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)
