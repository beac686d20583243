"""Known workers: by id, and those of whom nobody said yet whether they are members. Never writes."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from pipeline.store.coverage_book import CoverageBook
from pipeline.store.coverage_rows import KnownWorker, known_of
from pipeline.store.coverage_tables import coverage_members, known_workers

AT_ONCE: Final = 1_000


def persons_of(coverage: CoverageBook, ids: Sequence[str]) -> list[str]:
    """As whom these workers are counted."""
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        with coverage.reading() as connection:
            wanted = select(known_workers).where(known_workers.c.id.in_(ids[start : start + AT_ONCE]))
            workers = [known_of(row) for row in connection.execute(wanted)]
            found.update(coverage.persons_of_known(connection, workers))
    return sorted(found)


def undecided_after(coverage: CoverageBook, after: str) -> list[KnownWorker]:
    """In the order of their ids: who has a date of birth, no verdict, and no member of the same NIK."""
    is_member = select(coverage_members.c.number).where(coverage_members.c.person == known_workers.c.nik).exists()
    wanted = select(known_workers).where(
        known_workers.c.id > after,
        known_workers.c.birth_date.is_not(None),
        known_workers.c.verdict.is_(None),
        ~is_member,
    )
    with coverage.reading() as connection:
        rows = connection.execute(wanted.order_by(known_workers.c.id).limit(AT_ONCE)).all()
    return [known_of(row) for row in rows]
