"""Submits a dead letter once more: the same bytes, in the same partition, with the time of the first receipt.

It goes through the topic of operators, with that time in a header: deadlines count from then.
"""

from typing import TYPE_CHECKING, Final

from agents.stores import open_reader, open_store
from pipeline.messages.admission import admit
from pipeline.messages.records import RECEIVED_AT, Message
from pipeline.queries.dead_letters import DeadLetter, dead_letter, split_place
from pipeline.queries.pages import NotFound
from pipeline.store.dead_letters import mark_retried
from schemas.events import Refused, partition_key
from schemas.topics import HISTORY

if TYPE_CHECKING:
    from agents.settings import Settings

_SEND_SECONDS: Final = 20.0


def retry(settings: "Settings", place: str) -> None:
    """Raises NotFound where there is no such dead letter, or where it still cannot be read."""
    topic, partition, offset = split_place(place)
    reader = open_reader(settings)
    try:
        found = dead_letter(reader, place)
    finally:
        reader.close()
    send_again(settings, found)
    writer = open_store(settings)
    try:
        mark_retried(writer, topic, partition, offset)
    finally:
        writer.close()


def send_again(settings: "Settings", found: DeadLetter) -> None:
    """Without marking it. Raises NotFound where it still cannot be read, Transient."""
    _, partition, _ = split_place(found.place)
    message = _message(settings, found)
    if settings.is_embedded:
        _append(settings, message, partition)
    else:
        _produce(settings, message, partition)


def _message(settings: "Settings", found: DeadLetter) -> Message:
    """Attested by who retries it, whatever it was before."""
    from agents.clients.interface import CONTENT_TYPE
    from agents.key_files import attester_of, headers_of

    raw = found.original or b""
    try:
        event = admit(raw)
    except Refused as refused:
        faults = "; ".join(f"{error.field}: {error.message}" for error in refused.errors)
        raise NotFound(
            f"{found.place} cannot be read now either ({faults}); correct it and submit it, its id is free"
        ) from None
    headers = [CONTENT_TYPE]
    if found.received_ms is not None:
        headers.append((RECEIVED_AT, str(found.received_ms).encode()))
    key = (partition_key(event) or "").encode()
    return Message(HISTORY, key, raw, headers_of(attester_of(settings), HISTORY, key, raw, tuple(headers)))


def _append(settings: "Settings", message: Message, partition: int) -> None:
    from pipeline.store.embedded_log import Log

    log = Log(settings.embedded_file)
    try:
        log.append([message], partition=partition)
    finally:
        log.close()


def _produce(settings: "Settings", message: Message, partition: int) -> None:
    from agents.kafka.connection import connection_options, end_producer, producer_of, translate_errors

    with translate_errors(settings):
        producer = producer_of(
            **connection_options(settings),
            acks="all",
            enable_idempotence=True,
            max_block_ms=int(_SEND_SECONDS * 1000),
        )
        try:
            sent = producer.send(
                message.topic, message.value, message.key or None, headers=list(message.headers), partition=partition
            )
            sent.get(_SEND_SECONDS)
        finally:
            end_producer(producer, _SEND_SECONDS)
