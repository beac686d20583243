"""Known workers: lists of an office, and whether a known worker is a member under another NIK."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.coverage.known import COLUMNS as KNOWN_COLUMNS
from pipeline.coverage.known import KnownFault, KnownRow, read_known
from pipeline.enrolment.doubles import are_similar, compared
from pipeline.errors import Poison
from pipeline.operations.coverage_keeping import MOST_WAITED_FOR, count_again, coverage_book_of, keep
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.coverage_counts import members_born_on
from pipeline.queries.known_workers import AT_ONCE, persons_of, undecided_after
from pipeline.queries.pages import NotFound, Page
from pipeline.queries.registry import members_among, names_of
from pipeline.store.coverage_book import CoverageBook
from pipeline.store.coverage_rows import KnownWorker
from schemas.clock import JAKARTA
from schemas.decisions import FieldError

__all__ = ["KNOWN_COLUMNS", "KnownReport", "Proposal", "decide_known_match", "import_known", "list_known_matches"]
MOST_FAULTS: Final = 1_000


class KnownSheet(Protocol):
    """`digest`: SHA-256 of the file. `skipped`: rows that are nobody, by reason, when all were read."""

    digest: bytes
    american: frozenset[str]
    skipped: dict[str, list[int]]

    @property
    def unread(self) -> Sequence[str]: ...

    def rows(self) -> Iterable[Any]: ...

    def place(self, row: int, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class KnownReport:
    """`good`: rows that are workers; `repeated`: of them, twice in the list. `new`: not known before; None: a trial.

    `registered`: of the good ones, members by their NIK. `skipped`: rows that are nobody, by reason; `unread`: titles
    of columns that are not read.
    """

    rows: int
    good: int
    repeated: int
    registered: int
    faults: tuple[KnownFault, ...]
    fault_count: int
    new: int | None
    skipped: Mapping[str, Sequence[int]]
    unread: Sequence[str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A known worker and a member who may be the same person; a person decides. `known_id` names the worker."""

    known_id: str
    name: str
    birth_date: dt.date
    nik: str | None
    member_number: str
    member_name: str


def import_known(
    front: FrontOffice, principal: Principal, sheet: KnownSheet, *, listed_on: dt.date, confirm: bool
) -> KnownReport:
    """Reads a list; with `confirm` the good rows are known from `listed_on` on. The same list again changes nothing.

    Raises Denied; Poison where the list is of a day to come.
    """
    grant_of(principal, "import_known")
    today = front.now().astimezone(JAKARTA).date()
    if listed_on > today:
        raise Poison(
            "INVALID", FieldError("listed_on", "the day of the list is yet to come; write the day it was made")
        )
    coverage = coverage_book_of(front)
    found: dict[str, KnownRow] = {}
    faults: list[KnownFault] = []
    rows = good = wrong = 0
    for one in read_known(sheet.rows(), sheet.place, sheet.american, today):
        rows += 1
        if isinstance(one, KnownRow):
            good += 1
            found.setdefault(one.id, one)
        else:
            wrong += 1
            faults += one[: MOST_FAULTS - len(faults)]
    workers = [_worker(one, principal.who, listed_on) for one in found.values()]
    new = _add(front, coverage, principal, sheet.digest, listed_on, workers) if confirm else None
    return KnownReport(
        *(rows, good, good - len(found), _registered(front, workers), tuple(faults), wrong, new),
        skipped=dict(sheet.skipped),
        unread=list(sheet.unread),
    )


def _add(
    front: FrontOffice,
    coverage: CoverageBook,
    principal: Principal,
    digest: bytes,
    listed_on: dt.date,
    workers: Sequence[KnownWorker],
) -> int:
    keep(coverage, front.book, MOST_WAITED_FOR)
    name = hashlib.sha256(digest + f"{principal.who}|{listed_on}".encode()).hexdigest()
    with coverage.writing() as writer:
        new = writer.add_list(name, principal.who, listed_on, workers, principal.name, front.now())
    count_again(coverage, persons_of(coverage, [one.id for one in workers]), front.book)
    return new


def list_known_matches(
    front: FrontOffice, principal: Principal, *, after: str = "", limit: int = 100
) -> Page[Proposal]:
    """Known workers who are no members by their NIK, beside members with the same date of birth and a similar name.

    Raises Denied.
    """
    grant_of(principal, "list_known_matches")
    coverage = coverage_book_of(front)
    keep(coverage, front.book, MOST_WAITED_FOR)
    found: list[Proposal] = []
    while len(found) <= limit:
        waiting = undecided_after(coverage, after)
        if not waiting:
            return Page(tuple(found), 0, None)
        for worker, proposals in _proposed(front, coverage, waiting):
            if proposals and len(found) + len(proposals) > limit and found:
                return Page(tuple(found), 1, after)
            found += proposals
            after = worker.id
    return Page(tuple(found), 1, after)


def decide_known_match(
    front: FrontOffice, principal: Principal, *, known_id: str, member_number: str, verdict: Literal["same", "other"]
) -> None:
    """A person says whether this known worker is that member; then both are one person in the picture.

    Raises Denied, NotFound where there is no such worker or member.
    """
    grant_of(principal, "decide_known_match")
    coverage = coverage_book_of(front)
    members = members_among(front.store, [member_number], [])
    with coverage.writing() as writer:
        before = writer.decide(known_id, member_number, verdict, principal.name, front.now()) if members else None
    if before is None:
        raise NotFound("no such known worker or member; `santunan known matches` lists them")
    persons = {before, *persons_of(coverage, [known_id]), members[0].nik or member_number}
    count_again(coverage, sorted(persons), front.book)


def _worker(row: KnownRow, office: str, listed_on: dt.date) -> KnownWorker:
    return KnownWorker(
        row.id, row.nik, row.name, row.birth_date, row.region, row.sector, row.cooperative, office, listed_on
    )


def _registered(front: FrontOffice, workers: Sequence[KnownWorker]) -> int:
    niks = [one.nik for one in workers if one.nik is not None]
    found: set[str | None] = set()
    for start in range(0, len(niks), AT_ONCE):
        found.update(one.nik for one in members_among(front.store, [], niks[start : start + AT_ONCE]))
    return len(found)


def _proposed(
    front: FrontOffice, coverage: CoverageBook, workers: Sequence[KnownWorker]
) -> list[tuple[KnownWorker, list[Proposal]]]:
    days = {one.birth_date.isoformat() for one in workers if one.birth_date is not None}
    with coverage.reading() as connection:
        born = members_born_on(connection, days)
    names = names_of(front.store, [number for number, _ in born])
    of_day: dict[str, list[tuple[str, str]]] = {}
    for number, day in born:
        if number in names:
            of_day.setdefault(day, []).append((number, names[number]))
    return [(one, [
        Proposal(one.id, one.name, one.birth_date, one.nik, number, name)
        for number, name in of_day.get(one.birth_date.isoformat(), ())
        if are_similar(compared(one.name), compared(name))
    ] if one.birth_date is not None else []) for one in workers]  # fmt: skip
