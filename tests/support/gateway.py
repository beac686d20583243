"""A gateway on a port of this machine, in a thread, over the embedded file; asked over HTTP as its clients do."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

from agents.services.servers import free_ports
from agents.settings import Settings
from agents.web.gate import Gateway
from agents.web.serving import opened_gateway, server_of

FORM: Final = "application/x-www-form-urlencoded"


class Answer:
    """`headers` in small letters."""

    def __init__(self, status: int, headers: dict[str, str], raw: bytes) -> None:
        self.status, self.headers, self.raw = status, headers, raw

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class Client:
    """`key`: of the principal; None: none is sent."""

    def __init__(self, port: int, key: str | None = None) -> None:
        self.port, self.key = port, key

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`headers` with _ for -; a body that is no bytes is sent as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, sent)
            found = connection.getresponse()
            return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def form(self, path: str, fields: Mapping[str, Any], **headers: str) -> Answer:
        """A form of a page; the page that it leads to, where it asks something."""
        body = urlencode(fields, doseq=True).encode()
        return self.followed(self.ask("POST", path, body, Content_Type=FORM, **headers), **headers)

    def followed(self, found: Answer, **headers: str) -> Answer:
        """What was asked by POST is answered by GET."""
        is_asked = found.status == 303 and "asked=" in found.headers["location"]
        return self.get(found.headers["location"], **headers) if is_asked else found

    def report(self, path: str, key: str, data: Any, **headers: str) -> Answer:
        return self.ask("POST", path, data, Idempotency_Key=key, **headers)

    def event(self, document: Any, **headers: str) -> Answer:
        return self.ask("POST", "/v1/events", document, Content_Type="application/cloudevents+json", **headers)


Open = Callable[[str | None], Client]


@contextmanager
def running_gateway(settings: Settings) -> Iterator[tuple[Gateway, int]]:
    [port] = free_ports(1)
    with opened_gateway(settings) as gateway:
        server = server_of(gateway, "127.0.0.1", port)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield gateway, port
        finally:
            server.should_exit = True
            thread.join()
