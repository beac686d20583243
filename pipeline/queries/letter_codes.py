"""Codes of letters: where in the ledger a decision is, and what a code names. Never writes."""

import datetime as dt
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from pipeline.ledger.leaves import digest_of_output
from pipeline.ledger.notes import claimed
from pipeline.ledger.receipts import Code
from pipeline.queries.decisions import read_decision, read_values
from pipeline.queries.pages import NotFound
from pipeline.queries.receipts import Leaf, first_covering, leaf_of_output, output_at
from pipeline.store.leaves import bundle_of
from pipeline.store.ledger_tables import ledger_checkpoints, ledger_leaves
from pipeline.store.readable import Readable
from pipeline.store.tables import decisions
from schemas import topics
from schemas.clock import clock_of
from schemas.decisions import Decision


@dataclass(frozen=True, slots=True)
class CodedDecision:
    """The decision that a code names. `is_in_force`: no later one has replaced it. `note`: the checkpoint that the code
    names, of `signed_at`."""

    decision: Decision
    is_in_force: bool
    note: str
    signed_at: dt.datetime


def code_of_decision(store: Readable, claim_id: str, revision: int | None = None) -> Code | None:
    """Of a decision, by default the one in force; by the first checkpoint that covers it, so that it never changes.
    None: none covers it yet."""
    with store.reader() as connection:
        found = _leaf_of_decision(connection, claim_id, revision, is_embedded=store.is_embedded)
        row = None if found is None else first_covering(connection, [found])
        if found is None or row is None:
            return None
        signed = claimed(row.note)
        return Code(found.made.tree, found.place, found.line.rpartition(" ")[2], signed.size, signed.root.hex())


def decision_of_code(store: Readable, code: Code) -> CodedDecision:
    """Raises NotFound, which says what of the code is not so."""
    with store.reader() as connection:
        checkpoint = connection.execute(
            select(ledger_checkpoints).where(ledger_checkpoints.c.size == code.size)
        ).first()
        if checkpoint is None or claimed(checkpoint.note).root.hex() != code.root:
            raise NotFound("no checkpoint of this store has this size and root: the letter is of another ledger")
        found = _leaf_at(connection, code)
        words = [] if found is None else found.line.split(" ")
        if found is None or words[0] != "output" or words[2] != topics.DECISIONS or words[4] != code.digest:
            raise NotFound("the entry of this place is not that of this decision: the code or the ledger was changed")
        row = output_at(connection, int(words[3]), is_embedded=store.is_embedded)
        salt = found.made.salt(found.at)
        if row is None or digest_of_output(salt, bytes(row.key), bytes(row.value)) != code.digest:
            raise NotFound("the decision is not stored as it was made: run `santunan ledger verify`")
        decision = read_decision(bytes(row.value))
        newer = select(decisions.c.revision).where(decisions.c.claim_id == decision.claim_id)
        is_in_force = connection.execute(newer.where(decisions.c.revision > decision.revision)).first() is None
    return CodedDecision(decision, is_in_force, checkpoint.note, clock_of(checkpoint.clock))


def _leaf_of_decision(connection: Connection, claim_id: str, revision: int | None, *, is_embedded: bool) -> Leaf | None:
    newest = select(decisions.c.output).where(decisions.c.claim_id == claim_id)
    if revision is not None:
        newest = newest.where(decisions.c.revision == revision)
    number = connection.execute(newest.order_by(decisions.c.revision.desc()).limit(1)).scalar()
    if number is None:
        return None
    published = read_values(connection, [number], is_embedded=is_embedded)[number]
    cause = orjson.loads(published)["data"]["caused_by"]
    wanted = cause["source"], cause["id"]
    return leaf_of_output(connection, topics.DECISIONS, number, wanted, is_embedded=is_embedded)


def _leaf_at(connection: Connection, code: Code) -> Leaf | None:
    chosen = (ledger_leaves.c.tree == code.tree, ledger_leaves.c.first <= code.place, ledger_leaves.c.next > code.place)
    row = connection.execute(select(ledger_leaves).where(*chosen)).first()
    return None if row is None else Leaf(bundle_of(row), code.place - row.first)
