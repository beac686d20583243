"""Codes of sessions: how a session began, when it last showed a second factor, and how many wrong codes came since.

Revision 0011, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions that are open have shown none: their persons are asked for a code when it matters."""
    op.add_column("sessions", sa.Column("way", sa.Text()))
    op.add_column("sessions", sa.Column("code_at", sa.BigInteger()))
    op.add_column("sessions", sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("sessions", "wrong_codes")
    op.drop_column("sessions", "code_at")
    op.drop_column("sessions", "way")
