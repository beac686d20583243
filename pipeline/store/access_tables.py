"""Tables of access: who may act, by which credentials, and what was done with them. The gateway writes these alone.

No credential is here in full: of keys, links and sessions the SHA-256, of passwords an argon2id hash. Times are
microseconds since 1970 in UTC. Never imports a driver.
"""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from pipeline.store.tables import metadata

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

principals: Final = Table(
    "principals",
    metadata,
    Column("name", Text, primary_key=True),  # urn:santunan:KIND:WHO
    Column("person", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Index(None, "person"),
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),  # how people name it; says nothing of the key
    Column("principal", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),  # to the hour
    Column("revoked_at", BigInteger),
    UniqueConstraint("digest"),
    Index(None, "principal"),
)

# `failures` in a row, and the pause that they led to.
passwords: Final = Table(
    "passwords",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("paused_until", BigInteger),
)

# `confirmed_at` null: shown to the person, who has not yet sent a code of it. `last_step`: of the last code that was
# taken, so that none is taken twice.
second_factors: Final = Table(
    "second_factors",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("last_step", BigInteger, nullable=False),
)

# `seen_at`: of the last request, to half a minute. `code_at`: of the last code of the second factor, null: there was
# none. `wrong_codes`: since then. `way`: PASSWORD, PASSWORD_AND_CODE, PROVIDER or DEMO; null: of a version before.
sessions: Final = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),  # how people name it; says nothing of the session
    Column("principal", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("way", Text),
    Column("code_at", BigInteger),
    Column("wrong_codes", Integer, nullable=False, server_default="0"),
    Index(None, "principal"),
)

# `principal` null: the link makes the first operator.
one_time_links: Final = Table(
    "one_time_links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("principal", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    CheckConstraint("purpose IN ('first-operator', 'password', 'demo')", name="purpose_known"),
)

# Append-only: triggers refuse to change or delete a row (revision 0006). Codes and names, never personal data.
audit_records: Final = Table(
    "audit_records",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("clock", BigInteger, nullable=False),
    Column("who", Text, nullable=False),  # a principal, or the user of the machine
    Column("action", Text, nullable=False),
    Column("subject", Text),  # a principal, a key or a claim
    Column("result", Text, nullable=False),
    Column("address", Text),  # where from, of what came over HTTP
    Column("reason", Text),
    CheckConstraint("result IN ('done', 'refused')", name="result_known"),
)
