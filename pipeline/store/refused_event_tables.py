"""The table of what operators did with refused events. The gateway and the command line write it, and only add rows.

The dead letters themselves are the worker's. Never imports a driver.
"""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text

from pipeline.store.tables import metadata

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

# `asked`: somebody wants to see the event as it came, for `reason`. `approved`: another person agreed. `retried`,
# `corrected`: it was sent again.
refused_event_steps: Final = Table(
    "refused_event_steps",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text),
    CheckConstraint("step IN ('asked', 'approved', 'retried', 'corrected')", name="step_known"),
    Index(None, "topic", "partition", "offset"),
)
