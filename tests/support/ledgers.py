"""Ledgers of tests: keys, signed moments, and a store with a history of every kind of leaf."""

import datetime as dt
from hashlib import sha256
from pathlib import Path
from typing import Any

from agents.settings import Settings
from pipeline.audit.invariants import check
from pipeline.audit.ledger_check import verify
from pipeline.ledger.notes import SigningKey
from pipeline.store import open_store
from pipeline.store.access_rows import AuditRecord, write_record
from pipeline.store.ledger_keeper import LedgerKeeper, Signed
from pipeline.store.ledger_key import read_or_make_keys
from tests.support import events as e
from tests.support.site import Site

KEY = SigningKey("santunan.test/heads", sha256(b"a key for tests").digest())
OTHER_KEY = SigningKey("santunan.test/heads", sha256(b"another key for tests").digest())
PUBLIC = [KEY.public()]
NOON = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)


def sign(site: Site, minute: int = 0, key: SigningKey = KEY) -> Signed | None:
    return LedgerKeeper(site.store, [key]).keep(NOON + dt.timedelta(minutes=minute))


def record(site: Site, action: str = "access.add") -> None:
    with site.store.unit_of_work() as work:
        write_record(work.connection, AuditRecord(NOON, "operator:one", action, "clinic:two"))
        work.commit()


def claims(first: int, count: int) -> list[Any]:
    """One accident a claim, of one member, a day apart."""
    start = dt.date(2023, 1, 2)
    return [e.accident(f"K{n}", (start + dt.timedelta(days=n)).isoformat()) for n in range(first, first + count)]


def fill(site: Site, first: int = 0, count: int = 12) -> None:
    """Applied, duplicate and refused events in two partitions, and records of who did what."""
    made = claims(first, count)
    site.run(*([] if first else e.member()), *made, *made[:2], b"no event at all", size=5)
    site.run(e.day_passed(f"2026-07-{first % 27 + 1:02}"), partition=1)
    record(site)


def ledger_breaches(store: Any, key_file: Path, witness_dir: Path | None = None) -> list[str]:
    """After a fault: sign what is left with the key of the workers, which refuses trees that do not follow from those
    signed before, and compare every tree with every checkpoint, those that were kept elsewhere too."""
    keys = read_or_make_keys(key_file)
    LedgerKeeper(store, keys, witness_dir).keep(dt.datetime.now(dt.UTC))
    notes = [one.read_text(encoding="utf-8") for one in sorted((witness_dir or key_file).glob("checkpoint-*"))]
    found = verify(store, keys=[key.public() for key in keys], against=notes)
    assert found.is_signature_known and found.checkpoints >= max(1, found.against)
    return [str(one) for one in found.findings] + ([f"{found.unsigned} are not signed"] if found.unsigned else [])


def faults_after(settings: Settings, *, key_file: Path | None = None, witness_dir: Path | None = None) -> list[str]:
    """How every test of kills, restarts and restores ends: each invariant, and the whole ledger with its signatures."""
    store = open_store(settings.database_url)
    try:
        breaches = [str(one) for one in check(store)]
        return breaches + ledger_breaches(store, key_file or settings.ledger_key.absolute(), witness_dir)
    finally:
        store.close()
