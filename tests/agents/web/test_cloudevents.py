"""The reference library and the gateway mean the same event: structured, binary and in a batch."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.agents.web.test_gateway import DATA, SOURCE, log_of
from tests.support.gateway import Answer, Client

Open = Callable[[str | None], Client]
FORM: Final = JSONFormat()
BATCH: Final = "application/cloudevents-batch+json"


def event(number: str, **attributes: Any) -> CloudEvent:
    """With characters that headers must encode: a space, quotes, a percent sign."""
    return CloudEvent(
        {
            "specversion": "1.0",
            "type": "santunan.claim.accident.v1",
            "source": SOURCE,
            "id": f"ce {number} 100%",
            "subject": f'klaim "{number}" 50%25',
            "time": dt.datetime(2024, 7, 8, 20, 0, tzinfo=dt.timezone(dt.timedelta(hours=7))),
            "datacontenttype": "application/json",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            **attributes,
        },
        {"claim_id": f"CE-{number}", **DATA},
    )


def post(client: Client, message: HTTPMessage) -> Answer:
    headers = {name.replace("-", "_"): value for name, value in message.headers.items()}
    if "content_type" in headers:
        headers["Content_Type"] = headers.pop("content_type")
    return client.ask("POST", "/v1/events", message.body, **headers)


def batch_of(*events: CloudEvent) -> HTTPMessage:
    bodies = [json.loads(to_structured(one, FORM).body) for one in events]
    return HTTPMessage({"content-type": BATCH}, json.dumps(bodies).encode())


def stored(url: str, receipt: Any) -> CloudEvent:
    """What a reader of the log gets, by the reference library."""
    log = log_of(url)
    entry = log.read_partition(receipt["topic"], receipt["partition"], receipt["offset"], 1)[0]
    log.close()
    found = FORM.read(CloudEvent, entry.value)
    assert isinstance(found, CloudEvent)
    return found


MODES: Final[dict[str, Callable[[CloudEvent], HTTPMessage]]] = {
    "structured": lambda one: to_structured(one, FORM),
    "binary": lambda one: to_binary(one, FORM),
    "batch": batch_of,
}


@pytest.mark.parametrize("mode", sorted(MODES))
def test_what_the_library_sends_is_what_a_reader_gets(mode: str, client: Open, url: str) -> None:
    sent = event(mode)
    found = post(client("clinic:plkk-0012"), MODES[mode](sent))
    assert found.status == 202, found.raw
    receipt = found.json[0]["receipt"] if mode == "batch" else found.json
    read = stored(url, receipt)
    assert read.get_attributes() == sent.get_attributes() and read.get_data() == sent.get_data()


def test_one_event_is_the_same_in_every_mode(client: Open) -> None:
    sent = event("same")
    answers = [post(client("clinic:plkk-0012"), mode(sent)) for mode in MODES.values()]
    receipts = [one.json[0]["receipt"] if isinstance(one.json, list) else one.json for one in answers]
    assert [one.status for one in answers] == [202, 200, 200] and receipts[0] == receipts[1] == receipts[2]


def test_a_batch_of_the_library_keeps_the_order(client: Open, url: str) -> None:
    sent = [event(f"b{number}") for number in range(5)]
    found = post(client("clinic:plkk-0012"), batch_of(*sent))
    assert [stored(url, one["receipt"]).get_id() for one in found.json] == [one.get_id() for one in sent]


@pytest.mark.parametrize("attribute", ["type", "source", "id", "time", "specversion"])
def test_a_binary_event_without_an_attribute_is_refused(attribute: str, client: Open) -> None:
    message = to_binary(event("less"), FORM)
    del message.headers[f"ce-{attribute}"]
    assert post(client("clinic:plkk-0012"), message).status == (415 if attribute == "type" else 422)
