"""The broker that a store belongs to, and where its positions lie in the broker's offsets.

A store knows its cluster, its topics and its group by their ids. A topic that was made again counts from 0 anew: where
an operator accepted that, the store goes on counting, and an offset of the store is one of the broker and a base.
Never imports Faust or Kafka.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql

from pipeline.errors import NotReady
from pipeline.processing.ports import Place
from pipeline.store.tables import acceptances, chunks, origins, positions

CODE_LETTERS: Final = 10
CLUSTER: Final = "cluster"
GROUP: Final = "group"
TOPIC: Final = "topic"
GAP: Final = "gap"


@dataclass(frozen=True, slots=True)
class Origin:
    """A Kafka as it names itself. `topics`: the id of each of our topics; empty where the broker gives none."""

    cluster: str
    group: str
    topics: Mapping[str, str]

    @property
    def code(self) -> str:
        """Short, and another one whenever anything of it is another one."""
        text = "\n".join([self.cluster, self.group, *(f"{name} {self.topics[name]}" for name in sorted(self.topics))])
        return hashlib.sha256(text.encode()).hexdigest()[:CODE_LETTERS]

    def renewed(self, known: "Origin") -> list[str]:
        """Topics that were made again. Without ids of topics: all of them on another cluster."""
        other = self.cluster != known.cluster
        pairs = [(name, was, self.topics.get(name, "")) for name, was in known.topics.items()]
        return [name for name, was, now in pairs if (was != now if was and now else other)]


@dataclass(frozen=True, slots=True)
class Offsets:
    """The broker's offsets and the store's: `bases` is the difference where a topic was made again.

    `epoch`: acceptances so far. The note beside a position that we committed names it, so that an offset that somebody
    else moved, or that was true before an acceptance, is not taken for ours.
    """

    bases: Mapping[Place, int] = field(default_factory=dict)
    epoch: int = 0

    def in_store(self, place: Place, offset: int) -> int:
        return offset + self.bases.get((place[0], place[1]), 0)

    def at_broker(self, place: Place, offset: int) -> int:
        return offset - self.bases.get((place[0], place[1]), 0)

    def note(self, offset: int) -> str:
        """What is committed beside an offset of the broker."""
        return f"published {self.epoch}/{offset}"


def known_origin(connection: Connection) -> Origin | None:
    """None: no worker has written it yet."""
    found = {(kind, name): value for kind, name, value in connection.execute(select(origins))}
    if not found:
        return None
    of_topics = {name: value for (kind, name), value in found.items() if kind == TOPIC}
    return Origin(found[CLUSTER, ""], found[GROUP, ""], of_topics)


def write_origin(connection: Connection, origin: Origin) -> None:
    """In the place of the one before; in the caller's transaction."""
    connection.execute(origins.delete())
    connection.execute(insert(origins), _rows(origin))


def write_first_origin(connection: Connection, origin: Origin) -> None:
    """Where none is known yet; in the caller's transaction. Of workers that start together one writes it, the others
    wait for that and compare. Raises NotReady as `require_same`."""
    connection.execute(insert_on_postgresql(origins).on_conflict_do_nothing(), _rows(origin))
    require_same(known_origin(connection), origin, [])


def _rows(origin: Origin) -> list[dict[str, str]]:
    rows = [(CLUSTER, "", origin.cluster), (GROUP, "", origin.group)]
    rows += [(TOPIC, name, value) for name, value in sorted(origin.topics.items())]
    return [dict(zip(("kind", "name", "id"), row, strict=True)) for row in rows]


def offsets_of(connection: Connection) -> Offsets:
    statement = select(acceptances).order_by(acceptances.c.number)
    rows = connection.execute(statement).all()
    bases = {(row.topic, row.partition): row.first - row.next for row in rows if row.kind == TOPIC}
    return Offsets(bases, len(rows))


def other_groups(connection: Connection, group: str) -> list[str]:
    """Groups of whose positions the store knows, where it knows none of this one."""
    statement = select(positions.c.group_name).where(positions.c.next.is_not(None)).distinct()
    found = set(connection.execute(statement).scalars())
    return [] if group in found else sorted(found)


def require_same(known: Origin | None, found: Origin, others: list[str]) -> None:
    """Raises NotReady where the store belongs to another Kafka. `others`: of `other_groups`."""
    faults = []
    group = known.group if known is not None else next(iter(others), found.group)
    if group != found.group:
        faults.append(f"it was filled by the group {group}, this worker is of the group {found.group}")
    if known is not None and known.cluster != found.cluster:
        faults.append(f"it belongs to the Kafka cluster {known.cluster}, the broker is of the cluster {found.cluster}")
    renewed = found.renewed(known) if known is not None else []
    if renewed:
        faults.append(f"{', '.join(renewed)} {'was' if len(renewed) == 1 else 'were'} deleted and made again")
    if not faults:
        return
    effect = "reads a topic that was made again from its beginning" if renewed else "goes on where the store stands"
    raise NotReady(
        f"this database belongs to another Kafka: {'; '.join(faults)}. Nothing was read. Set broker_url, database_url "
        "and group to those that belong together, or put the topics back. To go on with this broker on purpose: "
        f"`santunan worker --accept-broker {found.code}`, which {effect}"
    )


def require_readable(place: Place, position: int, earliest: int, end: int) -> None:
    """All three in the broker's offsets. Raises NotReady unless the broker has all from the position on."""
    name = f"{place[0]}/{place[1]}"
    if position < earliest:
        raise missing(place, position, earliest)
    if position > end:
        raise NotReady(
            f"{name}: the store has read up to offset {position}, but the broker's log ends at {end}: it lost "
            f"{position - end} records or more, and what came instead of them would never be read. Nothing was read. "
            "Put the topic back, or read it from its first record on, where known events have no effect: "
            f"`santunan worker --accept-gap {name}/{earliest}`"
        )


def missing(place: Place, first: int, following: int) -> NotReady:
    """These offsets of the broker are gone: from `first` to below `following`."""
    name, count = f"{place[0]}/{place[1]}", following - first
    records = "1 offset" if count == 1 else f"{count} offsets"
    return NotReady(
        f"{name}: the broker no longer has {records} from {first} to {following - 1}, which were never processed. "
        "Nothing was skipped. Put them back (retention must keep intake for ever), or go on without them: "
        f"`santunan worker --accept-gap {name}/{following}`"
    )


def next_chunk(connection: Connection) -> int:
    """Above the number of every chunk that is stored."""
    return int(connection.execute(select(func.coalesce(func.max(chunks.c.id), -1))).scalar_one()) + 1
