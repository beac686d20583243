"""The book of papers: who put which paper, and when. The bytes are elsewhere; a paper is its SHA-256 here.

The gateway writes it, beside the tables of access; the worker never reads it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text, select, text

from pipeline.store.access_book import AccessBook
from pipeline.store.tables import metadata
from schemas.clock import microseconds

papers: Final = Table(
    "papers",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("put_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("sha256", "principal"),
)
_ADD: Final = text(
    "INSERT INTO papers (sha256, principal, media_type, size, put_at) "
    "VALUES (:sha256, :principal, :media_type, :size, :put_at) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Paper:
    """`media_type`: by content. `size`: bytes."""

    sha256: str
    media_type: str
    size: int


class PaperBook:
    """Closed with the book of access. May be used by several threads."""

    def __init__(self, access: AccessBook) -> None:
        self._access = access

    def add(self, paper: Paper, principal: str, at: dt.datetime) -> bool:
        """Whether this principal had not put it before."""
        row = {
            "sha256": paper.sha256,
            "principal": principal,
            "media_type": paper.media_type,
            "size": paper.size,
            "put_at": microseconds(at),
        }
        with self._access.transaction() as transaction:
            is_new = transaction.connection.execute(_ADD, row).rowcount == 1
            transaction.commit()
        return is_new

    def of(self, principal: str, sha256: str) -> Paper | None:
        """None: this principal did not put it."""
        wanted = select(papers).where(papers.c.sha256 == sha256, papers.c.principal == principal)
        with self._access.reading() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Paper(row.sha256, row.media_type, row.size)
