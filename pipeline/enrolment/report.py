"""The result of a check of a sheet of members: of each row, and of the whole sheet. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Weight = Literal["fault", "question", "hint"]
Status = Literal["good", "unchanged", "repeated", "left_out", "number_needed", "faulty"]
STATUSES: Final[tuple[Status, ...]] = ("good", "unchanged", "repeated", "left_out", "number_needed", "faulty")
MOST_FAULTS_KEPT: Final = 1_000  # in an answer and on a page; the corrected sheet has all


class RowFault(NamedTuple):
    """`column`: its name; None: the whole row. `code`: a text of `sheets.faults`.

    fault: the row cannot be taken; question: it is taken once a person has decided; hint: it is taken.
    """

    column: str | None
    code: str
    facts: Mapping[str, str | int]
    weight: Weight = "fault"


class Expected(NamedTuple):
    """The contribution to expect of one member for `month`, JKK and JKM together; `savings`: rupiah of JHT and JP
    besides, None: not known.

    `amount`, `full`: rupiah, with and without relief; None: `missing` says what is not known (wage, risk_class,
    contract, contract_value). `row`, `base`: of the BPU table, from 1. `due_on` None: it falls due with a contract.
    """

    month: str
    amount: int | None
    full: int | None
    due_on: dt.date | None
    missing: str | None
    reliefs: tuple[str, ...]
    row: int | None = None
    base: int | None = None
    savings: int | None = 0

    @property
    def whole(self) -> int | None:
        """Rupiah of all programs; None: not known."""
        return None if None in (self.amount, self.savings) else (self.amount or 0) + (self.savings or 0)


class CheckedRow(NamedTuple):
    """One row. `status`: of members one of STATUSES. `events`: the documents it becomes, in their order; only of one
    that is taken. `amount`: rupiah that were paid, of a payment that is taken. `claim_id`: of a claim, that it has or
    gets."""

    number: int
    status: str
    faults: tuple[RowFault, ...]
    expected: Expected | None
    events: tuple[bytes, ...]
    amount: int = 0
    claim_id: str | None = None


@dataclass(slots=True)
class Due:
    """What is to be paid for one month until one day: members, rupiah with and without relief; JHT and JP besides."""

    members: int = 0
    amount: int = 0
    full: int = 0
    savings: int = 0


@dataclass(slots=True)
class Placed:
    """A fault with its place, as answers name it: `C17`, or the row's number alone."""

    row: int
    place: str
    fault: RowFault


@dataclass(slots=True)
class SheetReport:
    """`id`: names the file and who sent it; a confirmation repeats it. `counts`: rows by status. `faults`: the first
    ones. `dues`: by (month, last day), for the rows that are taken; `unknown_dues`: taken rows whose contribution is
    not known, `unknown_savings`: those whose JHT is not. `skipped`: rows that are nobody, by reason. `paid`: rupiah of
    the payments that are taken. `claims`: numbers of the first claims, by row. `today`: the day of the check."""

    id: str
    statuses: Sequence[str] = STATUSES
    rows: int = 0
    counts: dict[str, int] = field(init=False)
    faults: list[Placed] = field(default_factory=list)
    fault_count: int = 0
    hint_count: int = 0
    dues: dict[tuple[str, dt.date | None], Due] = field(default_factory=dict)
    unknown_dues: int = 0
    unknown_savings: int = 0
    reliefs: set[str] = field(default_factory=set)
    skipped: dict[str, list[int]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    paid: int = 0
    claims: dict[int, str] = field(default_factory=dict)
    today: dt.date | None = None

    def __post_init__(self) -> None:
        self.counts = dict.fromkeys(self.statuses, 0)

    def add(self, row: CheckedRow, place: Mapping[str | None, str]) -> None:
        """`place`: of each column in this row."""
        self.rows += 1
        self.counts[row.status] += 1
        self.paid += row.amount
        if row.claim_id is not None and len(self.claims) < MOST_FAULTS_KEPT:
            self.claims[row.number] = row.claim_id
        for fault in row.faults:
            self.hint_count += fault.weight == "hint"
            self.fault_count += fault.weight != "hint"
            if len(self.faults) < MOST_FAULTS_KEPT:
                self.faults.append(Placed(row.number, place[fault.column], fault))
        if row.status == "good" and (found := row.expected) is not None:
            if found.amount is None or found.full is None:
                self.unknown_dues += 1
                return
            due = self.dues.setdefault((found.month, found.due_on), Due())
            due.members += 1
            due.amount += found.amount
            due.full += found.full
            due.savings += found.savings or 0
            self.unknown_savings += found.savings is None
            self.reliefs.update(found.reliefs)

    @property
    def amount(self) -> int:
        """Rupiah in all."""
        return sum(one.amount for one in self.dues.values())
