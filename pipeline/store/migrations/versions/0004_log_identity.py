"""The identity of an embedded log.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty: the identity is drawn when the file is opened."""
    op.create_table(
        "log_identity",
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_identity"),
    )


def downgrade() -> None:
    op.drop_table("log_identity")
