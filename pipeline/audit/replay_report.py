"""The report of a replay: what was compared, with which law, beside which checkpoint, and what differs.

A document in JSON, and a signed note (C2SP) in words that names the document's SHA-256. Anybody can make the digests
again: of each input place that of the lines `OFFSET SHA256` of the events that were applied, in their order; of each
output topic that of the SHA-256 of its values, as sorted lines in hex.
"""

import base64
import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from sqlalchemy import select

from pipeline.audit.comparison import Replayed
from pipeline.audit.topic_history import TopicHistory
from pipeline.claims.decisions import rule_book_name
from pipeline.law.book import Book
from pipeline.ledger.notes import SigningKey, claimed, opened_text, signed_note
from pipeline.queries import history
from pipeline.store.tables import ledger
from schemas import topics

FORMAT: Final = "santunan-replay-report/1"
_TITLE: Final = "santunan replay report"
_DIGEST: Final = "SHA-256 of the document: "
_MOST_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What a replay was asked to compare; `checkpoint`: the signed note that the history is held against."""

    since: dt.date | None
    until: dt.date | None
    claim_id: str | None
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """`document`: JSON; `note`: the signed text."""

    document: bytes
    note: str


def report(
    store: Any, found: Replayed, asked: Asked, *, made_at: dt.datetime, version: str, keys: Sequence[SigningKey]
) -> Report:
    """Of a replay of this store, or of this history of topics, by the law of this version."""
    book = Book.load()
    checkpoint = None if asked.checkpoint is None else claimed(asked.checkpoint)
    document: dict[str, Any] = {
        "format": FORMAT,
        "made_at": made_at.isoformat(timespec="seconds"),
        "program": version,
        "law": {"rule_book": rule_book_name(book), "parameters": book.fingerprint},
        "compared": {
            "source": "topics" if isinstance(store, TopicHistory) else "store",
            "from": asked.since,
            "until": asked.until,
            "claim": asked.claim_id,
        },
        "inputs": _inputs(store, found),
        "outputs": _outputs(store, found),
        "found": _found(found),
        "checkpoint": None
        if checkpoint is None
        else {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": base64.b64encode(checkpoint.root).decode(),
            "note": asked.checkpoint,
        },
    }
    if isinstance(store, TopicHistory):
        names = ("records", "unread", "refused", "duplicates", "guessed", "holes")
        document["topics"] = {name: getattr(store, name) for name in names}
    raw = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Report(raw, signed_note(_text(document, hashlib.sha256(raw).hexdigest()), keys))


def verified(document: bytes, note: str, keys: Sequence[str]) -> str:
    """The text of a report that one of these keys has signed. Raises ValueError, which says what does not hold."""
    text = opened_text(note, keys)
    lines = text.splitlines()
    if lines[0] != _TITLE:
        raise ValueError("the note is not that of a replay")
    if lines[-1] != f"{_DIGEST}{hashlib.sha256(document).hexdigest()}":
        raise ValueError("the document is not the one that was signed: its bytes are others")
    return text


def _found(found: Replayed) -> dict[str, Any]:
    kept = asdict(found)
    del kept["extent"]
    return kept


def _inputs(store: Any, found: Replayed) -> dict[str, Any]:
    """By place: how many events were applied, the first and the last offset, and their digest."""
    places: dict[str, list[Any]] = {}
    last = -1 if found.extent is None else found.extent.event
    with store.reader() as connection:
        columns = ledger.c.seq, ledger.c.topic, ledger.c.partition, ledger.c.offset, ledger.c.digest
        after = -1
        while True:
            statement = select(*columns).where(ledger.c.seq > after, ledger.c.seq <= last).order_by(ledger.c.seq)
            rows = connection.execute(statement.limit(history.PAGE)).all()
            if not rows:
                break
            for _, topic, partition, offset, digest in rows:
                one = places.setdefault(f"{topic}/{partition}", [0, offset, offset, hashlib.sha256()])
                one[0] += 1
                one[2] = offset
                one[3].update(f"{offset} {bytes(digest).hex()}\n".encode())
            after = rows[-1].seq
    return {
        place: {"events": count, "first": first, "last": end, "digest": digest.hexdigest()}
        for place, (count, first, end, digest) in sorted(places.items())
    }


def _outputs(store: Any, found: Replayed) -> dict[str, Any]:
    """By topic: how many, and their digest. Sorted in a temporary file: each kind of store leads to the same."""
    last = None if found.extent is None else found.extent.output
    with closing(sqlite3.connect("", isolation_level=None)) as file, store.reader() as connection:
        file.execute("CREATE TABLE lines (topic, line)")
        file.execute("BEGIN")
        published = history.published(connection, is_embedded=store.is_embedded, last=last)
        rows = ((topic, hashlib.sha256(value).hexdigest()) for topic, _, value in published)
        file.executemany("INSERT INTO lines VALUES (?, ?)", rows)
        sorted_lines = "SELECT line FROM lines WHERE topic = ? ORDER BY line"
        return {topic: _summed(line for (line,) in file.execute(sorted_lines, (topic,))) for topic in topics.OUTPUT}


def _summed(lines: Iterable[str]) -> dict[str, Any]:
    count, digest = 0, hashlib.sha256()
    for line in lines:
        count += 1
        digest.update(f"{line}\n".encode())
    return {"outputs": count, "digest": digest.hexdigest()}


def _text(document: dict[str, Any], digest: str) -> str:
    return "".join([f"{_plain(line)}\n" for line in (_TITLE, *_lines(document), f"{_DIGEST}{digest}")])


def _lines(document: dict[str, Any]) -> Iterator[str]:
    compared, found, law = document["compared"], document["found"], document["law"]
    yield f"made at {document['made_at']} by santunan {document['program']}"
    yield f"compared from the {compared['source']}{_chosen(compared)}"
    yield f"law: rule book {law['rule_book']}, parameters {law['parameters']}"
    for place, one in document["inputs"].items():
        yield f"read {place}: {one['events']} events, offsets {one['first']} to {one['last']}, {one['digest']}"
    for topic, one in document["outputs"].items():
        yield f"published {topic}: {one['outputs']}, {one['digest']}"
    yield f"decided again: {found['events']} events, {found['decisions']} decisions, {found['outputs']} other outputs"
    if found["others"]:
        yield f"of other rules, and not proved: {found['others']} decisions"
    if guessed := document.get("topics", {}).get("guessed"):
        yield f"order among topics guessed: {guessed} events"
    if holes := document.get("topics", {}).get("holes"):
        yield f"offsets of intake without a record: at {holes} places"
    for place in found["altered"][:_MOST_SHOWN]:
        yield f"altered or gone: {place}"
    yield f"differences: {len(found['differences'])}"
    for one in found["differences"][:_MOST_SHOWN]:
        yield f"differs: {one['claim_id']} r{one['revision']}: {one['was']}; would be {one['would_be']}"
    one = document["checkpoint"]
    yield "checkpoint: none" if one is None else f"checkpoint: {one['origin']} {one['size']} {one['root']}"


def _chosen(compared: dict[str, Any]) -> str:
    return "".join([f", {name} {compared[name]}" for name in ("from", "until", "claim") if compared[name] is not None])


def _plain(text: str) -> str:
    """One line, whatever was published: a note ends where an empty line begins."""
    return "".join([letter if letter.isprintable() else "?" for letter in text])
