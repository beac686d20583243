"""Mentions of a person in what is about others: an heir in the course of an accident, a child in a ruling.

Free text has no column and no index, so the database reads it through and leaves few rows to be read here. A NIK is the
person's own; a name may be another one's, so it is told apart. Never writes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Text, cast, false, func, or_, select

from pipeline.queries.personal_data import Person, is_of
from pipeline.store import embedded_log
from pipeline.store.access_tables import audit_records
from pipeline.store.coverage_tables import known_workers
from pipeline.store.draft_book import drafts
from pipeline.store.readable import Readable
from pipeline.store.tables import dead_letters, ledger, log

MOST_CLAIMS: Final = 50
_PAGE: Final = 1000
_SHORTEST: Final = 3  # plain letters in a row, which a name needs to be searched for
_ESCAPE: Final = "\\u"  # a letter of JSON that is written by its number


@dataclass(frozen=True, slots=True)
class Mention:
    """Rows of one table, or records of one topic, about others that have the person's NIK, or else (`is_by_name`) only
    a name. `claims`: those that they are about, at most `MOST_CLAIMS`."""

    where: str
    is_by_name: bool
    rows: int
    claims: tuple[str, ...]


def mentions_of(store: Readable, person: Person, name: str | None = None) -> tuple[Mention, ...]:
    """`name`: one more to search for, of a person who is no member. Reads all events, refused ones, drafts, and reasons
    of audit records; not scans of papers."""
    found: defaultdict[tuple[str, bool], list[str | None]] = defaultdict(list)
    with store.reader() as connection:
        names = _Names(person.niks, {*_names_of(connection, person), *([name] if name else ())})
        if not names.fragments:
            return ()
        for where, claim_id, text in _texts(connection, person, names, is_embedded=store.is_embedded):
            if (is_by_name := names.found_in(text)) is not None:
                found[where, is_by_name].append(claim_id)
    return tuple(
        Mention(where, is_by_name, len(claims), tuple(sorted({one for one in claims if one})[:MOST_CLAIMS]))
        for (where, is_by_name), claims in sorted(found.items())
    )


def is_searched(name: str) -> bool:
    """Whether a database can find the rows that may have this name."""
    return len(_longest_run(name.casefold())) >= _SHORTEST


def _longest_run(name: str) -> str:
    return max(re.findall("[a-z]+", name), key=len, default="")


class _Names:
    """What is searched for. `fragments`: each NIK, and of each name the longest run of plain letters, in small ones, by
    which a database finds the rows that may have it."""

    def __init__(self, niks: Iterable[str], names: Iterable[str]) -> None:
        self._niks = [re.compile(rf"(?<![0-9]){nik}(?![0-9])") for nik in sorted(niks)]
        plain = {" ".join(one.casefold().split()) for one in names}
        runs = {one: _longest_run(one) for one in sorted(plain) if is_searched(one)}
        self._names = [re.compile(rf"(?<!\w){re.escape(one)}(?!\w)") for one in runs]
        self.fragments = [*sorted(niks), *runs.values()]

    def found_in(self, text: str) -> bool | None:
        """False: a NIK; True: a name alone; None: neither."""
        if any(one.search(text) for one in self._niks):
            return False
        plain = " ".join(text.casefold().split())
        return True if any(one.search(plain) for one in self._names) else None


def _names_of(connection: Connection, person: Person) -> set[str]:
    """The names under which the person was registered, reported or listed."""
    listed = or_(known_workers.c.nik.in_(person.niks), known_workers.c.member_number.in_(person.numbers))
    names = set(connection.execute(select(known_workers.c.name).where(listed)).scalars())
    raw = func.coalesce(ledger.c.raw, log.c.value)
    own = select(raw).select_from(ledger.outerjoin(log, embedded_log.is_input_of(ledger))).where(is_of(ledger, person))
    for (value,) in connection.execute(own):
        data = orjson.loads(bytes(value))["data"]
        names |= {data.get("name"), (data.get("member") or {}).get("name")}
    return {one for one in names if isinstance(one, str)}


_Found = tuple[str, str | None, str]  # table or topic, claim, text


def _texts(connection: Connection, person: Person, names: _Names, *, is_embedded: bool) -> Iterator[_Found]:
    """What is about others and may have one of the names."""
    yield from _events(connection, person, names, is_embedded=is_embedded)
    for row in connection.execute(_refused(connection, names)):
        text = _strings(bytes(row.raw)) if row.raw is not None else ""
        if not _is_own(text, person):
            yield dead_letters.name, None, text
    for answers, receipt in connection.execute(select(drafts.c.answers, drafts.c.receipt)):
        text = f"{_strings(answers.encode())}\n{receipt or ''}"
        if not _is_own(text, person):
            yield drafts.name, None, text
    reasons = select(audit_records.c.subject, audit_records.c.reason).where(audit_records.c.reason.is_not(None))
    for subject, reason in connection.execute(reasons):
        if subject is None or subject.split(" ")[0] not in person.claim_ids | person.numbers:
            yield audit_records.name, None, reason


def _events(connection: Connection, person: Person, names: _Names, *, is_embedded: bool) -> Iterator[_Found]:
    """Those that were applied: in the log of the file; else in the ledger, and in their topics."""
    raw = func.coalesce(ledger.c.raw, log.c.value)
    columns = ledger.c.seq, ledger.c.topic, ledger.c.claim_id, ledger.c.member_number, raw.label("raw")
    joined = ledger.outerjoin(log, embedded_log.is_input_of(ledger))
    statement = select(*columns).select_from(joined).where(_may_have(connection, raw, names)).order_by(ledger.c.seq)
    after = -1
    while found := connection.execute(statement.where(ledger.c.seq > after).limit(_PAGE)).all():
        for row in found:
            of_member = row.claim_id is None and row.member_number in person.numbers
            if row.claim_id not in person.claim_ids and not of_member:
                text = _strings(bytes(row.raw))
                for where in (log.name,) if is_embedded else (ledger.name, f"topic {row.topic}"):
                    yield where, row.claim_id, text
        after = found[-1].seq


def _refused(connection: Connection, names: _Names) -> Any:
    raw = func.coalesce(dead_letters.c.original, log.c.value)
    joined = dead_letters.outerjoin(log, embedded_log.is_input_of(dead_letters))
    return select(raw.label("raw")).select_from(joined).where(_may_have(connection, raw, names))


def _may_have(connection: Connection, raw: ColumnElement[Any], names: _Names) -> ColumnElement[bool]:
    """Whether these bytes, whatever they are, may have one of the names; asked of the database."""
    fragments = [_ESCAPE, *names.fragments]
    if connection.dialect.name == "sqlite":
        text: Any = func.lower(cast(raw, Text))
        return or_(false(), *(func.instr(text, one) > 0 for one in fragments))
    text = func.lower(func.encode(raw, "escape"))  # takes bytes that are no text, too
    return or_(false(), *(func.strpos(text, one) > 0 for one in fragments))


def _is_own(text: str, person: Person) -> bool:
    """Whether a text is about the person, as `personal_data` counts it: a NIK, a number or a claim is a value."""
    return not {*person.niks, *person.numbers, *person.claim_ids}.isdisjoint(text.split("\n"))


def _strings(raw: bytes) -> str:
    """The texts of a JSON document, one a line; of bytes that are none, the bytes."""
    try:
        return "\n".join(_values(orjson.loads(raw)))
    except ValueError:
        return raw.decode(errors="replace")


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _values(one)
