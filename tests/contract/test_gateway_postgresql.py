"""What a client may write and PostgreSQL does not take: a NUL, in each place of an address and in a name."""

import datetime as dt
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

from agents.settings import read_settings
from agents.web.app import make_app
from agents.web.metrics import Metrics
from agents.web.openapi import routes_of
from pipeline.access.principals import new_principal
from tests.support import events as e
from tests.support.gateway import Client, running_gateway
from tests.support.site import Site

APP: Final = make_app(SimpleNamespace(metrics=Metrics()))  # type: ignore[arg-type]
BODIES: Final = {
    "/v1/session": {"name": "clinic:\0", "password": "\0"},
    "/v1/second-factor": {"name": "clinic:\0", "password": "\0"},
    "/v1/links": {"link": "\0", "name": "\0", "password": "\0"},
    "/v1/cover": {"member": "\0" * 11, "day": "2024-07-07"},
}


def test_a_nul_is_refused_wherever_a_request_has_room_for_it(new_database: Callable[[], str]) -> None:
    url, now = new_database(), dt.datetime.now(dt.UTC)
    site = Site(url, partitions=1)
    site.run(*e.member())
    site.close()
    nowhere = read_settings(database_url=url, broker_url="kafka+chunks://127.0.0.1:1", web_rate=10_000)
    with running_gateway(nowhere) as (gateway, port):
        clients = []
        for kind in ("clinic", "officer", "payments"):
            principal = new_principal(kind, "one", "one" if kind == "officer" else None)
            gateway.access.add(principal, "test", now)
            key = gateway.access.make_key(principal.name, "", now + dt.timedelta(days=1), "test", now)[1]
            clients.append(Client(port, key))
        for method, path, _ in routes_of(APP):
            if not path.startswith("/v1/"):
                continue
            address = re.sub("{.*?}", "%00", path) + "?after=%00&delivery=%00"
            asked = [one.ask(method, address, BODIES.get(path, {} if method != "GET" else None)) for one in clients]
            assert {one.status for one in asked} <= {200, 400, 401, 403, 404, 410, 415, 422, 503}, (method, path)
