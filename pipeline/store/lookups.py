"""The reads of a batch, as an abstract class: the engines answer them, and the replay answers them from memory.

Not compiled, as its heirs are not (`setup.py`). Never imports a driver.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

Rows = Sequence[Any]


class Concerned(NamedTuple):
    """The stored rows of some persons. `memberships`: (number, version); `cases`: SUMMARY_COLUMNS;
    `paid_lines`: all columns."""

    memberships: Rows
    cases: Rows
    paid_lines: Rows


class Lookups(ABC):
    """The reads of one transaction. Rows are tuples in the order of the columns named. What is asked for together is
    asked together: each wait for a server costs more than its answer."""

    @abstractmethod
    def cases_and_members(self, claim_ids: Sequence[str], numbers: Sequence[str]) -> tuple[Rows, Rows, Rows]:
        """All columns of `cases`; and as `members`"""

    @abstractmethod
    def members(self, numbers: Iterable[str]) -> tuple[Rows, Rows]:
        """(number, version, document, recent); and, as they are then or later, the rows of `member_months`, sorted"""

    @abstractmethod
    def cases_due(self, partition: int, day: dt.date) -> Sequence[Any]:
        """All columns of the cases of a partition with `wake_on` up to this day; waits until no other batch holds the
        day of this partition, and holds it alone from then on"""

    @abstractmethod
    def cases_of(self, numbers: Iterable[str], niks: Iterable[str]) -> Sequence[Any]:
        """SUMMARY_COLUMNS of the cases of these persons, each once"""

    @abstractmethod
    def events(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        """(claim_id, clock, raw), claim by claim, each in the order of processing"""

    @abstractmethod
    def paid_lines_of(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        """All columns of `paid_lines` of these claims"""

    @abstractmethod
    def lock_and_read(
        self,
        persons: Sequence[str],
        days: Sequence[int],
        numbers: Sequence[str],
        niks: Sequence[str],
        claim_ids: Sequence[str],
    ) -> Concerned:
        """Lock a row of each person, made if missing, in this order; before them, share the day of these partitions:
        what it wakes may be changed now. What an earlier call has locked is released first, so that all batches lock in
        one order; without `persons` it stays locked. Then read: the memberships and the cases of these numbers and
        NIKs, the cases of these ids, what is paid to these persons. Where one writes at a time nothing is locked, and
        what is on the desk already need not be read again."""
