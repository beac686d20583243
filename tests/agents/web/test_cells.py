"""Every cell of roles × operations over HTTP, on a thing that is the principal's and on one that is not."""

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


def report(client: Client, path: str, data: Any) -> Answer:
    return client.report(path, f"cell-{next(_numbers)}", data)


def event(client: Client, source: str, kind: str, data: Any) -> Answer:
    return client.event(e.event(kind, data, source=source))


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
    "report_wage": lambda c, s, own: event(
        c, s, "member.wage-reported", member_of(own) | {"month": "2024-01", "wage": 1}
    ),
    "pay_contribution": lambda c, s, own: event(
        c, s, "member.contribution-paid", member_of(own) | {"months": ["2027-01"], "paid_on": "2026-01-01"}
    ),
    "review": lambda c, s, own: report(
        c, "/v1/reviews", {"claim_id": claim_of(own), "revision": 1, "verdict": "approve", "reason": "x"}
    ),
    "settle": lambda c, s, own: report(
        c,
        "/v1/settlements",
        {"claim_id": claim_of(own), "payout_id": f"{claim_of(own)}.r1.member", "paid_on": "2024-08-01", "amount": 1},
    ),
    "check_cover": lambda c, s, own: c.ask(
        "POST", "/v1/cover", {"member": member_of(own)["member_number"], "day": "2024-07-07"}
    ),
    "read_claim": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}"),
    "list_claims": lambda c, s, own: c.get("/v1/claims"),
    "explain_claim": lambda c, s, own: c.get(f"/v1/claims/{claim_of(own)}/explanation"),
    "list_decisions": lambda c, s, own: c.get("/v1/decisions"),
    "list_work": lambda c, s, own: c.get("/v1/work"),
    "read_receipt": lambda c, s, own: c.get(f"/v1/receipts/{'0' * 64}"),
}
LISTS = {"list_claims", "list_decisions"}
NEVER_FOREIGN = {"submit_events", "list_work", *LISTS}  # they name no thing


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
        assert (found.status, found.json["code"]) in ((403, "NOT_ALLOWED"), (403, "SOURCE_FORGED")), said
    elif operation == "read_receipt" or (grant.reach == "own" and not is_own and operation not in NEVER_FOREIGN):
        assert (found.status, found.json["code"]) == (404, "NOT_FOUND"), said
    elif operation == "submit_events":
        assert found.status == 422, said  # it is allowed, and what it sent is no event
    else:
        assert found.status in (200, 202), said
    assert found.headers["cache-control"] == "no-store"
    if operation in LISTS and grant is not None:
        listed = json.dumps(found.json["rows"])
        assert (FOREIGN in listed) == (grant.reach == "all")
