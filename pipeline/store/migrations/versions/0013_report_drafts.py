"""Drafts: reports that a person has begun in a browser and not sent yet.

Revision 0013, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Roles of `agents/services/roles.sql`, where they are there. What somebody has not sent is nobody else's to read.
GATEWAY = "santunan_gateway"
OTHERS = ("santunan_worker", "santunan_webhooks", "santunan_reader")


def upgrade() -> None:
    op.create_table(
        "report_drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("sending_at", sa.BigInteger()),
        sa.Column("receipt", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_report_drafts"),
    )
    op.create_index("ix_report_drafts_principal", "report_drafts", ["principal"])
    op.create_index("ix_report_drafts_changed_at", "report_drafts", ["changed_at"])
    if op.get_bind().dialect.name != "sqlite":
        for role in OTHERS:
            _if_there(role, f"REVOKE ALL ON report_drafts FROM {role}")
        _if_there(GATEWAY, f"GRANT SELECT, INSERT, UPDATE, DELETE ON report_drafts TO {GATEWAY}")


def _if_there(role: str, statement: str) -> None:
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN {statement}; END IF; END $$"
    )


def downgrade() -> None:
    op.drop_table("report_drafts")
