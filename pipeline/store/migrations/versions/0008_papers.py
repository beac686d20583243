"""Papers: who put which scan, and when.

Revision 0008, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GATEWAY = "santunan_gateway"  # the role of `agents/services/roles.sql`, where there is one


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("put_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "principal", name="pk_papers"),
    )
    if op.get_bind().dialect.name != "sqlite":  # the gateway adds rows, and changes none
        op.execute(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{GATEWAY}') THEN "
            f"GRANT SELECT, INSERT ON papers TO {GATEWAY}; END IF; END $$"
        )


def downgrade() -> None:
    op.drop_table("papers")
