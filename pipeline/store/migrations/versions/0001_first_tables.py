"""The first tables.

Revision 0001, after nothing.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "positions",
    "chunks",
    "ledger",
    "persons",
    "members",
    "cases",
    "decisions",
    "payouts",
    "paid_lines",
    "outputs",
    "dead_letters",
    "topics",
    "log",
)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


# fmt: off
def upgrade() -> None:
    make_intake()
    make_state()
    make_results()
    make_refusals()
    make_log()
    if op.get_bind().dialect.name == "postgresql":
        # Rows of some 2 KB are the rule: keep them whole, beside the others, and spend no time on compressing them.
        op.execute("ALTER TABLE ledger SET (toast_tuple_target = 8160)")
        op.execute("ALTER TABLE outputs SET (toast_tuple_target = 8160)")
        op.execute("CREATE SEQUENCE chunk_ids")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE chunk_ids")


def make_intake() -> None:
    make(
        "positions", text("group_name"), text("topic"), integer("partition"), number("next", True),
        number("published", True), key("positions", "group_name", "topic", "partition"),
    )
    make(
        "chunks", sa.Column("id", NUMBER, nullable=False, autoincrement=False), text("topic"), integer("partition"),
        number("first"), number("next"), integer("accepted"), integer("duplicates"), integer("refused"),
        integer("holes"), key("chunks", "id"), once("chunks", "topic", "partition", "first"),
        check("chunks", "accounted", '"next" - "first" = accepted + duplicates + refused + holes'),
    )
    make(
        "ledger", sa.Column("seq", NUMBER, nullable=False, autoincrement=False), text("source"), text("event_id"),
        data("digest"), text("topic"), integer("partition"), number("offset"), number("clock"), truth("is_own_time"),
        text("claim_id", True), text("member_number", True), data("raw", True), key("ledger", "seq"),
        once("ledger", "source", "event_id"),
    )
    index("ledger", "claim_id", where="claim_id IS NOT NULL")
    index("ledger", "member_number", where="claim_id IS NULL AND member_number IS NOT NULL")


def make_state() -> None:
    make("persons", text("person"), key("persons", "person"))
    make(
        "members", text("number"), text("nik", True), integer("version"), text("document"), key("members", "number")
    )
    index("members", "nik")
    make(
        "cases", text("claim_id"), integer("version"), text("key"), integer("partition"), number("opened_order"),
        text("program", True), text("member_number", True), text("nik", True), text("event_date", True),
        text("asked", True), integer("revision"), text("outcome", True), text("effective_outcome", True),
        number("effective_total"), text("effective_lines"), text("wake_on", True), text("referral_id", True),
        text("progress"), key("cases", "claim_id"), rupiah("cases", "effective_total"),
        check("cases", "effective_outcome_known", "effective_outcome IN ('APPROVED', 'REJECTED')"),
        check("cases", "outcome_known", "outcome IN ('APPROVED', 'REJECTED', 'REFERRED', 'PENDING')"),
    )
    index("cases", "member_number", where="member_number IS NOT NULL")
    index("cases", "nik", where="nik IS NOT NULL")
    index("cases", "partition", "wake_on", where="wake_on IS NOT NULL")
    index("cases", "referral_id", where="referral_id IS NOT NULL")


def make_results() -> None:
    make(
        "decisions", text("claim_id"), integer("revision"), text("outcome"), text("reason_codes"), text("program"),
        text("event_date"), text("rule_version"), number("total"), number("decided_at"), number("output"),
        key("decisions", "claim_id", "revision"), rupiah("decisions", "total"), sqlite_with_rowid=False,
    )
    make(
        "payouts", text("claim_id"), integer("revision"), text("payee"), text("direction"), number("amount"),
        key("payouts", "claim_id", "revision", "payee"), rupiah("payouts", "amount"),
        check("payouts", "direction_known", "direction IN ('pay', 'recover')"), sqlite_with_rowid=False,
    )
    make(
        "paid_lines", text("person"), text("program"), text("event_date"), text("line"), text("claim_id"),
        key("paid_lines", "person", "program", "event_date", "line"), sqlite_with_rowid=False,
    )
    index("paid_lines", "claim_id")
    make(
        "outputs", sa.Column("id", NUMBER, nullable=False, autoincrement=False), number("input_offset"), text("topic"),
        data("key"), data("value"), key("outputs", "id"),
    )


def make_refusals() -> None:
    make(
        "dead_letters", text("topic"), integer("partition"), number("offset"), number("chunk"), number("timestamp_ms"),
        number("received_ms", True), text("reason"), text("errors"), text("source", True), text("event_id", True),
        truth("is_retried"), data("original", True), key("dead_letters", "topic", "partition", "offset"),
    )
    index("dead_letters", "chunk")


def make_log() -> None:
    make("topics", text("name"), sa.Column("partitions", sa.SmallInteger(), nullable=False), key("topics", "name"))
    make(
        "log", sa.Column("seq", NUMBER, nullable=False, autoincrement=False), text("topic"), integer("partition"),
        number("offset"), number("timestamp_ms"), data("key", True), data("value"), text("headers", True),
        key("log", "seq"), once("log", "topic", "partition", "offset"),
    )


# --- words for the tables above

# fmt: on


def make(name: str, *parts: Any, **options: Any) -> None:
    op.create_table(name, *parts, **options)


def text(name: str, nullable: bool = False) -> Any:
    return sa.Column(name, sa.Text(), nullable=nullable)


def integer(name: str) -> Any:
    return sa.Column(name, sa.Integer(), nullable=False)


def number(name: str, nullable: bool = False) -> Any:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def truth(name: str) -> Any:
    return sa.Column(name, sa.Boolean(), nullable=False)


def data(name: str, nullable: bool = False) -> Any:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def key(table: str, *columns: str) -> Any:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def once(table: str, *columns: str) -> Any:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def check(table: str, name: str, condition: str) -> Any:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def rupiah(table: str, column: str) -> Any:
    return check(table, f"{column}_in_range", f"{column} >= 0 AND {column} <= 1000000000000")


def index(table: str, *columns: str, where: str | None = None) -> None:
    condition = sa.text(where) if where is not None else None
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, list(columns), sqlite_where=condition, postgresql_where=condition)
