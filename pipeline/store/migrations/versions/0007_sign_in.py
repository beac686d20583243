"""Sign-in: sessions get an id that people name, links a purpose, second factors the time of their confirmation.

The three tables of revision 0006 were never written, so they are made anew. Revision 0007, after 0006.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("second_factors", "sessions", "one_time_links")
SECRET = ("api_keys", "passwords", *TABLES)
GATEWAY = "santunan_gateway"  # roles of `agents/services/roles.sql`, where there are any
READER = "santunan_reader"


def upgrade() -> None:
    _drop()
    confirmed_at = sa.Column("confirmed_at", sa.BigInteger())
    session_id = sa.Column("id", sa.Text(), nullable=False)
    purpose = (
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('first-operator', 'password', 'demo')", name=op.f("ck_one_time_links_purpose_known")
        ),
    )
    _create((confirmed_at,), (session_id,), purpose)
    if op.get_bind().dialect.name != "sqlite":
        # A session that is over for long is deleted; who only reads statistics reads no credential.
        _if_role(GATEWAY, f"GRANT SELECT, INSERT, UPDATE ON {', '.join(TABLES)} TO {GATEWAY}")
        _if_role(GATEWAY, f"GRANT DELETE ON sessions TO {GATEWAY}")
        _if_role(READER, f"REVOKE SELECT ON {', '.join(SECRET)} FROM {READER}")  # noqa: S608


def downgrade() -> None:
    _drop()
    _create((), (), ())
    if op.get_bind().dialect.name != "sqlite":
        _if_role(GATEWAY, f"GRANT SELECT, INSERT, UPDATE ON {', '.join(TABLES)} TO {GATEWAY}")
        _if_role(READER, f"GRANT SELECT ON {', '.join(SECRET)} TO {READER}")


def _drop() -> None:
    for name in TABLES:
        op.drop_table(name)


def _create(factor: tuple[Any, ...], session: tuple[Any, ...], link: tuple[Any, ...]) -> None:
    """With the columns that revision 0006 has not."""
    op.create_table(
        "second_factors",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *factor,
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("principal", name="pk_second_factors"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *session,
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
        *link,
        sa.Column("principal", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_one_time_links"),
    )


def _if_role(role: str, statement: str) -> None:
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN {statement}; END IF; END $$"
    )
