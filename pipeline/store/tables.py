"""Every table, once, for both engines.

Bytes are kept once (at 10,000 claims a second every kilobyte is 10 MB/s):
  * events are kept in `ledger.raw`; embedded it is null there, since the log holds them at the same place;
  * outputs are kept in `outputs`; embedded in `log`. `decisions.output` points at either;
  * the sections of a case are not stored: they are folded again from the ledger. Only `progress` is.

Days are ISO text, clocks are microseconds since 1970 in UTC: both engines compare them alike. Rows of one chunk are
numbered `chunk × CHUNK_STRIDE + place` (`processing.ports`): the number gives the order of processing and the chunk.
Never imports the processor or a driver.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from pipeline.store.nik_columns import Nik
from schemas.values import MAX_RUPIAH

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite's own row number is an INTEGER PRIMARY KEY: no index beside the table.
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _rupiah(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} >= 0 AND {column} <= {MAX_RUPIAH}", name=f"{column}_in_range")


# The next offset to read, and how far outputs are known to be published: a floor for when the broker forgets its own.
# The rows of one partition are locked together: they are the gate, and the fence against a zombie.
positions: Final = Table(
    "positions",
    metadata,
    Column("group_name", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("next", BigInteger),  # null: nothing read yet
    Column("published", BigInteger),
    PrimaryKeyConstraint("group_name", "topic", "partition"),
)

# One row accounts for one chunk: every offset from `first` to below `next` has one fate.
chunks: Final = Table(
    "chunks",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("next", BigInteger, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("holes", Integer, nullable=False),
    CheckConstraint('"next" - "first" = accepted + duplicates + refused + holes', name="accounted"),
    UniqueConstraint("topic", "partition", "first"),
)

ledger: Final = Table(
    "ledger",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the bytes as they came
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column(
        "is_own_time", Boolean, nullable=False
    ),  # the clock is the event's own `time`: history handed in by an operator
    Column("claim_id", Text),
    Column("member_number", Text),
    Column("raw", LargeBinary),
    UniqueConstraint("source", "event_id"),
    Index(None, "claim_id", sqlite_where=text("claim_id IS NOT NULL"), postgresql_where=text("claim_id IS NOT NULL")),
    # The facts of one member; claims of a member are found through `cases`.
    Index(
        None,
        "member_number",
        sqlite_where=text("claim_id IS NULL AND member_number IS NOT NULL"),
        postgresql_where=text("claim_id IS NULL AND member_number IS NOT NULL"),
    ),
)

# A row to lock for each person: the numbers of one NIK may lie in several partitions, so the partition's gate is not
# enough. `person` is the NIK, or the number of a member who is not registered (yet).
persons: Final = Table("persons", metadata, Column("person", Nik, primary_key=True))

# One row: the key that columns with NIKs are written with; none: they are readable. `is_whole` false: not all of them
# are yet. `fingerprint` is empty while a key is taken out.
nik_keys: Final = Table(
    "nik_keys",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("is_whole", Boolean, nullable=False),
)

members: Final = Table(
    "members",
    metadata,
    Column("number", Text, primary_key=True),
    Column("nik", Nik),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("recent", LargeBinary),  # packed months after the last row of `member_months`
    Index(None, "nik"),
)

# Payments and wages of a member, some 48 months a row. Rows are only added, so that a monthly fact writes few bytes.
member_months: Final = Table(
    "member_months",
    metadata,
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),  # of the member when these months were the newest
    Column("months", LargeBinary, nullable=False),
    PrimaryKeyConstraint("number", "version"),
    sqlite_with_rowid=False,
)

# `version` counts writes, so that two writers of one case cannot overlook each other. `program` is null while
# evidence waits for its claim. `member_number` and `nik` are those that the latest decision found.
cases: Final = Table(
    "cases",
    metadata,
    Column("claim_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("opened_order", BigInteger, nullable=False),
    Column("program", Text),
    Column("member_number", Text),
    Column("nik", Nik),
    Column("event_date", Text),
    Column("asked", Text),
    Column("revision", Integer, nullable=False),
    Column("outcome", Text),
    Column("effective_outcome", Text),
    Column("effective_total", BigInteger, nullable=False),
    Column("effective_lines", Text, nullable=False),
    Column("wake_on", Text),
    Column("referral_id", Text),
    Column("progress", Text, nullable=False),
    Column("urgency", Text),  # of an open referral: `rows.urgency_of`
    Column("referral_codes", Text),  # of an open referral, with commas between
    _rupiah("effective_total"),
    CheckConstraint("effective_outcome IN ('APPROVED', 'REJECTED')", name="effective_outcome_known"),
    CheckConstraint("outcome IN ('APPROVED', 'REJECTED', 'REFERRED', 'PENDING')", name="outcome_known"),
    Index(
        None,
        "member_number",
        sqlite_where=text("member_number IS NOT NULL"),
        postgresql_where=text("member_number IS NOT NULL"),
    ),
    Index(None, "nik", sqlite_where=text("nik IS NOT NULL"), postgresql_where=text("nik IS NOT NULL")),
    Index(
        None,
        "partition",
        "wake_on",
        sqlite_where=text("wake_on IS NOT NULL"),
        postgresql_where=text("wake_on IS NOT NULL"),
    ),
    Index(
        None,
        "referral_id",
        sqlite_where=text("referral_id IS NOT NULL"),
        postgresql_where=text("referral_id IS NOT NULL"),
    ),
    Index(
        None,
        "urgency",
        "claim_id",
        sqlite_where=text("urgency IS NOT NULL"),
        postgresql_where=text("urgency IS NOT NULL"),
    ),
)

decisions: Final = Table(
    "decisions",
    metadata,
    Column("claim_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason_codes", Text, nullable=False),  # with commas between
    Column("program", Text, nullable=False),
    Column("event_date", Text, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("output", BigInteger, nullable=False),  # `outputs.id`; embedded `log.seq`
    PrimaryKeyConstraint("claim_id", "revision"),
    _rupiah("total"),
    sqlite_with_rowid=False,
)

payouts: Final = Table(
    "payouts",
    metadata,
    Column("claim_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("payee", Text, nullable=False),
    Column("member_number", Text, nullable=False),  # of the person who is paid, or who gives it back
    Column("direction", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("claim_id", "revision", "payee", "member_number"),
    _rupiah("amount"),
    CheckConstraint("direction IN ('pay', 'recover')", name="direction_known"),
    sqlite_with_rowid=False,
)

# One accident is paid once: however many clinics send it under however many ids (CLM_DUPLICATE, CLM_SAME_EVENT). The
# rows are those of the effective decisions.
# `person` is the NIK, or the membership number of a member without one. JKM is paid once a membership: its `line` names
# it (`jkm_death:12345678901`), but for the lines that are paid once a person.
paid_lines: Final = Table(
    "paid_lines",
    metadata,
    Column("person", Nik, nullable=False),
    Column("program", Text, nullable=False),
    Column("event_date", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("claim_id", Text, nullable=False),
    PrimaryKeyConstraint("person", "program", "event_date", "line"),
    Index(None, "claim_id"),
    sqlite_with_rowid=False,
)

# Nothing else is ever published. Embedded this table stays empty: the log is the topic.
outputs: Final = Table(
    "outputs",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("input_offset", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
)

dead_letters: Final = Table(
    "dead_letters",
    metadata,
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("chunk", BigInteger, nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger),  # the clock a retry keeps; null: the event's own `time`
    Column("reason", Text, nullable=False),
    Column("errors", Text, nullable=False),
    Column("source", Text),
    Column("event_id", Text),
    Column("is_retried", Boolean, nullable=False),
    Column("original", LargeBinary),
    Column("digest", LargeBinary),  # SHA-256 of the event's bytes; null: refused before revision 0010
    PrimaryKeyConstraint("topic", "partition", "offset"),
    Index(None, "chunk"),
    Index(None, "source", "digest"),
)

# The Kafka that the positions belong to: its cluster, its topics (by the ids that the broker gave them) and the group.
origins: Final = Table(
    "origins",
    metadata,
    Column("kind", Text, nullable=False),  # cluster, group, topic
    Column("name", Text, nullable=False),
    Column("id", Text, nullable=False),  # empty: the broker gives none
    PrimaryKeyConstraint("kind", "name"),
)

# Where an operator went on without what the broker lacks. `gap`: the offsets from `first` to below `next` are missing;
# `topic`: it was made again, and its offset `next` is the store's offset `first`; `group`: the one named as `topic`.
acceptances: Final = Table(
    "acceptances",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("accepted_by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("next", BigInteger, nullable=False),
    Column("chunk", BigInteger, nullable=False),  # chunks below this number were stored before
    CheckConstraint("kind IN ('gap', 'topic', 'group')", name="kind_known"),
)

# The embedded broker; empty where Kafka is the broker. `seq` is the one order of all topics.
topics: Final = Table(
    "topics",
    metadata,
    Column("name", Text, primary_key=True),
    Column("partitions", SmallInteger, nullable=False),
)

# One row where the log is embedded: another one after each restore, so that a reader with a position notices.
log_identity: Final = Table("log_identity", metadata, Column("id", Text, primary_key=True))

log: Final = Table(
    "log",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("key", LargeBinary),
    Column("value", LargeBinary, nullable=False),
    Column("headers", Text),
    UniqueConstraint("topic", "partition", "offset"),
)
