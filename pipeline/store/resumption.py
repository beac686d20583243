"""The places where a worker reads on, at each assignment of partitions: the store alone says them.

The broker is asked whether it still has everything from there on, whether it is the one that the store belongs to, and
up to where outputs are published. Positions of the group that somebody else moved change nothing.
Never imports Faust or Kafka.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipeline.errors import NotReady
from pipeline.messages.published import PublishedOutput
from pipeline.processing.ports import Place
from pipeline.store import origins
from pipeline.store.engines import postgresql_transient
from pipeline.store.origins import Offsets, Origin
from pipeline.store.postgresql import PostgresqlStore
from pipeline.store.tables import cases, positions
from pipeline.store.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class BrokerState:
    """What a broker says, in its own offsets. `bounds`: first offset and end of each place; `committed`: positions of
    the group, and the note beside each."""

    origin: Origin
    bounds: Mapping[Place, tuple[int, int]]
    committed: Mapping[Place, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Resumption:
    """In the store's offsets. `published`: up to where outputs are known to be published; `doubtful`: places of which
    more may be; `moved`: places whose position in the group is not ours."""

    published: dict[Place, int]
    doubtful: frozenset[Place]
    moved: frozenset[Place]
    offsets: Offsets


def resume(
    store: PostgresqlStore, group: str, broker: BrokerState, newest: Callable[[], Iterable[PublishedOutput]]
) -> Resumption:
    """`newest`: reads the last outputs of each topic; asked only where no position says what was published.

    Raises NotReady, with the command that mends it, and Transient.
    """
    with Transaction(store.engine, postgresql_transient) as transaction:
        connection = transaction.connection
        offsets, read = _examined(connection, group, broker)
        judged = _judged(broker, read, offsets)
        if _may_be_behind(broker, judged) and (lacking := beyond(connection, group, newest())):
            raise _behind(lacking[0])
        if origins.known_origin(connection) is None:
            origins.write_first_origin(connection, broker.origin)
            transaction.commit()
    return judged


@dataclass(frozen=True, slots=True)
class Lack:
    """What an older database lacks, in the store's offsets. `spans`: where each place reads on, and to where;
    `published`: places of which all outputs up to there are published."""

    spans: dict[Place, tuple[int, int]]
    published: frozenset[Place]
    offsets: Offsets


def lack(store: PostgresqlStore, group: str, broker: BrokerState) -> Lack:
    """Up to the position that we committed, or to the end where there is none. Raises NotReady and Transient."""
    with Transaction(store.engine, postgresql_transient) as transaction:
        connection = transaction.connection
        offsets, read = _examined(connection, group, broker)
    spans, published = {}, set()
    for place, (_, end) in broker.bounds.items():
        start = read.get(place, (0, 0))[0]
        at, note = broker.committed.get(place, (0, ""))
        if note == offsets.note(at):
            published.add(place)
            end = at
        spans[place] = start, max(start, offsets.in_store(place, end))
    return Lack(spans, frozenset(published), offsets)


def outputs_beyond(
    store: PostgresqlStore, group: str, pages: Iterable[list[PublishedOutput]]
) -> Iterator[PublishedOutput]:
    """Those that the store does not hold. Raises Transient."""
    for page in pages:
        with Transaction(store.engine, postgresql_transient) as transaction:
            yield from beyond(transaction.connection, group, page)


def _examined(connection: Connection, group: str, broker: BrokerState) -> tuple[Offsets, dict[Place, tuple[int, int]]]:
    """Raises NotReady unless this is the broker of the store, and has all from where the store reads on."""
    offsets = origins.offsets_of(connection)
    origins.require_same(origins.known_origin(connection), broker.origin, origins.other_groups(connection, group))
    read = _positions(connection, group)
    for place, bounds in broker.bounds.items():
        origins.require_readable(place, offsets.at_broker(place, read.get(place, (0, 0))[0]), *bounds)
    return offsets, read


def _positions(connection: Connection, group: str) -> dict[Place, tuple[int, int]]:
    """The next offset to read and the one up to which all is published."""
    statement = select(positions.c.topic, positions.c.partition, positions.c.next, positions.c.published)
    rows = connection.execute(statement.where(positions.c.group_name == group))
    return {(topic, partition): (following or 0, published or 0) for topic, partition, following, published in rows}


def _judged(broker: BrokerState, read: Mapping[Place, tuple[int, int]], offsets: Offsets) -> Resumption:
    published: dict[Place, int] = {}
    doubtful, moved = set(), set()
    for place in broker.bounds:
        position, floor = read.get(place, (0, 0))
        at, note = broker.committed.get(place, (0, ""))
        if note == offsets.note(at):
            at = offsets.in_store(place, at)
            if at > position:
                raise _behind(None, place, at - position)
            published[place] = max(at, min(floor, position))
            continue
        moved.add(place)
        published[place] = min(floor, position)
        if published[place] < position:
            doubtful.add(place)
    return Resumption(published, frozenset(doubtful), frozenset(moved), offsets)


def _may_be_behind(broker: BrokerState, judged: Resumption) -> bool:
    """Some input that this store has not read may have led to outputs, and no position of ours says that none has."""
    return any(
        judged.published[place] < judged.offsets.in_store(place, broker.bounds[place][1]) for place in judged.moved
    )


def _behind(output: PublishedOutput | None, place: Place = ("", 0), count: int = 0) -> NotReady:
    if output is None:
        shown = f"outputs of {count} offsets of {place[0]}/{place[1]} were published which it has not read"
    else:
        shown = f"the newest output in {output.topic} is not in it"
    return NotReady(
        f"the database is older than the topics: {shown}. Nothing was read. Point the worker at the database that "
        "belongs to this broker; or, where one of an older day was put back, let it catch up: "
        "`santunan worker --catch-up`"
    )


def beyond(connection: Connection, group: str, outputs: Iterable[PublishedOutput]) -> list[PublishedOutput]:
    """Those that the store does not hold: of later revisions than its claims, or of input that it has not read."""
    found = list(outputs)
    claim_ids = {one.claim_id for one in found if one.claim_id is not None}
    revisions = dict(_revisions(connection, claim_ids))
    read = _positions(connection, group)
    return [one for one in found if _is_beyond(one, revisions, read)]


def _is_beyond(output: PublishedOutput, revisions: Mapping[str, int], read: Mapping[Place, tuple[int, int]]) -> bool:
    if output.place is not None:
        topic, partition, offset = output.place
        return offset >= read.get((topic, partition), (0, 0))[0]
    return output.revision > revisions.get(output.claim_id or "", 0)


def _revisions(connection: Connection, claim_ids: Collection[str]) -> Iterable[tuple[str, int]]:
    names = sorted(claim_ids)
    for start in range(0, len(names), 1000):
        chosen = cases.c.claim_id.in_(names[start : start + 1000])
        found = connection.execute(select(cases.c.claim_id, cases.c.revision).where(chosen))
        yield from ((claim_id, revision) for claim_id, revision in found)
