"""Who reads what: partition n of every topic belongs to one worker, so that one gate holds the order of a key.

Kafka's own round robin deals partitions out topic by topic, and two topics' partitions of one number may then lie
with two workers. Faust takes that one wherever an app has no tables.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


class ByNumber(AbstractPartitionAssignor):  # type: ignore[misc]
    """Deals the partition numbers out to the members in turn."""

    name = "santunan-by-number"
    version = 0

    @classmethod
    def assign(cls, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        names = sorted({topic for member in members.values() for topic in member.subscription})
        counts = {name: len(cluster.partitions_for_topic(name) or ()) for name in names}
        batch = sorted(members)  # a static member's id begins with its instance id: its place is kept over a restart
        assigned = {}
        for place, member in enumerate(batch):
            mine = [(name, list(range(place, counts[name], len(batch)))) for name in names]
            assigned[member] = ConsumerProtocolMemberAssignment(
                cls.version, [(name, numbers) for name, numbers in mine if numbers], b""
            )
        return assigned

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> Any:
        return ConsumerProtocolMemberMetadata(cls.version, sorted(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Nothing is remembered: the same members get the same numbers."""
