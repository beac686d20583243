"""The source that registered each member, in the list of members that coverage keeps.

Revision 0018, after 0017. The list follows from the members: it is made anew when somebody asks next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("coverage_members", sa.Column("writer", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_coverage_members_writer_call_from", "coverage_members", ["writer", "call_from"])
    op.execute("DELETE FROM coverage_marks")


def downgrade() -> None:
    op.drop_index("ix_coverage_members_writer_call_from", "coverage_members")
    op.drop_column("coverage_members", "writer")
    op.execute("DELETE FROM coverage_marks")
