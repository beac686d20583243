"""Topics and store side by side: every output of the store is in the topics once, and nothing else is there.

Called by `santunan doctor --deep` over Kafka. Reads only. Never imports Kafka.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlalchemy import Connection, func, select

from pipeline.messages.published import PublishedOutput, digest_of
from pipeline.processing.ports import CHUNK_STRIDE, Place
from pipeline.queries import history
from pipeline.store.origins import TOPIC, offsets_of
from pipeline.store.readable import Readable
from pipeline.store.tables import acceptances, outputs, positions

MOST: Final = 20


def compare(
    store: Readable, pages: Iterable[list[PublishedOutput]], bounds: Mapping[Place, tuple[int, int]]
) -> Iterator[str]:
    """One sentence for each difference. `pages`: the topics, read now; `bounds`: first offset and end of each place."""
