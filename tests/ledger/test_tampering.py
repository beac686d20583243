"""Random tamperings with a store of more than a thousand entries: every one is found, and placed.

CI makes a few of each kind; `SANTUNAN_TAMPERINGS=20000` makes as many as that. A tampering happens inside a transaction
that is rolled back, so that the next one finds the store as it was.
"""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from pipeline.audit.ledger_check import verify
from pipeline.audit.ledger_findings import Finding
from tests.ledger.attacker import Copy, Place
from tests.ledger.tamperings import KINDS
from tests.support import events as e
from tests.support.ledgers import PUBLIC, fill, sign
from tests.support.site import Site

TAMPERINGS = int(os.environ.get("SANTUNAN_TAMPERINGS", "240"))
SEED = int(os.environ.get("SANTUNAN_TAMPERING_SEED", "2026"))
ENTRIES = 1000


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, list[str]]]:
    site = Site(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/santunan.db")
    notes = []
    for minute in range(8):
        numbers = range(20_000_000_100 + minute * 40, 20_000_000_140 + minute * 40)
        people = [one for number in numbers for one in e.member(str(number), f"36710101018{number % 100_000:05}")]
        site.run(*people, size=25)
        fill(site, first=minute * 8, count=8)
        signed = sign(site, minute)
        assert signed is not None
        notes.append(signed.note)
    assert verify(site.store, keys=PUBLIC, against=notes).findings == ()
    assert verify(site.store, keys=PUBLIC).leaves >= ENTRIES
    yield site, notes
    site.close()


def is_placed(place: Place, findings: tuple[Finding, ...]) -> bool:
    """Whether one of the findings is of this tree, and where the place is known, of this entry."""
    return any(one.tree == place.tree and place.index in (None, one.index) for one in findings)


@pytest.mark.timeout(7200)
def test_every_tampering_is_found_and_placed(ledger: tuple[Site, list[str]]) -> None:
    site, notes = ledger
    random = Random(SEED)
    found_kinds: Counter[str] = Counter()
    missed = []
    for number in range(TAMPERINGS):
        tamper = KINDS[number % len(KINDS)]
        connection = site.store.engine.connect()
        transaction = connection.begin()
        try:
            place = tamper(Copy(connection, random, notes))
            findings = verify(Copy(connection, random, notes), keys=PUBLIC, against=notes[-1:]).findings
        finally:
            transaction.rollback()
            connection.close()
        if is_placed(place, findings):
            found_kinds[tamper.__name__] += 1
        else:
            missed.append((number, tamper.__name__, place, findings[:3]))
    print(f"{TAMPERINGS:,} tamperings, {found_kinds.total():,} found and placed: {dict(found_kinds)}")
    assert missed == []
    assert verify(site.store, keys=PUBLIC, against=notes).findings == (), "the store is as it was"
