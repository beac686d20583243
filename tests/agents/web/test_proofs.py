"""Receipts over HTTP: their proof, once a checkpoint covers them."""

import datetime as dt
import io
import re
import zipfile
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from agents.letters.codes import qr_svg
from pipeline.ledger.verifier import verify
from pipeline.store import open_store
from pipeline.store.ledger_keeper import LedgerKeeper
from pipeline.store.tables import log
from tests.agents.web.conftest import OWN
from tests.agents.web.test_gateway import DATA, Open, work_off
from tests.support.ledgers import KEY, PUBLIC


@pytest.mark.parametrize(("kind", "change"), [("applied", {}), ("refused", {"claim_id": "OFFICER-1"})])
def test_a_receipt_has_its_proof_once_it_is_signed(kind: str, change: Any, client: Open, url: str) -> None:
    """That of an event which a worker refused, too."""
    hospital = client("hospital:proved")
    at = {"accident": {"occurred_at": "2021-02-04T10:00:00+07:00"}}
    made = hospital.report("/v1/accidents", f"proved-{kind}", DATA | at | change)
    place = f"/v1/receipts/{made.json['digest']}"
    work_off(url, made.json["topic"])
    found = hospital.get(place).json
    assert (found["fate"]["state"], found["proof"]["state"]) == (kind, "waiting")
    store = open_store(url, partitions=1)
    LedgerKeeper(store, [KEY]).keep(dt.datetime.now(dt.UTC))
    [(raw,)] = stored(store, made.json)
    store.close()
    found = hospital.get(place).json["proof"]
    assert found["state"] == "signed"
    proved = verify(found["receipt"], PUBLIC, raw)
    assert proved.is_of_event and proved.leaf.startswith(f"{kind} {made.json['topic']}/")


def stored(store: Any, receipt: Any) -> Any:
    chosen = (log.c.topic == receipt["topic"], log.c.offset == receipt["offset"])
    with store.reader() as connection:
        return connection.execute(select(log.c.value).where(*chosen)).all()


def test_the_letter_has_a_code_once_its_decision_is_signed(client: Open, url: str) -> None:
    """As page to print, as page of the console and as PDF; a page shows shapes alone, which its policy allows."""
    officer = client("officer:one")
    at = {"accident": {"occurred_at": "2022-02-02T10:00:00+07:00"}}
    made = client("hospital:sealed").report("/v1/accidents", "sealed-1", DATA | at)
    work_off(url, made.json["topic"])
    claim = made.json["claim_id"]
    explained = f"/v1/claims/{claim}/explanation?lang=en"
    found = officer.get(explained)
    assert found.status == 200 and found.json["seal"]["code"] is None, found.raw[:300]
    assert "within a minute" in officer.get(explained, Accept="text/html").raw.decode()
    store = open_store(url, partitions=1)
    LedgerKeeper(store, [KEY]).keep(dt.datetime.now(dt.UTC))
    store.close()
    code = officer.get(explained).json["seal"]["code"]
    for page in (
        officer.get(explained, Accept="text/html"),
        officer.get(f"/claims/{claim}/letter", Cookie="language=en"),
    ):
        assert qr_svg(code) in page.raw.decode() and code in re.sub("<[^>]*>", "", page.raw.decode())
        assert "unsafe" not in page.headers["content-security-policy"]
    pdf = PdfReader(io.BytesIO(officer.get(explained, Accept="application/pdf").raw))
    assert code in "".join(pdf.pages[0].extract_text().split())


def test_a_dossier_is_had_by_the_api_and_from_the_page_of_a_claim(client: Open) -> None:
    """Masked without a reason; in full with one, and with no other word than that it is one."""
    auditor, form = client("auditor:one"), "application/x-www-form-urlencoded"
    page = f"/trail/{OWN}/dossier"
    assert f'href="{page}"' in auditor.get(f"/trail/{OWN}").raw.decode()
    masked = (auditor.get(f"/v1/claims/{OWN}/dossier"), auditor.get(page))
    full = (
        auditor.ask("POST", f"/v1/claims/{OWN}/dossier", {"reason": "examined"}),
        auditor.ask("POST", page, b"dossier_reason=examined", Content_Type=form),
    )
    for found, is_full in (*((one, False) for one in masked), *((one, True) for one in full)):
        assert (found.status, found.headers["content-type"]) == (200, "application/zip")
        assert OWN not in found.headers["content-disposition"]
        names = zipfile.ZipFile(io.BytesIO(found.raw)).namelist()
        assert ("events/0001.json" in names) == is_full and "index.html" in names
    assert auditor.ask("POST", f"/v1/claims/{OWN}/dossier", {"reason": " "}).status == 422
    assert auditor.ask("POST", page, b"dossier_reason=", Content_Type=form).status == 303
    assert client("office:one").get(f"/v1/claims/{OWN}/dossier").status == 403
