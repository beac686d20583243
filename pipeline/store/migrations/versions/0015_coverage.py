"""Coverage: workers known to an office, and the counts of every day.

Revision 0015, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

GROUPS = ("region", "sector", "cooperative")
MEASURES = (
    "people", "known", "never", "left_over", "waiting", "lapsed", "covered", "at_risk", "jkk", "jkm", "jht", "jp"
)  # fmt: skip
TABLES = (
    *("known_lists", "known_workers", "coverage_people", "coverage_members"),
    *("coverage_days", "coverage_months", "coverage_marks"),
)
GATEWAY = "santunan_gateway"  # roles of `agents/services/roles.sql`, where they are there
OTHERS = ("santunan_worker", "santunan_webhooks")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "known_lists",
        *_text("digest", "office", "listed_on"),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        *_text("imported_by"),
        sa.PrimaryKeyConstraint("digest", name="pk_known_lists"),
    )
    op.create_table(
        "known_workers",
        *_text("id"),
        sa.Column("nik", sa.Text()),
        *_text("name"),
        sa.Column("birth_date", sa.Text()),
        *_text(*GROUPS, "office", "listed_on"),
        sa.Column("member_number", sa.Text()),
        sa.Column("verdict", sa.Text()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_known_workers"),
    )
    for name in ("nik", "birth_date", "member_number"):
        op.create_index(f"ix_known_workers_{name}", "known_workers", [name])
    op.create_table(
        "coverage_people",
        *_text("person", *GROUPS, "changes"),
        sa.PrimaryKeyConstraint("person", name="pk_coverage_people"),
    )
    op.create_table(
        "coverage_members",
        *_text("number", "person", "birth_date", "owner", "cooperative"),
        sa.Column("call_from", sa.Integer()),
        sa.PrimaryKeyConstraint("number", name="pk_coverage_members"),
    )
    for names in (["person"], ["birth_date"], ["owner", "call_from"], ["call_from"]):
        op.create_index(f"ix_coverage_members_{'_'.join(names)}", "coverage_members", names)
    _create_counts("coverage_days", "day")
    _create_counts("coverage_months", "month")
    op.create_table(
        "coverage_marks", *_text("name", "value"), sa.PrimaryKeyConstraint("name", name="pk_coverage_marks")
    )
    if op.get_bind().dialect.name != "sqlite":
        _grant()


def _create_counts(table: str, unit: str) -> None:
    op.create_table(
        table,
        sa.Column(unit, sa.Integer(), nullable=False),
        *_text(*GROUPS),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in MEASURES),
        sa.PrimaryKeyConstraint(unit, *GROUPS, name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )


def _grant() -> None:
    names = ", ".join(TABLES)
    for role in OTHERS:
        _if_there(role, f"REVOKE ALL ON {names} FROM {role}")
    _if_there(GATEWAY, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO {GATEWAY}")


def _if_there(role: str, statement: str) -> None:
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN {statement}; END IF; END $$"
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
