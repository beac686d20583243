"""Webhooks: where decisions are posted to, and the posts that wait or have failed.

Revision 0009, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("webhooks", "webhook_deliveries")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Roles of `agents/services/roles.sql`, where they are there. The secrets are nobody else's to read.
GATEWAY, COURIER = "santunan_gateway", "santunan_webhooks"
OTHERS = ("santunan_worker", "santunan_reader")


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_until", sa.BigInteger()),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("seen_chunk", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("lease", sa.Text()),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_principal", "webhooks", ["principal"])
    op.create_index("ix_webhooks_leased_until", "webhooks", ["leased_until"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", NUMBER, nullable=False, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("failed_at", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("id", name="uq_webhook_deliveries_id"),
    )
    op.create_index("ix_webhook_deliveries_webhook_next_at", "webhook_deliveries", ["webhook", "next_at"])
    if op.get_bind().dialect.name != "sqlite":
        _grant()


def _grant() -> None:
    both, sequence = ", ".join(TABLES), "webhook_deliveries_number_seq"
    for role in OTHERS:
        _if_there(role, f"REVOKE ALL ON {both} FROM {role}; REVOKE ALL ON SEQUENCE {sequence} FROM {role}")
    _if_there(GATEWAY, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {both} TO {GATEWAY}")
    _if_there(
        COURIER,
        f"GRANT SELECT, UPDATE ON webhooks TO {COURIER}; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_deliveries TO {COURIER}; "
        f"GRANT USAGE ON SEQUENCE {sequence} TO {COURIER}; "
        f"GRANT SELECT, INSERT ON audit_records TO {COURIER}; "
        f"GRANT USAGE ON SEQUENCE audit_records_number_seq TO {COURIER}",
    )


def _if_there(role: str, statements: str) -> None:
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN {statements}; END IF; END $$"
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
