"""Payments and wage reports of a member, a row a month, as packed columns.

Months as `pipeline.law.calendar.month_index` counts them, days as `date.toordinal`, times as microseconds since 1970
UTC. A member has 100 to 150 of them, and a monthly fact must not write them all again: so they lie in segments, of
which one is never changed once it is full, and in the recent months. `joined` puts them together. Pure.
Fast: see docs/performance.md.
"""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import compress
from typing import Final, NamedTuple

from pipeline.membership.columns import (
    LONG,
    SHORT,
    inserted,
    long_column,
    packed_long,
    packed_short,
    short_column,
)
from pipeline.membership.facts import CONFIRMED

SEGMENT_ROWS: Final = 48  # two years of monthly facts: larger ones cost more to write, smaller ones more to read
_COUNTS: Final = struct.Struct("<ii")  # rows of payments, rows of wages


class Months(NamedTuple):
    """Payments sorted by the day of payment, wages by month and by when they became known; where these are the same, in
    the order of the log."""

    paid_months: bytes = b""  # packed_short
    paid_days: bytes = b""  # packed_short
    paid_known: bytes = b""  # packed_long
    paid_by: str = ""  # a letter a row, CONFIRMED or UNCONFIRMED: a capital one begins a payment
    wage_months: bytes = b""  # packed_short
    wage_known: bytes = b""  # packed_long
    wage_amounts: bytes = b""  # packed_long
    wage_bases: str = ""  # a letter a row

    @property
    def rows(self) -> int:
        return len(self.paid_by) + len(self.wage_bases)

    def with_payment(self, months: Sequence[int], day: int, known: int, by: str) -> "Months":
        """`months`: sorted, each once."""
        at = bisect_right(short_column(self.paid_days), day)
        count = len(months)
        return Months(
            inserted(self.paid_months, at * SHORT, packed_short(*months)),
            inserted(self.paid_days, at * SHORT, packed_short(day) * count),
            inserted(self.paid_known, at * LONG, packed_long(known) * count),
            self.paid_by[:at] + by.upper() + by * (count - 1) + self.paid_by[at:],
            *self[4:],
        )

    def with_wage(self, month: int, amount: int, basis: str, known: int) -> "Months":
        months = short_column(self.wage_months)
        start = bisect_left(months, month)
        at = bisect_right(long_column(self.wage_known), known, start, bisect_right(months, month, start))
        return Months(
            *self[:4],
            inserted(self.wage_months, at * SHORT, packed_short(month)),
            inserted(self.wage_known, at * LONG, packed_long(known)),
            inserted(self.wage_amounts, at * LONG, packed_long(amount)),
            self.wage_bases[:at] + basis + self.wage_bases[at:],
        )

    def known_by(self, limit: int) -> "Months":
        """What was known at `limit`, the moment itself included."""
        paid = [known <= limit for known in long_column(self.paid_known)]
        return self._kept(paid, [known <= limit for known in long_column(self.wage_known)])

    def confirmed_by(self, limit: int) -> "Months":
        """Without the payments that became known after `limit` from others than the office and the bank."""
        known, by = long_column(self.paid_known), self.paid_by.lower()
        paid = [one <= limit or letter == CONFIRMED for one, letter in zip(known, by, strict=True)]
        return self._kept(paid, [True] * len(self.wage_bases))

    def facts_after(self, limit: int) -> int:
        """How many facts became known after `limit`."""
        payments = zip(long_column(self.paid_known), self.paid_by, strict=True)
        paid = sum([known > limit and letter.isupper() for known, letter in payments])
        return paid + sum([known > limit for known in long_column(self.wage_known)])

    def latest(self) -> int:
        """When the latest became known; 0 where there is none."""
        return max((*long_column(self.paid_known), *long_column(self.wage_known)), default=0)

    def _kept(self, paid: Sequence[bool], wages: Sequence[bool]) -> "Months":
        return Months(
            packed_short(*compress(short_column(self.paid_months), paid)),
            packed_short(*compress(short_column(self.paid_days), paid)),
            packed_long(*compress(long_column(self.paid_known), paid)),
            "".join(compress(self.paid_by, paid)),
            packed_short(*compress(short_column(self.wage_months), wages)),
            packed_long(*compress(long_column(self.wage_known), wages)),
            packed_long(*compress(long_column(self.wage_amounts), wages)),
            "".join(compress(self.wage_bases, wages)),
        )

    def packed(self) -> bytes:
        by, bases = self.paid_by.encode(), self.wage_bases.encode()
        return b"".join((_COUNTS.pack(len(by), len(bases)), *self[:3], by, *self[4:7], bases))


NO_MONTHS: Final = Months()


def read_months(packed: bytes) -> Months:
    """The inverse of `packed`."""
    paid, wages = _COUNTS.unpack_from(packed)
    days = 8 + paid * SHORT
    known = days + paid * SHORT
    by = known + paid * LONG
    start = by + paid
    wage_known = start + wages * SHORT
    amounts = wage_known + wages * LONG
    bases = amounts + wages * LONG
    return Months(
        packed[8:days],
        packed[days:known],
        packed[known:by],
        packed[by:start].decode(),
        packed[start:wage_known],
        packed[wage_known:amounts],
        packed[amounts:bases],
        packed[bases:].decode(),
    )


def joined(segments: Sequence[bytes], recent: Months) -> Months:
    """All months. `segments`: packed, in the order in which they were filled, before the recent ones."""
    parts = [read_months(one) for one in segments]
    if recent.rows or not parts:
        parts.append(recent)
    if len(parts) == 1:
        return parts[0]
    months, days, known, by, wage_months, wage_known, amounts, bases = zip(*parts, strict=True)
    whole = Months(
        b"".join(months),
        b"".join(days),
        b"".join(known),
        "".join(by),
        b"".join(wage_months),
        b"".join(wage_known),
        b"".join(amounts),
        "".join(bases),
    )
    paid, reported = short_column(whole.paid_days), short_column(whole.wage_months)
    if list(paid) != sorted(paid) or list(reported) != sorted(set(reported)):
        return _sorted(whole)
    return whole  # facts came in their order, as nearly always


def _sorted(months: Months) -> Months:
    """A stable sort keeps what belongs together in the order of the log."""
    days = short_column(months.paid_days)
    paid = sorted(range(len(days)), key=days.__getitem__)
    reports = list(zip(short_column(months.wage_months), long_column(months.wage_known), strict=True))
    wages = sorted(range(len(reports)), key=reports.__getitem__)
    paid_months, paid_known = short_column(months.paid_months), long_column(months.paid_known)
    amounts = long_column(months.wage_amounts)
    return Months(
        packed_short(*[paid_months[row] for row in paid]),
        packed_short(*[days[row] for row in paid]),
        packed_long(*[paid_known[row] for row in paid]),
        "".join([months.paid_by[row] for row in paid]),
        packed_short(*[reports[row][0] for row in wages]),
        packed_long(*[reports[row][1] for row in wages]),
        packed_long(*[amounts[row] for row in wages]),
        "".join([months.wage_bases[row] for row in wages]),
    )
