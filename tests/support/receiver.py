"""A receiver of webhooks on a port of this machine, and a courier whose clock the test sets.

The signature is checked as docs/users/clinics.md does it, by nothing of ours.
"""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.webhooks.courier import Courier
from agents.webhooks.poster import Poster
from agents.webhooks.serving import NoIntake
from pipeline.access.principals import Principal
from pipeline.law.book import Book
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.webhooks import register_webhook
from pipeline.store.access_book import open_access
from pipeline.store.webhook_book import WebhookBook, passes_of
from pipeline.store.webhook_outbox import Outbox
from tests.support.site import Site

LOOPBACK = ["127.0.0.1"]


@dataclass
class Received:
    """`headers` in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = self.headers["webhook-signature"].split(" ")
        return any(hmac.compare_digest(expected, one) for one in given)


@dataclass
class Receiver:
    """`answer`: status and headers to a request, asked in a thread of its own."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], tuple[int, dict[str, str]]] = lambda one: (204, {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=path-secret"

    def ids(self) -> list[str]:
        """Of decisions, in the order in which they came."""
        return [one.event["id"] for one in self.received]


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Received(self.path, headers, self.rfile.read(length))
            found.received.append(one)
            status, more = found.answer(one)
            try:
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.end_headers()
            except OSError:
                return  # it was not waited for

        do_GET = do_POST

        def log_message(self, *words: Any) -> None:
            """Nothing into the output of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Post:
    """The post of a site: webhooks of its principals, and couriers, all on one clock that stands still."""

    def __init__(self, site: Site, now: dt.datetime) -> None:
        self.site, self.now = site, now
        self.access = open_access(site.url)
        passes = passes_of(site.url)
        self.book = WebhookBook(site.store.engine, passes, site.store)
        self.outbox = Outbox(site.store.engine, passes, site.store)
        self.front = FrontOffice(
            site.store,
            NoIntake(),
            Book.load(),
            self.access.names_of_person,
            lambda: self.now,
            webhooks=self.book,
            allows_private_webhooks=True,
        )

    def close(self) -> None:
        self.access.close()

    def register(self, principal: Principal, url: str, after: str | None = "") -> tuple[str, str]:
        """(id, secret)"""
        if principal.name not in {one.principal.name for one in self.access.accounts()}:
            self.access.add(principal, "test", self.now)
        made = register_webhook(self.front, principal, url, LOOPBACK, after=after)
        return made.id, made.secret

    def courier(self) -> Courier:
        return Courier(self.front, self.outbox, Poster(allows_private=True))

    def go_on(self, **later: float) -> None:
        """The clock goes on, and one courier does what is due."""
        self.now += dt.timedelta(**later)
        courier = self.courier()

        async def once() -> None:
            await courier.start_turns()
            await courier.finish()

        try:
            asyncio.run(once())
        finally:
            courier.close()
