"""Requests of an operator before a worker starts: to go on without input that the broker lost, with another broker, or
after a database of an older day has caught up."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.store.acceptance import Hand
    from pipeline.store.postgresql import PostgresqlStore

_GAP: Final = re.compile(r"([a-z.-]+)/([0-9]{1,3})/([0-9]{1,18})")
_Gap = tuple[str, int, int]


def accept(settings: "Settings", gaps: Sequence[str], code: str | None) -> None:
    """`gaps`: as TOPIC/PARTITION/OFFSET; `code`: of the broker. What was accepted before is passed over."""
    if settings.is_embedded:
        raise typer.BadParameter(
            "one file is broker and store, so nothing of it can be missing: leave --accept-… and --catch-up out"
        )
    read = [_read(one, settings) for one in gaps]
    with _opened(settings) as store:
        hand = _hand()
        if code is not None:
            _accept_broker(settings, store, code, hand)
        for gap in read:
            _accept_gap(settings, store, gap, hand)


def catch_up(settings: "Settings") -> None:
    """On Kafka, after `accept`."""
    from agents.catch_up import run
    from agents.terminal import complain

    stored = 0

    def note(count: int) -> None:
        nonlocal stored
        if stored // 10_000 < (stored + count) // 10_000:
            complain(f"catching up: {stored + count:,} events")
        stored += count

    with _opened(settings) as store:
        run(settings, store, note)
    complain(f"caught up: {stored:,} events were decided again, with the outputs that the topics hold")


def _read(text: str, settings: "Settings") -> _Gap:
    from schemas import topics

    found = _GAP.fullmatch(text)
    if found is None or found[1] not in topics.INTAKE or int(found[2]) >= settings.partitions:
        raise typer.BadParameter(f"{text!r} is not TOPIC/PARTITION/OFFSET of an intake topic: claims.accidents/3/1200")
    return found[1], int(found[2]), int(found[3])


def _accept_broker(settings: "Settings", store: "PostgresqlStore", code: str, hand: "Hand") -> None:
    from agents.kafka.inspector import Inspector
    from agents.terminal import complain
    from pipeline.store.acceptance import accept_broker
    from pipeline.store.origins import Origin
    from schemas import topics

    inspector = Inspector(settings)
    cluster, ids = inspector.identity()
    places = [(name, number) for name in topics.INTAKE for number in range(settings.partitions)]
    earliest = {place: first for place, (first, _) in inspector.bounds(places).items()}
    if accept_broker(store, Origin(cluster, settings.group, ids), code, earliest, hand):
        complain(f"accepted: the database belongs to the Kafka of {code} from now on")


def _accept_gap(settings: "Settings", store: "PostgresqlStore", gap: _Gap, hand: "Hand") -> None:
    from agents.kafka.inspector import Inspector
    from agents.terminal import complain
    from pipeline.store.acceptance import accept_gap, position_at_broker

    topic, partition, offset = gap
    place, inspector = (topic, partition), Inspector(settings)
    at = position_at_broker(store, settings.group, place)
    first, end = inspector.bounds([place])[place]
    first_there = first if at > end else inspector.first_record(place, at)
    if accept_gap(store, settings.group, place, offset, first_there, hand):
        complain(f"accepted: {topic}/{partition} goes on at offset {offset} instead of {at}")


def _hand() -> "Hand":
    import datetime as dt
    import getpass
    import os

    from pipeline.store.acceptance import Hand

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"user {os.getuid()}"
    return Hand(name, dt.datetime.now(dt.UTC))


@contextmanager
def _opened(settings: "Settings") -> "Iterator[PostgresqlStore]":
    from agents.stores import open_store
    from pipeline.store.postgresql import PostgresqlStore

    store = open_store(settings)
    assert isinstance(store, PostgresqlStore), "the settings allow Kafka with PostgreSQL only"
    try:
        yield store
    finally:
        store.close()
