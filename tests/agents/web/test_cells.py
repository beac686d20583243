"""Every cell of roles × operations over HTTP, on a thing that is the principal's and on one that is not."""

import hashlib
import itertools
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from pipeline.access.principals import KINDS
from pipeline.access.roles import ROLES
from tests.agents.web.conftest import FOREIGN, OWN, WORKER, who_of
from tests.support import events as e
from tests.support.gateway import Answer, Client

OTHERS = "20000000033"
_numbers = itertools.count(1)
Ask = Callable[[Client, str, bool], Answer]


def member_of(is_own: bool) -> dict[str, str]:
    return {"member_number": WORKER if is_own else OTHERS}


def claim_of(is_own: bool) -> str:
    return OWN if is_own else FOREIGN


def revision_of(client: Client, is_own: bool) -> int:
    """1 where the principal may not read the claim."""
    return int(client.get(f"/v1/claims/{claim_of(is_own)}").json.get("revision", 1))


def report(client: Client, path: str, data: Any) -> Answer:
    return client.report(path, f"cell-{next(_numbers)}", data)


def event(client: Client, source: str, kind: str, data: Any) -> Answer:
    return client.event(e.event(kind, data, source=source))


def webhook(client: Client, is_own: bool) -> str:
    """A new one; of what is not the principal's, an id that nobody has. Who may have none gets no id."""
    made = client.ask("POST", "/v1/webhooks", {"url": "https://8.8.8.8/hook"}) if is_own else None
    return made.json.get("id", "none") if made is not None else "none"


def taken(client: Client) -> Client:
    client.ask("POST", "/v1/claims/OFFICER-1/holder", {})
    return client


def form(client: Client, path: str, **given: str) -> Answer:
    return client.form(path, given)


NOWHERE = "claims.accidents/0/999999"  # a place of nothing
# They name a thing that is not there.
OF_NOTHING = {
    *("read_receipt", "read_paper", "read_refused", "retry_refused", "ask_original", "approve_original"),
    *("read_original", "correct_refused", "disable_access", "make_access_key", "revoke_access_key", "make_access_link"),
}


def known(client: Client) -> str:
    """The id of a worker whom the office knows."""
    body = b"Nama;NIK\nSiti Cell;3603014101900002\n"
    client.ask("POST", "/v1/known?keep=true&listed_on=2024-01-01", body, Content_Type="text/csv")
    return hashlib.sha256(b"3603014101900002").hexdigest()


SHEET = b"NIK;Nama;Tanggal lahir;Segmen;Tanggal daftar;Program\n3603014101900001;Siti;01/01/1990;BPU;;JKK, JKM\n"
PAYMENTS = b"Nomor KPJ;Bulan;Jumlah;Tanggal bayar\n20000000022;2020-01;24000;05/01/2020\n"
CLAIMS = b"Nomor KPJ;Tanggal kecelakaan;Jam;Jenis;Keadaan;Tanggal lapor\n20000000022;07/07/2024;10:00;cedera;dinas;\n"
DEATHS = b"Nomor KPJ;Tanggal meninggal;Sebab\n20000000022;07/07/2024;sakit\n"
ACCIDENT = {"occurred_at": "2024-07-07T10:00:00+07:00"}
HOW: Final[dict[str, Ask]] = {
    "report_accident": lambda c, s, own: report(c, "/v1/accidents", {"member": member_of(own), "accident": ACCIDENT}),
    "report_death": lambda c, s, own: report(
        c, "/v1/deaths", {"member": member_of(own), "death": {"died_on": "2024-07-07"}}
    ),
    "add_evidence": lambda c, s, own: report(c, f"/v1/claims/{claim_of(own)}/evidence", {"documents": ["ktp"]}),
    "appeal": lambda c, s, own: report(c, f"/v1/claims/{claim_of(own)}/appeals", {"ground": "x"}),
    "submit_events": lambda c, s, own: c.ask(
        "POST", "/v1/events", b"[1]", Content_Type="application/cloudevents-batch+json"
    ),
    "change_member": lambda c, s, own: event(c, s, "member.ended", member_of(own) | {"ended_on": "2030-01-01"}),
    "import_members": lambda c, s, own: c.ask("POST", "/v1/imports/members", SHEET, Content_Type="text/csv"),
    "import_contributions": lambda c, s, own: c.ask(
        "POST", "/v1/imports/contributions", PAYMENTS, Content_Type="text/csv"
    ),
    "import_claims": lambda c, s, own: c.ask(
        "POST", "/v1/imports/claims", DEATHS if ":desk:" in s else CLAIMS, Content_Type="text/csv"
    ),
    "report_wage": lambda c, s, own: event(
        c, s, "member.wage-reported", member_of(own) | {"month": "2024-01", "wage": 1}
    ),
    "pay_contribution": lambda c, s, own: event(
        c, s, "member.contribution-paid", member_of(own) | {"months": ["2027-01"], "paid_on": "2026-01-01"}
    ),
    "review": lambda c, s, own: report(
        c, "/v1/reviews", {"claim_id": claim_of(own), "revision": 1, "verdict": "approve", "reason": "x"}
    ),
    "preview_ruling": lambda c, s, own: c.ask(
        "POST",
        "/v1/reviews/preview",
        {"claim_id": claim_of(own), "revision": revision_of(c, own), "verdict": "reject", "reason": "x"},
    ),
    "put_paper": lambda c, s, own: c.ask("PUT", f"/v1/papers/{'0' * 64}", b"x"),
    "read_paper": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}/papers/{'0' * 64}"),
    "settle": lambda c, s, own: report(
        c,
        "/v1/settlements",
        {"claim_id": claim_of(own), "payout_id": f"{claim_of(own)}.r1.member", "paid_on": "2024-08-01", "amount": 1},
    ),
    "check_cover": lambda c, s, own: c.ask(
        "POST", "/v1/cover", {"member": member_of(own)["member_number"], "day": "2024-07-07"}
    ),
    "read_coverage": lambda c, s, own: c.get("/v1/coverage"),
    "list_calls": lambda c, s, own: c.get("/v1/calls"),
    "read_statistics": lambda c, s, own: c.get("/v1/statistics"),
    "list_protection": lambda c, s, own: c.get("/v1/protection"),
    "export_members": lambda c, s, own: c.get("/v1/exports/members"),
    "list_signals": lambda c, s, own: c.get("/v1/signals"),
    "list_claim_signals": lambda c, s, own: c.get(f"/v1/cases/{claim_of(own)}/signals"),
    "import_known": lambda c, s, own: c.ask(
        "POST", "/v1/known", b"Nama;NIK\nSiti;3603014101900001\n", Content_Type="text/csv"
    ),
    "list_known_matches": lambda c, s, own: c.get("/v1/known/matches"),
    "decide_known_match": lambda c, s, own: c.ask(
        "POST", "/v1/known/matches", {"known_id": known(c), "member_number": WORKER, "verdict": "other"}
    ),
    "read_claim": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}"),
    "read_case": lambda c, s, own: c.get(f"/v1/cases/{claim_of(own)}"),
    "list_claims": lambda c, s, own: c.get("/v1/claims"),
    "find_claims": lambda c, s, own: c.get(f"/claims?number={claim_of(own)}"),
    "explain_claim": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}/explanation"),
    "list_decisions": lambda c, s, own: c.get("/v1/decisions"),
    "list_work": lambda c, s, own: c.get("/v1/work"),
    "changed_since": lambda c, s, own: c.get("/v1/cases/OFFICER-1/changes?since=1"),
    "count_work": lambda c, s, own: c.get("/v1/work-counts"),
    "read_holder": lambda c, s, own: c.get("/v1/claims/OFFICER-1/holder"),
    "take_claim": lambda c, s, own: c.ask("POST", "/v1/claims/OFFICER-1/holder", {}),
    "release_claim": lambda c, s, own: taken(c).ask("DELETE", "/v1/claims/OFFICER-1/holder"),
    "read_law": lambda c, s, own: c.get("/law"),
    "read_parameter": lambda c, s, own: c.get("/law/funeral"),
    "compare_law": lambda c, s, own: c.get("/law/compare?first=2019-12-01&second=2019-12-02"),
    "read_dossier": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}/dossier"),
    "try_number": lambda c, s, own: form(c, "/law/funeral/try", since="2019-12-02", written="12000000"),
    "read_state": lambda c, s, own: c.get("/state"),
    "list_refused": lambda c, s, own: c.get("/state/refused"),
    "read_refused": lambda c, s, own: c.get(f"/state/refused/{NOWHERE}"),
    "retry_refused": lambda c, s, own: form(c, f"/state/refused/{NOWHERE}/retry"),
    "ask_original": lambda c, s, own: form(c, f"/state/refused/{NOWHERE}/ask", reason="x"),
    "approve_original": lambda c, s, own: form(c, f"/state/refused/{NOWHERE}/approve"),
    "read_original": lambda c, s, own: form(c, f"/state/refused/{NOWHERE}/original"),
    "correct_refused": lambda c, s, own: form(c, f"/state/refused/{NOWHERE}/correct", event="{}"),
    "list_access": lambda c, s, own: c.get("/access"),
    "read_access_log": lambda c, s, own: c.get("/access/log"),
    "add_access": lambda c, s, own: form(c, "/access/add", kind="clinic", who=f"cell-{next(_numbers)}"),
    "disable_access": lambda c, s, own: form(c, "/access/disable", name="urn:santunan:clinic:nobody"),
    "make_access_key": lambda c, s, own: form(c, "/access/key", name="urn:santunan:clinic:nobody"),
    "revoke_access_key": lambda c, s, own: form(c, "/access/revoke", key="none"),
    "make_access_link": lambda c, s, own: form(c, "/access/link", name="urn:santunan:clinic:nobody"),
    "find": lambda c, s, own: form(c, "/find", text=claim_of(own)),
    "read_trail": lambda c, s, own: c.get(f"/trail/{claim_of(own)}"),
    "read_known": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}/known?known_on=2024-08-07"),
    "explain_known": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}/explanation?revision=1"),
    "read_member_known": lambda c, s, own: c.ask(
        "POST", "/v1/members/known", {"member": WORKER, "known_on": "2024-08-07T10:00:00+07:00"}
    ),
    "read_ledger": lambda c, s, own: c.get("/ledger"),
    "read_proof": lambda c, s, own: form(c, "/ledger/receipt", digest="0" * 64),
    "start_verification": lambda c, s, own: form(c, "/ledger/verification"),
    "start_replay": lambda c, s, own: form(c, "/replay", since="", until=""),
    "read_run": lambda c, s, own: c.get("/replay"),
    "read_kept": lambda c, s, own: form(c, "/person", member=WORKER, reason="x"),
    "read_person": lambda c, s, own: form(c, f"/trail/{claim_of(own)}/person", reason="x"),
    "read_session": lambda c, s, own: c.get("/v1/session"),
    "sign_out": lambda c, s, own: c.ask("DELETE", "/v1/session"),
    "give_code": lambda c, s, own: c.ask("POST", "/v1/session/code", {"code": "000000"}),
    "list_payouts": lambda c, s, own: c.get("/v1/payouts"),
    "read_receipt": lambda c, s, own: c.get(f"/v1/receipts/{'0' * 64}"),
    "register_webhook": lambda c, s, own: c.ask("POST", "/v1/webhooks", {"url": "https://8.8.8.8/hook"}),
    "list_webhooks": lambda c, s, own: c.get("/v1/webhooks"),
    "delete_webhook": lambda c, s, own: c.ask("DELETE", f"/v1/webhooks/{webhook(c, own)}"),
    "rotate_webhook_secret": lambda c, s, own: c.ask("POST", f"/v1/webhooks/{webhook(c, own)}/secret"),
    "list_failed_deliveries": lambda c, s, own: c.get(f"/v1/webhooks/{webhook(c, own)}/failures"),
    "retry_deliveries": lambda c, s, own: c.ask("POST", f"/v1/webhooks/{webhook(c, own)}/retry"),
}
LISTS = {"list_claims", "list_decisions"}
# They name no thing.
NEVER_FOREIGN = {
    *(
        "submit_events",
        "import_members",
        "export_members",
        "import_contributions",
        "import_claims",
        "list_work",
        "find_claims",
        *("read_coverage", "list_calls", "import_known", "list_known_matches", "decide_known_match"),
        "read_statistics",
        *("read_coverage", "list_calls", "list_protection", "import_known", "list_known_matches", "decide_known_match"),
        *("read_statistics", "list_signals"),
        "read_session",
        "sign_out",
        "read_law",
        "read_parameter",
        "compare_law",
        "try_number",
        "register_webhook",
        "list_webhooks",
        "list_payouts",
    ),
    *LISTS,
}


def test_each_operation_is_asked_for() -> None:
    assert HOW.keys() == ROLES.keys()


@pytest.mark.parametrize("is_own", [True, False], ids=["own", "foreign"])
@pytest.mark.parametrize("operation", sorted(ROLES))
@pytest.mark.parametrize("kind", KINDS)
def test_each_cell_is_answered_as_the_table_says(
    kind: str, operation: str, is_own: bool, client: Callable[[str | None], Client]
) -> None:
    name = f"{kind}:{who_of(kind)}"
    found = HOW[operation](client(name), f"urn:santunan:{name}", is_own)
    grant = ROLES[operation].get(kind)
    said = (found.status, found.raw[:300])
    if grant is None:
        assert found.status == 403, said
        if "html" not in found.headers["content-type"]:  # a page says it in words
            assert found.json["code"] in ("NOT_ALLOWED", "SOURCE_FORGED"), said
    elif operation in OF_NOTHING or (grant.reach == "own" and not is_own and operation not in NEVER_FOREIGN):
        assert found.status == 404 and ("html" in found.headers["content-type"] or found.json["code"] == "NOT_FOUND")
    elif operation in ("submit_events", "put_paper", "give_code", "read_proof"):
        assert found.status == 422, said  # allowed; it sent no event, another paper, by a key, or no digest
    else:
        assert found.status in (200, 201, 202, 204, 303), said
    assert found.headers["cache-control"] == "no-store"
    if operation in LISTS and grant is not None:
        listed = json.dumps(found.json["rows"])
        assert (FOREIGN in listed) == (grant.reach == "all")
