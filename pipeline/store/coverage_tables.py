"""Tables of coverage: who is known to an office, and the counts of every day. The gateway writes these alone.

The counts follow from members and lists, and can be made anew. `coverage_days` and `coverage_months` hold what is added
to the counts of a group on a day, and in a month: the counts of a day are a sum. Days are day numbers
(`date.toordinal`), months as in `calendar.month_index`. Never imports a driver.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from pipeline.store.nik_columns import KnownId, Nik
from pipeline.store.tables import metadata

MEASURE_COLUMNS: Final = (
    "people", "known", "never", "left_over", "waiting", "lapsed", "covered", "at_risk", "jkk", "jkm", "jht", "jp"
)  # fmt: skip
GROUP_COLUMNS: Final = ("region", "sector", "cooperative")

# One list as it was handed in; `digest` of its rows, so that the same list again is known.
known_lists: Final = Table(
    "known_lists",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("listed_on", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    Column("imported_by", Text, nullable=False),
)

# `id`: SHA-256 of the NIK, or of name and date of birth, so that no list doubles a worker. `member_number`: the member
# who a person said this is; `verdict` of that person: same or other.
known_workers: Final = Table(
    "known_workers",
    metadata,
    Column("id", KnownId, primary_key=True),
    Column("nik", Nik),
    Column("name", Text, nullable=False),
    Column("birth_date", Text),
    Column("region", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("cooperative", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("listed_on", Text, nullable=False),
    Column("member_number", Text),
    Column("verdict", Text),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Index(None, "nik"),
    Index(None, "birth_date"),
    Index(None, "member_number"),
)

# What a person adds to the counts: `changes` as JSON, in this group.
coverage_people: Final = Table(
    "coverage_people",
    metadata,
    Column("person", Nik, primary_key=True),
    *(Column(name, Text, nullable=False) for name in GROUP_COLUMNS),
    Column("changes", Text, nullable=False),
)

# Of the newest registration: `owner`, the number of the employer in small letters; `writer`, the source that registered
# the member. Empty: none. `call_from`: the first day of the month for which a contribution is missing.
coverage_members: Final = Table(
    "coverage_members",
    metadata,
    Column("number", Text, primary_key=True),
    Column("person", Nik, nullable=False),
    Column("birth_date", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("writer", Text, nullable=False, server_default=""),
    Column("cooperative", Text, nullable=False),
    Column("call_from", Integer),
    Index(None, "person"),
    Index(None, "birth_date"),
    Index(None, "owner", "call_from"),
    Index(None, "writer", "call_from"),
    Index(None, "call_from"),
)


coverage_days: Final = Table(
    "coverage_days",
    metadata,
    Column("day", Integer, nullable=False),
    *(Column(one, Text, nullable=False) for one in GROUP_COLUMNS),
    *(Column(one, Integer, nullable=False) for one in MEASURE_COLUMNS),
    PrimaryKeyConstraint("day", *GROUP_COLUMNS),
    sqlite_with_rowid=False,
)

coverage_months: Final = Table(
    "coverage_months",
    metadata,
    Column("month", Integer, nullable=False),
    *(Column(one, Text, nullable=False) for one in GROUP_COLUMNS),
    *(Column(one, Integer, nullable=False) for one in MEASURE_COLUMNS),
    PrimaryKeyConstraint("month", *GROUP_COLUMNS),
    sqlite_with_rowid=False,
)

# How far the counts have followed: the law, the member read last while they are made anew, the next offset of each
# partition.
coverage_marks: Final = Table(
    "coverage_marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
TABLES: Final = (
    known_lists, known_workers, coverage_people, coverage_members, coverage_days, coverage_months, coverage_marks
)  # fmt: skip
