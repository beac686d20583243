"""Nobody is allowed by one door what the other one refuses: each kind of principal asks `/v1` and `/fhir` the same."""

import itertools
import json
from collections.abc import Callable
from typing import Final

import pytest

from pipeline.access.principals import KINDS
from tests.agents.web.conftest import WORKER
from tests.agents.web.test_cells import HOW, OTHERS, claim_of, who_of
from tests.agents.web.test_fhir import FHIR, claim, eligibility, submit
from tests.support import events as e
from tests.support.gateway import Answer, Client

_numbers = itertools.count(1)
Ask = Callable[[Client, str, bool], Answer]


def reported(client: Client, name: str, is_own: bool, sample: str) -> Answer:
    """With sections alone that each of them may write."""
    document = claim(f"cell-{next(_numbers)}", name, sample)
    for left_out in ("diagnosis", "item", "total"):
        document.pop(left_out, None)
    document["extension"] = document["extension"][:1]
    text = json.dumps(document).replace(e.NUMBER, WORKER if is_own else OTHERS)
    return submit(client, json.loads(text))


def covered(client: Client, name: str, is_own: bool) -> Answer:
    document = eligibility(name, WORKER if is_own else OTHERS)
    return client.ask("POST", "/fhir/CoverageEligibilityRequest", document, Content_Type=FHIR)


DOORS: Final[dict[str, Ask]] = {
    "report_accident": lambda client, name, own: reported(client, name, own, "accident-injury"),
    "report_death": lambda client, name, own: reported(client, name, own, "death"),
    "check_cover": covered,
    "read_claim": lambda client, name, own: client.get(f"/fhir/ClaimResponse?identifier={claim_of(own)}"),
}


@pytest.mark.parametrize("is_own", [True, False], ids=["own", "foreign"])
@pytest.mark.parametrize("operation", sorted(DOORS))
@pytest.mark.parametrize("kind", KINDS)
def test_fhir_allows_what_v1_allows(
    kind: str, operation: str, is_own: bool, client: Callable[[str | None], Client]
) -> None:
    name = f"{kind}:{who_of(kind)}"
    plain = HOW[operation](client(name), f"urn:santunan:{name}", is_own)
    found = DOORS[operation](client(name), name, is_own)
    if operation == "read_claim" and plain.status == 404:
        assert found.status == 200 and found.json["total"] == 0
    elif operation == "read_claim" and plain.status == 200:
        assert found.status == 200 and found.json["total"] == 1
    elif plain.status in (200, 202):
        assert found.status == 200, found.raw
    else:
        assert found.status == plain.status, (found.raw, plain.raw)
