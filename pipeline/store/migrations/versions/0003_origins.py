"""The broker that a store belongs to, and what an operator accepted of it.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "origins",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_origins"),
    )
    op.create_table(
        "acceptances",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("chunk", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_acceptances"),
        sa.CheckConstraint("kind IN ('gap', 'topic', 'group')", name=op.f("ck_acceptances_kind_known")),
    )


def downgrade() -> None:
    op.drop_table("acceptances")
    op.drop_table("origins")
