"""Serving: opens the store, the book of access and the link to the log, and listens until a signal ends it."""

import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Final

import uvicorn

from agents.clients import open_submitter
from agents.clients.backlog import backlog
from agents.clients.resubmission import send_again
from agents.key_files import sealer_of
from agents.papers import open_papers
from agents.settings import Settings
from agents.stores import open_access, open_reader, open_webhooks
from agents.web.app import make_app
from agents.web.gate import Gateway
from agents.web.heads import HeadGuard
from agents.web.identity_provider import open_provider
from agents.web.link import Later, SubmitterLink
from agents.web.runs import ChildRuns
from agents.worker.logs import configure_logs
from pipeline.errors import NotReady
from pipeline.law.book import Book
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.paper_room import PaperRoom
from pipeline.store.coverage_book import CoverageBook
from pipeline.store.ledger_key import known_public_keys
from pipeline.store.paper_book import PaperBook
from pipeline.store.readable import QuickReader
from pipeline.store.work_book import WorkBook

KEPT_SECONDS: Final = 30  # a connection without a request
LEAVING_SECONDS: Final = 10
_GARBAGE: Final = (50_000, 10, 10)  # a report leaves hardly a cycle; by default a tenth of its time goes into looking
SWITCH_SECONDS: Final = 0.0005  # after which a thread lets another one go on; the default is longer than a request


@contextmanager
def opened_gateway(settings: Settings) -> Iterator[Gateway]:
    """Raises NotReady and Transient, as opening a store does."""
    with ExitStack() as opened:
        sealer = sealer_of(settings)
        access = opened.enter_context(open_access(settings, sealer))
        store = open_reader(settings)
        opened.callback(store.close)
        provider = open_provider(settings)
        link = SubmitterLink(lambda: open_submitter(settings))
        opened.callback(link.close)
        webhooks = opened.enter_context(open_webhooks(settings, sealer))
        runs = ChildRuns(settings)
        opened.callback(runs.close)
        files = open_papers(settings)
        front = FrontOffice(
            store,
            Later(),
            Book.load(),
            access.names_of_person,
            webhooks=webhooks,
            allows_private_webhooks=settings.webhooks_private,
            papers=PaperRoom(files, PaperBook(access), access.write) if files is not None else None,
            put_on_record=access.write,
            work=WorkBook(access, settings.work_hold_hours),
            access=access,
            resend=partial(send_again, settings),
            backlog=partial(backlog, settings, store),
            coverage=CoverageBook(access),
            runs=runs,
            ledger_keys=partial(known_public_keys, settings.ledger_key),
            letter_place=settings.letter_place,
        )
        quick = None
        if store.is_embedded:
            own = open_reader(settings)
            opened.callback(own.close)
            reader = QuickReader(own)
            opened.callback(reader.close)
            quick = replace(front, store=own, quick=reader)
        gateway = Gateway(
            front,
            access,
            settings.web_rate,
            lambda: link.is_alive,
            link,
            quick,
            settings.web_url,
            provider,
            settings.web_draft_hours,
        )
        opened.callback(gateway.threads.shutdown, wait=False)  # the link is closed first, so none waits
        yield gateway


class _Server(uvicorn.Server):
    """Ends streams and requests that wait before it counts who is still served, and ends once.

    A second Ctrl-C would break off who is still served, and a terminal sends the first one to every process at once.
    Leaving takes at most `LEAVING_SECONDS` anyway.
    """

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.leaving.set()
        await super().shutdown(sockets)


def server_of(gateway: Gateway, host: str, port: int) -> uvicorn.Server:
    """Not started yet. Its own log of requests is off: addresses hold what people type into them."""
    config = uvicorn.Config(
        make_app(gateway),
        host=host,
        port=port,
        http=HeadGuard,
        ws="none",  # a connection that turns into something else has no limits of ours
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the address of who connects, not one that he writes
        timeout_keep_alive=KEPT_SECONDS,
        timeout_graceful_shutdown=LEAVING_SECONDS,
        lifespan="off",
    )
    logging.getLogger("uvicorn.access").disabled = True
    return _Server(config, gateway)


def serve(settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C. Raises NotReady where the address cannot be listened on."""
    configure_logs(settings.log_level, settings.log_format)
    host, _, port = settings.web_address.rpartition(":")
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*_GARBAGE)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # the server leaves first, then raises it once more
    with opened_gateway(settings) as gateway:
        _offer_first_operator(gateway, settings)
        server = server_of(gateway, host.strip("[]"), int(port))
        gc.freeze()  # what is there now stays for good
        try:
            server.run()
        except SystemExit as ending:
            if ending.code == 0:
                return
            raise NotReady(
                f"SANTUNAN_WEB_ADDRESS {settings.web_address} cannot be listened on, perhaps since another program "
                "does: give another HOST:PORT"
            ) from None
        finally:  # what comes now cannot end it any sooner
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)


def _offer_first_operator(gateway: Gateway, settings: Settings) -> None:
    """Where nobody may act yet, prints a link for one use. To the terminal and into no log: who has it is operator."""
    token = gateway.links.make_first("machine:gateway", gateway.front.now())
    if token is not None:
        print("Nobody may act yet. Make the first operator here, once, within 24 hours:", file=sys.stderr)
        print(f"{settings.public_url}/link/{token}", file=sys.stderr, flush=True)


def _end(*_: object) -> None:
    raise SystemExit(0)
