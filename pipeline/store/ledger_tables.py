"""Tables of the ledger that proves itself: leaves, tiles, signed checkpoints. Rows are only added, but for tiles that
are not full yet. Never imports the processor or a driver.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, text

from pipeline.store.tables import metadata

# One row for the leaves of one chunk, or of one audit record. The row itself is the state of the writer: `frontier` is
# all that the next one must know. The primary key is the fence: two writers of one place cannot both commit.
ledger_leaves: Final = Table(
    "ledger_leaves",
    metadata,
    Column("tree", Text, nullable=False),  # a partition's number, before, audit, heads
    Column("first", BigInteger, nullable=False),  # the place of its first leaf
    Column("next", BigInteger, nullable=False),
    Column("chunk", BigInteger),
    Column("salts", LargeBinary, nullable=False),
    Column("entries", LargeBinary, nullable=False),  # lines of `pipeline/ledger/leaves.py`
    Column("frontier", LargeBinary, nullable=False),  # of the tree of `next` leaves
    PrimaryKeyConstraint("tree", "first"),
    Index(None, "chunk", sqlite_where=text("chunk IS NOT NULL"), postgresql_where=text("chunk IS NOT NULL")),
)

# C2SP tlog-tiles. Written when a checkpoint is signed: only what is signed must be provable.
ledger_tiles: Final = Table(
    "ledger_tiles",
    metadata,
    Column("tree", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tree", "level", "number"),
)

# `size`: of the tree of heads. `note`: as it was signed, with what witnesses added.
ledger_checkpoints: Final = Table(
    "ledger_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("clock", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)
