"""Tables of webhooks: who wants decisions posted where, and the posts that wait or have failed. One that was taken is
deleted.

`secret` and `previous_secret` are kept as they are, for each post is signed with them; so on PostgreSQL only the
gateway and the process that posts may read these tables. Times are microseconds since 1970 in UTC. Never imports a
driver.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from pipeline.store.tables import metadata

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

# `cursor`: of the feed of decisions, up to where posts were made. `seen_chunk`: nothing new until another number.
# `lease`: of the process that has it in work until `leased_until`.
webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", BigInteger),
    Column("cursor", Text, nullable=False),
    Column("seen_chunk", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("lease", Text),
    Column("leased_until", BigInteger, nullable=False),
    Index(None, "principal"),
    Index(None, "leased_until"),
)

# `next_at` null: it has failed. `outcome`: of the last attempt, a code or a status of HTTP.
webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("webhook", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger),
    Column("failed_at", BigInteger),
    Column("outcome", Text),
    UniqueConstraint("id"),
    Index(None, "webhook", "next_at"),
)
