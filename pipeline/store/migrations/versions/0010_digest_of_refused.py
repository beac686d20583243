"""The digest of a refused event, by which its sender finds what became of it.

Revision 0010, after 0009. What was refused before has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("digest", sa.LargeBinary()))
    op.create_index("ix_dead_letters_source_digest", "dead_letters", ["source", "digest"])


def downgrade() -> None:
    op.drop_index("ix_dead_letters_source_digest", "dead_letters")
    op.drop_column("dead_letters", "digest")
