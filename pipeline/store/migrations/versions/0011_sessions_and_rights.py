"""Sessions: how one began, when it last showed a second factor, and how many wrong codes came since. And rights: who
decides or posts to webhooks reads no credential.

Revision 0011, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CREDENTIALS = "api_keys, passwords, second_factors, sessions, one_time_links"
# Roles of `agents/services/roles.sql`, where they are there, and what they had from its defaults.
FORMER_RIGHTS = {"santunan_worker": "SELECT, INSERT, UPDATE, DELETE", "santunan_webhooks": "SELECT"}


def upgrade() -> None:
    """Sessions that are open have shown none: their persons are asked for a code when it matters."""
    op.add_column("sessions", sa.Column("way", sa.Text()))
    op.add_column("sessions", sa.Column("code_at", sa.BigInteger()))
    op.add_column("sessions", sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name != "sqlite":
        for role in FORMER_RIGHTS:
            _if_there(role, f"REVOKE ALL ON {CREDENTIALS} FROM {role}")


def downgrade() -> None:
    for name in ("wrong_codes", "code_at", "way"):
        op.drop_column("sessions", name)
    if op.get_bind().dialect.name != "sqlite":
        for role, rights in FORMER_RIGHTS.items():
            _if_there(role, f"GRANT {rights} ON {CREDENTIALS} TO {role}")


def _if_there(role: str, statement: str) -> None:
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN {statement}; END IF; END $$"
    )
