"""Every topic, once: its name, who writes it, which event types belong there.

All topics have the same number of partitions and Kafka's murmur2 partitioner, so that everything about one
key meets in the partition of one number.
"""

from typing import Final

MEMBERS: Final = "members.events"
ACCIDENTS: Final = "claims.accidents"
DEATHS: Final = "claims.deaths"
REVIEWS: Final = "claims.reviews"
SETTLEMENTS: Final = "payouts.settlements"
HISTORY: Final = "history.events"  # handed in by an operator: any intake type, stamped with the event's own time

DECISIONS: Final = "claims.decisions"
PAYOUTS: Final = "claims.payouts"
REFERRALS: Final = "claims.referrals"
DEAD_LETTERS: Final = "claims.dead-letters"

CHECKPOINTS: Final = "ledger.checkpoints"  # signed notes, no events: see docs/users/auditors.md

INTAKE: Final = (MEMBERS, ACCIDENTS, DEATHS, REVIEWS, SETTLEMENTS, HISTORY)
OUTPUT: Final = (DECISIONS, PAYOUTS, REFERRALS, DEAD_LETTERS)
ALL: Final = (*INTAKE, *OUTPUT, CHECKPOINTS)
