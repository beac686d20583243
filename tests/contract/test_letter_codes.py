"""Codes of letters and proofs of outputs, on both engines."""

from typing import Any

import pytest
from sqlalchemy import select, text

from pipeline.ledger.receipts import Code
from pipeline.ledger.verifier import verify
from pipeline.queries.letter_codes import code_of_decision, decision_of_code
from pipeline.queries.pages import NotFound
from pipeline.queries.receipts import NotSigned, Receipts, first_covering, leaf_of_output, output_at, receipt_of
from pipeline.store.tables import decisions
from tests.contract.test_ledger import forget_ledger
from tests.support import events as e
from tests.support.ledgers import PUBLIC, fill, sign
from tests.support.site import Site


def code_of(site: Site, claim: str) -> Code:
    found = code_of_decision(site.store, claim)
    assert found is not None
    return found


def test_the_code_of_a_decision_names_it_and_never_changes(site: Site) -> None:
    fill(site)
    assert code_of_decision(site.store, "K5") is None, "nothing is signed yet"
    for minute in range(4):
        sign(site, minute)
        fill(site, 20 * (minute + 1))
    made = code_of(site, "K5")
    for minute in range(4, 7):
        sign(site, minute)
        fill(site, 20 * (minute + 1))
    assert code_of(site, "K5") == made, "the first checkpoint that covers it stays the first"
    assert [code_of(site, f"K{20 * n}").size for n in range(1, 6)] == [6, 9, 12, 15, 18], "three trees a minute"
    found = decision_of_code(site.store, made)
    assert (found.decision.claim_id, found.decision.revision, found.is_in_force) == ("K5", 1, True)


def test_a_code_of_before_says_that_a_later_decision_replaced_it(site: Site) -> None:
    fill(site)
    sign(site)
    made = code_of(site, "K5")
    site.run(e.evidence("K5", "2026-07-29T10:00:00", documents=["doctor_letter"]))
    sign(site, 1)
    found = decision_of_code(site.store, made)
    assert (found.decision.revision, found.is_in_force) == (1, False)
    assert decision_of_code(site.store, code_of(site, "K5")).decision.revision == 2


def test_a_code_that_was_changed_names_nothing(site: Site) -> None:
    fill(site)
    sign(site)
    made = code_of(site, "K5")
    other = code_of(site, "K6")
    for changed in (
        made._replace(place=other.place),
        made._replace(place=10**6),
        made._replace(digest=other.digest),
        made._replace(tree="1"),
        made._replace(size=made.size + 1),
        made._replace(root="00" * 32),
    ):
        with pytest.raises(NotFound):
            decision_of_code(site.store, changed)


def test_a_decision_that_was_changed_in_the_store_is_not_confirmed(site: Site) -> None:
    fill(site)
    sign(site)
    made = code_of(site, "K5")
    table, number = ("log", "seq") if site.store.is_embedded else ("outputs", "id")
    with site.store.unit_of_work() as work:
        place = work.connection.execute(select(decisions.c.output).where(decisions.c.claim_id == "K5")).scalar_one()
        work.connection.execute(
            text(f"UPDATE {table} SET value = :value WHERE {number} = :place"),  # noqa: S608
            {"value": b"{}", "place": place},
        )
        work.commit()
    with pytest.raises(NotFound, match="not stored as it was made"):
        decision_of_code(site.store, made)


def proof_of_decision(site: Site, claim: str) -> tuple[dict[str, Any], bytes]:
    with site.store.reader() as connection:
        number = connection.execute(select(decisions.c.output).where(decisions.c.claim_id == claim)).scalar_one()
        row = output_at(connection, number, is_embedded=site.store.is_embedded)
        [(source, event_id)] = site.rows(f"SELECT source, event_id FROM ledger WHERE claim_id = '{claim}'")  # noqa: S608
        cause = source, event_id
        leaf = leaf_of_output(connection, row.topic, number, cause, is_embedded=site.store.is_embedded)
        assert leaf is not None
        checkpoint = first_covering(connection, [leaf])
        return Receipts(connection, checkpoint).of(leaf, bytes(row.key).decode()), bytes(row.value)


def test_an_output_is_proved_by_its_receipt_and_another_is_not(site: Site) -> None:
    fill(site)
    sign(site)
    made, value = proof_of_decision(site, "K5")
    assert verify(made, PUBLIC, value).is_of_event
    for changed, given in (({"key": "another"}, value), ({}, value + b" ")):
        with pytest.raises(ValueError, match="its bytes are others"):
            verify(made | changed, PUBLIC, given)


def test_outputs_of_before_the_ledger_are_proved_too(site: Site) -> None:
    fill(site)
    ends = ("SELECT max(id) FROM chunks", "SELECT max(number) FROM audit_records", "SELECT max(seq) FROM log")
    forget_ledger(site, *(site.rows(one)[0][0] or 0 for one in ends))
    with pytest.raises(NotSigned, match="older than the ledger"):
        receipt_of(site.store, bytes(site.rows("SELECT digest FROM ledger")[0][0]))
    sign(site)
    made, value = proof_of_decision(site, "K5")
    assert verify(made, PUBLIC, value).tree == "before"


def test_a_refused_event_has_a_receipt(site: Site) -> None:
    fill(site)
    [(digest,)] = site.rows("SELECT digest FROM dead_letters")
    with pytest.raises(NotSigned):
        receipt_of(site.store, bytes(digest))
    sign(site)
    assert verify(receipt_of(site.store, bytes(digest)), PUBLIC, b"no event at all").leaf.startswith("refused ")
    with pytest.raises(NotFound):
        receipt_of(site.store, bytes(digest), "urn:santunan:clinic:another")
