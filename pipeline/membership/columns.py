"""Columns of whole numbers, packed into bytes: a member has 100 to 150 contribution months, and reads few of them.

Months as `pipeline.law.calendar.month_index` counts them and days as `date.toordinal` are short; times in microseconds
since 1970 UTC and rupiah are long.
"""

import struct
from typing import Final

SHORT: Final = 4  # bytes of a packed number
LONG: Final = 8
_ONE_SHORT: Final = struct.Struct("<i")
_ONE_LONG: Final = struct.Struct("<q")


def short_at(packed: bytes, row: int) -> int:
    found: int = _ONE_SHORT.unpack_from(packed, row * SHORT)[0]
    return found


def short_column(packed: bytes) -> tuple[int, ...]:
    """Months or days."""
    return struct.unpack(f"<{len(packed) // SHORT}i", packed)


def long_column(packed: bytes) -> tuple[int, ...]:
    """Times in microseconds, or rupiah."""
    return struct.unpack(f"<{len(packed) // LONG}q", packed)


def long_at(packed: bytes, row: int) -> int:
    found: int = _ONE_LONG.unpack_from(packed, row * LONG)[0]
    return found


def packed_short(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}i", *numbers)


def packed_long(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}q", *numbers)


def inserted(packed: bytes, at: int, more: bytes) -> bytes:
    return packed[:at] + more + packed[at:]
