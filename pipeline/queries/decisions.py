"""Published decisions by claim and outcome, filtered in the store: no topic is read. Never writes."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from pipeline.queries.pages import PAGE_ROWS, NotFound, Page
from pipeline.store.readable import Readable
from pipeline.store.tables import decisions, log, outputs
from schemas.codes import Outcome
from schemas.decisions import Decision

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from sqlalchemy import Connection


def published(
    store: Readable,
    *,
    claim_id: str | None = None,
    outcome: Outcome | None = None,
    limit: int = PAGE_ROWS,
    after: str | None = None,
) -> Page[bytes]:
    """The published events of decisions, in the order in which they were made. `after`: a decision's id, such as
    JKK-2024-0007.r2; the page begins with the one that follows. Raises NotFound where there is no such decision.
    """
    wanted = []
    if claim_id is not None:
        wanted.append(decisions.c.claim_id == claim_id)
    if outcome is not None:
        wanted.append(decisions.c.outcome == outcome)
    with store.reader() as connection:
        if after is not None:
            wanted.append(decisions.c.output > _place_of(connection, after))
        statement = select(decisions.c.claim_id, decisions.c.revision, decisions.c.output).where(*wanted)
        found = connection.execute(statement.order_by(decisions.c.output).limit(limit)).all()
        is_full = len(found) == limit
        count = select(func.count()).select_from(decisions).where(*wanted)
        more = connection.execute(count).scalar_one() - limit if is_full else 0
        values = read_values(connection, [row.output for row in found], is_embedded=store.is_embedded)
    cursor = f"{found[-1].claim_id}.r{found[-1].revision}" if more > 0 else None
    return Page(tuple(values[row.output] for row in found), more, cursor)


def latest(connection: "Connection", claim_id: str, *, is_embedded: bool) -> Decision | None:
    """The decision in force; None where the claim has none."""
    statement = select(decisions.c.output).where(decisions.c.claim_id == claim_id)
    place = connection.execute(statement.order_by(decisions.c.revision.desc()).limit(1)).scalar()
    if place is None:
        return None
    return read_decision(read_values(connection, [place], is_embedded=is_embedded)[place])


def read_decision(document: bytes) -> Decision:
    """The decision in a published event."""
    import orjson

    return _decision_reader().validate_json(orjson.dumps(orjson.loads(document)["data"]))


@cache
def _decision_reader() -> "TypeAdapter[Decision]":
    from pydantic import TypeAdapter

    return TypeAdapter(Decision)


def _place_of(connection: "Connection", decision_id: str) -> int:
    claim_id, separator, revision = decision_id.rpartition(".r")
    place: int | None = None
    if separator and revision.isdecimal() and len(revision) < 10:
        statement = select(decisions.c.output).where(decisions.c.claim_id == claim_id)
        place = connection.execute(statement.where(decisions.c.revision == int(revision))).scalar()
    if place is None:
        raise NotFound(f"there is no decision {decision_id}: give the id that the page before ended with")
    return place


def read_values(connection: "Connection", places: Sequence[int], *, is_embedded: bool) -> dict[int, bytes]:
    """The published bytes at these places of `decisions.output`."""
    found: dict[int, bytes] = {}
    for start in range(0, len(places), PAGE_ROWS):
        statement = _published(places[start : start + PAGE_ROWS], is_embedded=is_embedded)
        found |= {place: bytes(value) for place, value in connection.execute(statement)}
    return found


def _published(places: Sequence[int], *, is_embedded: bool) -> Select[Any]:
    if is_embedded:
        return select(log.c.seq, log.c.value).where(log.c.seq.in_(places))
    return select(outputs.c.id, outputs.c.value).where(outputs.c.id.in_(places))
