"""Thirty planted NIKs, names and diagnoses go through every route of the gateway, wherever a request has room for a
text. None of them is in a log, an error, a header, a metric or an audit record, nor in an address that is answered.

Routes are read from the application, so that a new one is tried as it comes.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from types import SimpleNamespace
from typing import Final
from urllib.parse import quote

import pytest
from fastapi.routing import iter_route_contexts

from agents.web.app import make_app
from agents.web.gate import Gateway
from agents.web.metrics import Metrics
from pipeline.access.principals import KINDS
from tests.agents.web.conftest import OWN, who_of
from tests.support import events as e
from tests.support.gateway import Answer, Client

Open = Callable[[str | None], Client]
NIKS: Final = tuple(f"36710141078{number:05d}" for number in range(50001, 50011))
NAMES: Final = (
    "Kunyit Kanari", "Temulawak", "Kencur Sariwangi", "Lengkuasara", "Jahewati", "Serehnanda", "Cengkehtama",
    "Palawijaya", "Kapulagadis", "Andalimanto",
)  # fmt: skip
DIAGNOSES: Final = (
    "S72.301Q", "fraktur femur kanari", "T14.91XQ", "commotio cerebri", "Z99.8Q", "amputasi digiti", "G93.1Q",
    "luka bakar derajat dua", "B20.9Q", "trauma toraks",
)  # fmt: skip
CANARIES: Final = (*NIKS, *NAMES, *DIAGNOSES)
SHARE: Final = 8  # each canary goes through an eighth of the places, and each place has a canary of each kind
FORMS: Final = {canary: (canary, quote(canary)) for canary in CANARIES}
APP: Final = make_app(SimpleNamespace(metrics=Metrics()))  # type: ignore[arg-type]
ROUTES: Final = sorted(
    (method, str(context.path))
    for context in iter_route_contexts(APP.routes)
    for method in (context.methods or set()) - {"HEAD"}
)


def bodies(canary: str) -> Iterator[tuple[str, bytes]]:
    """Of each kind: what is taken in, with the canary where it belongs and where it does not, and what is no JSON."""
    who = {"member_number": e.NUMBER, "name": canary}
    who |= {"nik": canary} if canary in NIKS else {}
    data = {
        "member": who,
        "accident": {"occurred_at": "2024-07-07T10:00:00+07:00", "place": canary, "chronology": canary},
        "medical": {"diagnosis": canary},
        "death": {"died_on": "2024-07-07"},
        "day": "2024-07-07",
    }
    good = {key: data[key] for key in ("member", "accident", "medical")}
    document = e.accident("CANARY-1", source="urn:santunan:clinic:one", member=who, medical={"diagnosis": canary})
    for one in (
        good,
        {"member": who, "death": data["death"]},
        {"member": who},
        {"ground": canary},
        {"member": canary, "day": "2024-07-07"},
        {"member": canary, "day": canary},
        {"claim_id": canary, "reason": canary, "revision": canary},
        good | {canary: canary},
        [canary],
        canary,
        data,
    ):
        yield "application/json", json.dumps(one).encode()
    for one in (document, document | {"id": canary}, document | {"source": canary}, document | {"type": canary}):
        yield "application/cloudevents+json", json.dumps(one | {canary: canary}).encode()
        yield "application/cloudevents+json", json.dumps(one).encode()
        yield "application/cloudevents-batch+json", json.dumps([one, one | {"data": {canary: canary}}, canary]).encode()
    yield "application/json", canary.encode()
    yield f"text/{quote(canary)}", canary.encode()


def requests(method: str, path: str, canary: str) -> Iterator[tuple[str, bytes | None, dict[str, str]]]:
    """(address, body, headers): each place of a request in turn has the canary."""
    encoded = quote(canary)
    plain = re.sub("{.*?}", OWN, path)
    headers = {"Idempotency_Key": "canary", "Accept_Language": "en"}
    yield re.sub("{.*?}", encoded, path), b"{}" if method != "GET" else None, headers
    yield f"{path}/{encoded}", None, {}
    yield f"{plain}?after={encoded}&limit={encoded}&wait={encoded}&lang={encoded}&{encoded}={encoded}", None, {}
    for name in ("Idempotency_Key", "If_None_Match", "Accept", "Accept_Language", "ce_id", "ce_type", "X_Canary"):
        yield plain, b"{}" if method != "GET" else None, {"Idempotency_Key": "canary", name: encoded}
    if method != "GET":
        for media_type, body in bodies(canary):
            yield plain, body, headers | {"Content_Type": media_type}


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(one) for one in ROUTES])
def test_no_canary_leaves_by_a_route(
    method: str, path: str, client: Open, gateway: tuple[Gateway, int], caplog: pytest.LogCaptureFixture
) -> None:
    kinds = cycle(KINDS)
    answers: list[tuple[Answer, bytes | None]] = []
    with caplog.at_level(logging.DEBUG):
        for number, canary in enumerate(CANARIES):
            kind = next(kinds)
            asked = client(f"{kind}:{who_of(kind)}")
            for address, body, headers in islice(requests(method, path, canary), number % SHARE, None, SHARE):
                answers.append((asked.ask(method, address, body, **headers), body))
        wrong = client(None)
        for canary in CANARIES:
            answers.append((wrong.ask(method, path, None, Authorization=f"Bearer {quote(canary)}"), None))
    assert {one.status // 100 for one, _ in answers} >= {4} and all(one.status != 500 for one, _ in answers)
    said = [repr(one.__dict__) for one in caplog.records if not one.name.startswith(("urllib3", "asyncio"))]
    said += [repr(one.headers) for one, _ in answers]
    said += [one.raw.decode() for one, _ in answers if one.status >= 400 or one.status == 207]
    said += [gateway[0].metrics.text().decode(), repr(gateway[0].access.records(1000))]
    assert [text[:300] for text in said if found_in(text)] == []


def found_in(text: str) -> list[str]:
    return [canary for canary, forms in FORMS.items() if any(form in text for form in forms)]


def test_the_canaries_are_taken_in_and_found_where_they_may_be(client: Open) -> None:
    """So the test above does not pass by refusing all of them; and what it looks for would be found."""
    taken = [
        client("clinic:one").report("/v1/accidents", f"taken-{number}", json.loads(next(bodies(canary))[1]))
        for number, canary in enumerate(CANARIES)
    ]
    assert [one.status for one in taken] == [202] * 30 and len(set(CANARIES)) == 30
    assert found_in(f"x{CANARIES[0]}y") and found_in(quote(NAMES[0])) and not found_in("nothing")
