"""Serving: opens the store and posts to webhooks until a signal ends it. Several such processes may run."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from agents.key_files import sealer_of
from agents.settings import Settings
from agents.stores import open_reader, open_store
from agents.webhooks.courier import Courier
from agents.webhooks.poster import Poster
from agents.worker.logs import configure_logs
from pipeline.errors import NotReady
from pipeline.law.book import Book
from pipeline.operations.front_office import Answer, FrontOffice, Placed
from pipeline.store.webhook_book import passes_of
from pipeline.store.webhook_outbox import Outbox

NAME_THREADS: Final = 64  # each may wait for a name server that does not answer, and holds up no other


class NoIntake:
    """Who posts decisions hands no events in."""

    def hand_in(self, documents: Sequence[bytes], then: Callable[[Sequence[Placed]], Answer]) -> Answer:
        raise NotReady("webhooks hand nothing in: send it to the gateway")


@contextmanager
def opened_courier(settings: Settings) -> Iterator[Courier]:
    """Raises NotReady and Transient, as opening a store does."""
    with ExitStack() as opened:
        store = open_store(settings)
        opened.callback(store.close)
        reader = open_reader(settings)
        opened.callback(reader.close)
        passes = passes_of(settings.database_url)
        front = FrontOffice(reader, NoIntake(), Book.load(), lambda name: frozenset({name}))
        poster = Poster(allows_private=settings.webhooks_private, ca_file=settings.webhooks_ca_file)
        courier = Courier(front, Outbox(store.engine, passes, reader, sealer_of(settings)), poster)
        opened.callback(courier.close)
        yield courier


def serve(settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C; then it ends the posts that are on their way, at most ten seconds."""
    configure_logs(settings.log_level, settings.log_format)
    with opened_courier(settings) as courier:
        asyncio.run(_post_until_a_signal(courier))


async def _post_until_a_signal(courier: Courier) -> None:
    leaving, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(NAME_THREADS, "names"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    await courier.run(leaving)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)  # what comes now cannot end it any sooner
