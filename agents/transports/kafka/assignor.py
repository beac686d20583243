"""Assigns partitions to workers: partition n of all topics belongs to one worker, which keeps the order of a key.

Kafka's own round robin, which Faust takes for an app without tables, assigns topic by topic: partition n of two topics
may then belong to two workers.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


class ByNumber(AbstractPartitionAssignor):  # type: ignore[misc]
    """Deals partitions out to the members, one after the other."""

    name = "santunan-by-number"
    version = 0

    @classmethod
    def assign(cls, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        names = sorted({topic for member in members.values() for topic in member.subscription})
        counts = {name: len(cluster.partitions_for_topic(name) or ()) for name in names}
        ordered = sorted(members)  # a static member's id begins with its instance id: its place survives a restart
        assigned = {}
        for place, member in enumerate(ordered):
            mine = [(name, list(range(place, counts[name], len(ordered)))) for name in names]
            assigned[member] = ConsumerProtocolMemberAssignment(
                cls.version, [(name, partitions) for name, partitions in mine if partitions], b""
            )
        return assigned

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> Any:
        return ConsumerProtocolMemberMetadata(cls.version, sorted(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Nothing is remembered: the same members get the same partitions."""
