"""`santunan ledger` and `santunan receipt`: signed, published, verified, and a change named."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pypdf import PdfReader

from pipeline.queries.letter_codes import code_of_decision
from tests.support.command_line import santunan
from tests.support.ledgers import fill
from tests.support.site import Site


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that was signed, published to `witness`, and grew since."""
    place = tmp_path_factory.mktemp("ledger")
    (place / ".santunan").mkdir()
    site = Site(f"sqlite:///{place}/.santunan/santunan.db")
    fill(site)
    assert santunan("ledger", "sign", cwd=place).out.endswith("entries are signed.\n")
    assert santunan("ledger", "sign", cwd=place).out == "Nothing was added.\n"
    santunan("ledger", "publish", "witness", cwd=place)
    fill(site, 40)
    site.close()
    (place / "ledger.pub").write_text(santunan("ledger", "key", cwd=place).out)
    return place


def test_it_says_how_far_it_is_signed_and_what_is_not_proved(place: Path) -> None:
    assert "1 checkpoints" in santunan("ledger", cwd=place).out
    ran = santunan("ledger", "verify", "--against", "witness", "--key", "ledger.pub", cwd=place)
    assert ran.status == 0, ran.out + ran.err
    assert "1 kept elsewhere: no changes" in ran.out
    assert "are in no signed head yet" in ran.out and "cannot be proved" in ran.out
    found = json.loads(santunan("ledger", "verify", "--json", cwd=place).out)
    assert found["findings"] == [] and found["unsigned"] > 0 and found["is_signature_known"]


def test_a_receipt_is_proved_and_another_event_is_not(place: Path) -> None:
    with closing(sqlite3.connect(place / ".santunan" / "santunan.db")) as store:
        (raw,) = store.execute("SELECT value FROM log WHERE topic = 'history.events' LIMIT 1").fetchone()
    (place / "event.json").write_bytes(raw)
    ran = santunan("receipt", "export", hashlib.sha256(raw).hexdigest(), cwd=place)
    assert ran.status == 0, ran.err
    (place / "receipt.json").write_text(ran.out)
    asked = ("receipt", "verify", "receipt.json", "--key", "ledger.pub", "--event")
    assert "PROVED: applied history.events/0/0" in santunan(*asked, "event.json", cwd=place).out
    (place / "other.json").write_bytes(raw + b" ")
    ran = santunan(*asked, "other.json", cwd=place)
    assert ran.status == 1 and ran.out.startswith("NOT PROVED")
    assert santunan("receipt", "export", "00" * 32, cwd=place).status == 1
    assert santunan("receipt", "export", "x", cwd=place).status == 2


def test_the_code_of_a_letter_names_its_decision(place: Path) -> None:
    site = Site(f"sqlite:///{place}/.santunan/santunan.db")
    code = code_of_decision(site.store, "K5")
    site.close()
    assert code is not None
    ran = santunan("receipt", "find", code.written(), "--key", "ledger.pub", cwd=place)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("K5.r1: ") and "masih berlaku" in ran.out and "Ditandatangani oleh " in ran.out
    ran = santunan("receipt", "find", code.written(), "--lang", "en", "--key", "ledger.pub", cwd=place)
    assert "It is the decision in force." in ran.out and "Signed by " in ran.out
    other = code._replace(digest="00" * 32).written()
    assert santunan("receipt", "find", other, cwd=place).status == 1
    assert santunan("receipt", "find", "SANTUNAN:1:0", cwd=place).status == 2
    assert santunan("explain", "K5", "--pdf", "letter.pdf", cwd=place).status == 0
    assert code.written() in "".join(PdfReader(place / "letter.pdf").pages[0].extract_text().split())


def test_a_change_and_a_wrong_key_are_named(place: Path) -> None:
    (place / "foreign.pub").write_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
    ran = santunan("ledger", "verify", "--key", "foreign.pub", cwd=place)
    assert ran.status == 1 and "CHANGED  forged" in ran.out
    with closing(sqlite3.connect(place / ".santunan" / "santunan.db")) as store, store:
        store.execute("UPDATE decisions SET reason_codes = 'X' WHERE claim_id = 'K5'")
    ran = santunan("ledger", "verify", cwd=place)
    assert ran.status == 1
    assert "CHANGED  edited: tree 0, entry" in ran.out and "is stored otherwise than it was published" in ran.out
