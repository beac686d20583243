"""Access: principals, their credentials, sessions, and audit records that nobody changes.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("principals", "api_keys", "passwords", "second_factors", "sessions", "one_time_links", "audit_records")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GATEWAY = "santunan_gateway"  # the role of `agents/services/roles.sql`, where there is one
_STAYS = "audit records are never changed or deleted"


def upgrade() -> None:
    _create_principals()
    _create_credentials()
    _create_audit_records()
    if op.get_bind().dialect.name != "sqlite":
        _grant_to_gateway()


def _create_principals() -> None:
    op.create_table(
        "principals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_principals"),
    )
    op.create_index("ix_principals_person", "principals", ["person"])
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_index("ix_api_keys_principal", "api_keys", ["principal"])


def _create_credentials() -> None:
    op.create_table(
        "passwords",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("principal", name="pk_passwords"),
    )
    op.create_table(
        "second_factors",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("principal", name="pk_second_factors"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_principal", "sessions", ["principal"])
    op.create_table(
        "one_time_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("principal", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_one_time_links"),
    )


def _create_audit_records() -> None:
    op.create_table(
        "audit_records",
        sa.Column("number", NUMBER, nullable=False, autoincrement=True),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="pk_audit_records"),
        sa.CheckConstraint("result IN ('done', 'refused')", name=op.f("ck_audit_records_result_known")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_records_stay_on_{change.lower()} BEFORE {change} ON audit_records "
                f"BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION keep_audit_records() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_STAYS}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_records_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records "
            "FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_records()"
        )


def _grant_to_gateway() -> None:
    """The tables of access, and no other, are the gateway's to write; audit records it adds only."""
    changed = ", ".join(name for name in TABLES if name != "audit_records")
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{GATEWAY}') THEN "
        f"GRANT SELECT, INSERT, UPDATE ON {changed} TO {GATEWAY}; "
        f"GRANT SELECT, INSERT ON audit_records TO {GATEWAY}; "
        f"GRANT USAGE ON SEQUENCE audit_records_number_seq TO {GATEWAY}; END IF; END $$"
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION keep_audit_records()")
