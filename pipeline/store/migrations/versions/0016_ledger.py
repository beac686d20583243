"""The ledger that proves itself: leaves, tiles, checkpoints.

What was stored before gets a tree of its own, `before`, which a worker builds afterwards in steps: nobody waits for it.
Its first leaf says up to where the history is that older one: the leaf is `leaves.py`'s, its hash RFC 9162's.

Revision 0016, after 0015.
"""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Roles of `agents/services/roles.sql`, where they are there: who writes audit records adds a leaf for each.
RECORDERS = ("santunan_gateway", "santunan_webhooks")
BLOBS = (("ledger_leaves", ("salts", "entries", "frontier")), ("ledger_tiles", ("hashes",)))


def upgrade() -> None:
    op.create_table(
        "ledger_leaves",
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("chunk", sa.BigInteger()),
        sa.Column("salts", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "first", name="pk_ledger_leaves"),
    )
    of_chunks = sa.text("chunk IS NOT NULL")
    op.create_index(
        "ix_ledger_leaves_chunk", "ledger_leaves", ["chunk"], sqlite_where=of_chunks, postgresql_where=of_chunks
    )
    op.create_table(
        "ledger_tiles",
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "level", "number", name="pk_ledger_tiles"),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_ledger_checkpoints"),
    )
    _begin_after_history()
    if op.get_bind().dialect.name != "sqlite":
        for table, columns in BLOBS:  # hashes do not compress: do not try
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
        for role in RECORDERS:
            op.execute(
                f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN "
                f"GRANT SELECT, INSERT ON ledger_leaves TO {role}; END IF; END $$"
            )


def _begin_after_history() -> None:
    bind = op.get_bind()
    chunk = bind.execute(sa.text("SELECT max(id) FROM chunks")).scalar() or 0
    number = bind.execute(sa.text("SELECT max(number) FROM audit_records")).scalar() or 0
    place = bind.execute(sa.text("SELECT max(seq) FROM log")).scalar() or 0
    if chunk or number:
        leaf = f"before {chunk} {number} {place}".encode()
        row = {"salts": bytes(16), "entries": leaf, "frontier": sha256(b"\x00" + leaf).digest()}
        bind.execute(
            sa.text(
                'INSERT INTO ledger_leaves (tree, "first", "next", salts, entries, frontier) '
                "VALUES ('before', 0, 1, :salts, :entries, :frontier)"
            ),
            row,
        )


def downgrade() -> None:
    for table in ("ledger_checkpoints", "ledger_tiles", "ledger_leaves"):
        op.drop_table(table)
