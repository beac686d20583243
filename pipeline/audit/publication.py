"""Topics and store side by side: every output of the store is in its topic once, and nothing else is there.

Called by `santunan doctor --deep` over Kafka. Reads only. Never imports Kafka.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from sqlalchemy import Connection, func, select

from pipeline.errors import NotReady
from pipeline.messages.published import PublishedOutput, digest_of, published_output
from pipeline.processing.ports import CHUNK_STRIDE, Place
from pipeline.store.origins import TOPIC, offsets_of, require_readable
from pipeline.store.readable import Readable
from pipeline.store.tables import acceptances, outputs, positions

MOST: Final = 20  # of one kind: twenty show a fault as well as a thousand
PAGE: Final = 2000

Read = Callable[[], Iterable[list[PublishedOutput]]]


def compare(
    store: Readable, group: str, read: Read, bounds: Mapping[Place, tuple[int, int]], pause: Callable[[], None]
) -> list[str]:
    """One sentence for each difference. `read`: all that the topics hold; `bounds`: first offset and end of intake.

    `pause`: called before the topics are read again for what a worker was just publishing.
    """
    published = Counter(one.digest for page in read() for one in page)
    with store.reader() as connection:
        found = list(_out_of_bounds(connection, group, bounds))
        stored, lacking = set(), []
        for topic, value in _stored(connection):
            digest = digest_of(topic, value)
            stored.add(digest)
            if digest not in published:
                lacking.append((digest, topic, value))
    if lacking:
        pause()
        now = {one.digest for page in read() for one in page}
        lacking = [one for one in lacking if one[0] not in now]
    found += [
        f"{_identity(topic, value)} is stored and not in {topic}: start a worker, which publishes it"
        for _, topic, value in lacking[:MOST]
    ]
    if strange := {digest for digest, times in published.items() if times > 1 or digest not in stored}:
        found += islice(_strange(read(), strange, stored), MOST)
    return found


def _strange(pages: Iterable[list[PublishedOutput]], strange: set[int], stored: set[int]) -> Iterator[str]:
    seen: Counter[int] = Counter()
    for one in (one for page in pages for one in page if one.digest in strange):
        seen[one.digest] += 1
        if one.digest not in stored:
            yield f"{one.identity} is in {one.topic}, and the store did not make it"
        elif seen[one.digest] == 2:
            yield f"{one.identity} is in {one.topic} more than once"


def _stored(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Outputs, but those that were stored before an operator accepted that their topic was made again."""
    made_again = select(acceptances.c.topic, func.max(acceptances.c.chunk)).where(acceptances.c.kind == TOPIC)
    since = {
        topic: chunk * CHUNK_STRIDE for topic, chunk in connection.execute(made_again.group_by(acceptances.c.topic))
    }
    after = -1
    while True:
        statement = select(outputs.c.id, outputs.c.topic, outputs.c.value).where(outputs.c.id > after)
        rows = connection.execute(statement.order_by(outputs.c.id).limit(PAGE)).all()
        if not rows:
            return
        yield from ((topic, bytes(value)) for number, topic, value in rows if number >= since.get(topic, 0))
        after = rows[-1].id


def _out_of_bounds(connection: Connection, group: str, bounds: Mapping[Place, tuple[int, int]]) -> Iterator[str]:
    offsets = offsets_of(connection)
    statement = select(positions.c.topic, positions.c.partition, positions.c.next).where(
        positions.c.group_name == group
    )
    read = {(topic, partition): following or 0 for topic, partition, following in connection.execute(statement)}
    for place, around in bounds.items():
        try:
            require_readable(place, offsets.at_broker(place, read.get(place, 0)), *around)
        except NotReady as error:
            yield str(error)


def _identity(topic: str, value: bytes) -> str:
    found = published_output(topic, value)
    return "an output" if found is None else found.identity
