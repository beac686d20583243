"""Two clinics that know nothing of each other and an employer report one accident: it is paid once.

Over HTTP, with the worker and the gateway of `santunan run`. Each learns what it may know, and how to add to the first.
"""

import json
from pathlib import Path
from typing import Any

from agents.services.servers import free_ports
from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.gateway import Client
from tests.support.run import running

FIRST, SECOND, EMPLOYER = "clinic:plkk-0001", "clinic:plkk-0002", "employer:tng00001"
STRANGER, OFFICE, OFFICER, PAYMENTS = "clinic:plkk-0009", "office:tangerang", "officer:siti", "payments:bank"
NAMES = (FIRST, SECOND, EMPLOYER, STRANGER, OFFICE, OFFICER, PAYMENTS)
HAPPENED = {"member": {"member_number": e.NUMBER}, "accident": {"occurred_at": "2024-07-07T10:00:00+07:00"}}
REPORT = {"report": {"reported_at": "2024-07-08T09:00:00+07:00"}}


def clients(folder: Path, port: int) -> dict[str, Client]:
    """A key of each; the member is registered by history, since it was so at the time."""
    members = "".join(json.dumps(one) + "\n" for one in e.member())
    assert santunan("submit", "--history", "-", cwd=folder, given=members).status == 0
    found = {}
    for name in NAMES:
        assert santunan("access", "add", *name.split(":"), cwd=folder).status == 0
        found[name] = Client(port, santunan("access", "key", name, cwd=folder).out.strip())
    return found


def reported(client: Client, key: str, **sections: Any) -> str:
    """The claim's address, once it is decided."""
    answer = client.report("/v1/accidents", key, HAPPENED | sections)
    assert answer.status == 202, answer.raw
    assert client.get(f"{answer.headers['location']}?wait=25").status == 200
    return answer.headers["location"]


def test_one_accident_of_three_reporters_is_paid_once(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with running(tmp_path, port):
        who = clients(tmp_path, port)
        first = reported(who[FIRST], "a", medical={"unable_to_work_days": 30}, documents=e.JKK_PAPERS)
        employers = reported(who[EMPLOYER], "b", **REPORT)
        second = reported(who[SECOND], "c", medical={"unable_to_work_days": 30}, costs={"treatment": 900_000})
        expect_what_each_may_know(who, first, employers, second)
        add_to_the_first(who, first)
        expect_one_payout(who, first)


def expect_what_each_may_know(who: dict[str, Client], first: str, employers: str, second: str) -> None:
    first_id = first.rpartition("/")[2]
    assert who[FIRST].get(first).json["first_claim"] is None
    for name, place, code in ((EMPLOYER, employers, "CLM_DUPLICATE"), (SECOND, second, "CLM_SAME_EVENT")):
        for language, words in (("en", "as evidence on that claim"), ("id", "sebagai bukti untuk klaim itu")):
            told = who[name].get(place, Accept_Language=language).json
            assert [one["code"] for one in told["reasons"]] == [code], name
            assert told["first_claim"]["claim_id"] == first_id and words in told["first_claim"]["how"]
            assert (told["total"], told["amounts"], told["papers"]) == (None, [], [])
    duplicate = who[EMPLOYER].get(employers, Accept_Language="en").json["reasons"][0]
    assert "handed in for the claim that came first" in duplicate["next"]
    for name in (SECOND, STRANGER):
        assert who[name].get(first).status == 404, "to know its id is not to be a party"
    for place in (first, employers, second):
        assert who[STRANGER].get(place).status == 404
    assert who[FIRST].get(second).status == who[FIRST].get(employers).status == 404
    assert who[OFFICER].get(second).json["first_claim"]["claim_id"] == first_id


def add_to_the_first(who: dict[str, Client], first: str) -> None:
    number = {"member_number": e.NUMBER}
    concluded = {"conclusion": {"work_related": True, "concluded_on": "2024-07-09"}}
    for name, key, sections in (
        (EMPLOYER, "d", REPORT),
        (SECOND, "e", {"documents": ["visum"]}),
        (OFFICE, "f", concluded),
    ):
        revision = who[FIRST].get(first).json["revision"]
        assert who[name].report(f"{first}/evidence", key, number | sections).status == 202
        found = who[FIRST].get(f"{first}?wait=2&after={revision}").json
    assert found["outcome"] == "APPROVED", found
    assert who[SECOND].get(first).json["outcome"] == "APPROVED", "who sent its number is a party now"


def expect_one_payout(who: dict[str, Client], first: str) -> None:
    [payout] = who[PAYMENTS].get("/v1/payouts").json["rows"]
    claim_id = first.rpartition("/")[2]
    assert (payout["claim_id"], payout["amount"], payout["state"]) == (claim_id, 4_000_000, "ordered")
    settled = {"claim_id": claim_id, "payout_id": payout["payout_id"], "paid_on": "2024-07-20", "amount": 4_000_000}
    assert who[PAYMENTS].report("/v1/settlements", "g", settled).status == 202
