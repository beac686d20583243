"""What a turn asks of the tables, as an abstract class: the engines answer it, and the replay answers it from memory.

Not compiled, as its heirs are not (`setup.py`). Never imports a driver.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any


class Queries(ABC):
    """The reads of one transaction. Rows are tuples in the order of the columns named."""

    @abstractmethod
    def members(self, numbers: Iterable[str]) -> Sequence[Any]:
        """(number, nik, version, document)"""

    @abstractmethod
    def memberships(self, niks: Iterable[str]) -> Sequence[Any]:
        """(number, nik, version) of every number of these persons"""

    @abstractmethod
    def cases(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        """All columns of `cases`"""

    @abstractmethod
    def cases_due(self, partition: int, day: dt.date) -> Sequence[Any]:
        """All columns of the cases of a partition with `wake_on` up to this day"""

    @abstractmethod
    def cases_of(self, numbers: Iterable[str], niks: Iterable[str]) -> Sequence[Any]:
        """SUMMARY_COLUMNS of the cases of these persons, each once"""

    @abstractmethod
    def events(self, claim_ids: Iterable[str]) -> Sequence[Any]:
        """(claim_id, clock, raw), claim by claim, each in the order of processing"""

    @abstractmethod
    def paid_lines(self, persons: Iterable[str], claim_ids: Iterable[str]) -> Iterable[Any]:
        """All columns of `paid_lines` of these persons or claims, each once"""

    @abstractmethod
    def lock_persons(self, persons: Sequence[str]) -> bool:
        """Lock a row each, made if missing, in this order. False: the engine has one writer, nothing need be locked."""
