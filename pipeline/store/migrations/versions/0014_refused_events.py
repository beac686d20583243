"""Refused events: who asked to see one, who agreed, who sent it again.

Revision 0014, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "refused_event_steps"
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GATEWAY = "santunan_gateway"  # the role of `agents/services/roles.sql`, where there is one


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("number", NUMBER, nullable=False, autoincrement=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("number", name=f"pk_{TABLE}"),
        sa.CheckConstraint(
            "step IN ('asked', 'approved', 'retried', 'corrected')", name=op.f(f"ck_{TABLE}_step_known")
        ),
    )
    op.create_index(f"ix_{TABLE}_topic_partition_offset", TABLE, ["topic", "partition", "offset"])
    if op.get_bind().dialect.name != "sqlite":  # the gateway adds rows, and changes none
        op.execute(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{GATEWAY}') THEN "
            f"GRANT SELECT, INSERT ON {TABLE} TO {GATEWAY}; "
            f"GRANT USAGE ON SEQUENCE {TABLE}_number_seq TO {GATEWAY}; END IF; END $$"
        )


def downgrade() -> None:
    op.drop_table(TABLE)
