"""The key that columns with NIKs are written with: one row names it, none where they are readable.

Columns of the tables stay as they are; `santunan migrate --nik-key` writes what they hold with a key.

Revision 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nik_keys",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_nik_keys"),
    )


def downgrade() -> None:
    """An older version would take what the columns hold for NIKs."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM nik_keys")).scalar():
        raise CommandError(
            "NIKs are written with a key: take it out first, `santunan migrate --nik-key` without a new key"
        )
    op.drop_table("nik_keys")
