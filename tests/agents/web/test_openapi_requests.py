"""Requests made of the OpenAPI document, by schemathesis with all its checks, with a key of each kind of principal.

A valid request that is refused must be refused for a reason in `UNSAID`, which no OpenAPI document can say. About 3,000
requests; SANTUNAN_REQUESTS sends more, for example 20,000 (three minutes).
"""

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.transport.serialization import Binary

from agents.web.app import make_app
from agents.web.gate import Gateway
from agents.web.imports import XLSX
from agents.web.limits import Buckets
from agents.web.metrics import Metrics
from pipeline.access.principals import KINDS
from schemas.envelope import type_of
from schemas.events import EVENT_WRITERS
from schemas.field_rules import NO_NIK, UNSAYABLE
from schemas.values import SOURCE_SHAPE
from tests.agents.web.conftest import who_of
from tests.support.member_sheets import as_excel, good_rows

REQUESTS: Final = int(os.environ.get("SANTUNAN_REQUESTS", "3000"))
BOUNDARIES: Final = 12_000  # requests that schemathesis makes of all boundaries of all bodies; 3,000 take a share
# Codes of refusals that depend on who sends, on what is stored, on the hour or on sizes.
UNSAID: Final[dict[str, frozenset[str]]] = {
    "*": frozenset({"SECTION_NOT_ALLOWED", "TIME_IN_FUTURE", "TOO_LARGE", "LENGTH"}),
    "POST /v1/events": frozenset(
        {"UNKNOWN_TYPE", "MEDIA_TYPE", "FRESH_CODE_NEEDED"}
    ),  # binary mode: its attributes are in headers
    "POST /v1/reviews": frozenset({"REVIEW_OWN_CLAIM", "FRESH_CODE_NEEDED"}),  # of a claim that is not there
    "POST /v1/links": frozenset({"LINK_GONE"}),
    # Not any bytes are a sheet.
    **dict.fromkeys(
        (
            *("POST /v1/imports/members", "POST /v1/imports/contributions", "POST /v1/imports/claims"),
            "POST /v1/known",
        ),
        frozenset({"SHEET_REFUSED", "SHEET_CHANGED"}),
    ),
}
UNSAID_WORDS: Final = (
    *UNSAYABLE.values(),
    "the law is known from",
    "you have as many webhooks as one may have",
    "you have put no paper of this SHA-256",
    "a key has no second factor",
    "lies after today",
    "this is no cursor of this list",
    "the period ends before it begins",
    "lies after now",
    "give either a revision or a time",
)
# Who may do it; the others are asked for as well, and an office may do the rest.
ABLE: Final = {
    "POST /v1/reviews": "officer",
    "POST /v1/reviews/preview": "officer",
    "GET /v1/cases/{claim}": "officer",
    "GET /v1/claims/{claim}/history": "auditor",
    "GET /v1/claims/{claim}/known": "officer",
    "POST /v1/members/known": "officer",
    "GET /v1/work": "officer",
    "POST /v1/settlements": "payments",
    "GET /v1/payouts": "payments",
}
WRITER: Final = {type_of(kind): sorted(writers)[-1] for kind, writers in EVENT_WRITERS.items()}
ID_SHAPE: Final = f"{NO_NIK}[ -~]{{1,128}}$"
REJECTED: Final = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]

application = make_app(SimpleNamespace(metrics=Metrics()))  # type: ignore[arg-type]  # until there is a gateway
configuration = SchemathesisConfig.from_dict(
    {
        "generation": {
            "codec": "ascii",  # what lies beyond is drawn by tests/schemas and tests/contract/test_admission.py
            "deterministic": True,
            "mode": "all",
            "database": "none",
            "allow-extra-parameters": False,  # OpenAPI does not forbid them, and they are not read
        },
        "checks": {"negative_data_rejection": {"expected-statuses": REJECTED}},  # 413: a list that is too long
    }
)
api = schemathesis.openapi.from_asgi("/openapi.json?lang=en", application, config=configuration)
OPERATIONS: Final = sum(1 for _ in api.get_all_operations())
schemathesis.openapi.media_type("application/pdf", st.binary().map(lambda found: b"%PDF-1.7\n" + found))
schemathesis.openapi.media_type(XLSX, st.sampled_from([as_excel(good_rows(2)), as_excel([]), b"PK"]))
schemathesis.openapi.format("date", st.dates().map(str).filter(lambda day: "1900" <= day < "2101"))


@pytest.fixture(scope="module")
def described(gateway: tuple[Gateway, int]) -> Iterator[Any]:
    """The document, with a gateway that serves it. Requests are made of it when the test runs: it takes half a minute,
    and each process of a run collects all tests. Wrong keys and passwords are tried faster here than a gateway lets
    anybody; no server of names is asked."""
    application.state.gateway = gateway[0]
    hurried = {name: getattr(gateway[0], name) for name in ("refused_keys", "sign_in_addresses")}
    for name in hurried:
        object.__setattr__(gateway[0], name, Buckets(1e6))
    with (
        patch("agents.web.session.REFUSED_SECONDS", 0.001),
        patch("agents.web.hooks._addresses_of", return_value=["93.184.215.14"]),
    ):
        yield api
    for name, patient in hurried.items():
        object.__setattr__(gateway[0], name, patient)


@pytest.fixture(autouse=True)
def _named(request: pytest.FixtureRequest) -> None:
    """schemathesis reads the name of a test where pytest 9.2 does not keep it any more."""
    request.node._nodeid = request.node.nodeid


def number_of(case: Any) -> int:
    """The same for the same request, so that a failure can be made smaller."""
    return zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())


def principal_of(case: Any, number: int) -> str:
    """In half of the requests one that may do it."""
    kind = KINDS[number // 2 % len(KINDS)]
    if number % 2:
        document = case.body if isinstance(case.body, dict) else {}
        kind = WRITER.get(str(document.get("type")), ABLE.get(case.operation.label, "office"))
    return f"{kind}:{who_of(kind)}" if kind in KINDS else "office:one"


def prepare(case: Any, name: str, number: int) -> None:
    """What is valid stays valid: events are in the sender's own name, ids are not used twice, and nobody waits."""
    document = case.body if isinstance(case.body, dict) else {}
    own = f"urn:santunan:{name}"
    if fits(document.get("source"), SOURCE_SHAPE) and fits(own, SOURCE_SHAPE):  # an auditor's would be no source
        case.body["source"] = own
        if fits(document.get("id"), ID_SHAPE):
            case.body["id"] = f"id-{number}"
    if fits(case.headers.get("Idempotency-Key"), ID_SHAPE):
        case.headers["Idempotency-Key"] = f"key-{number}"
    if case.operation.label == "PUT /v1/papers/{sha256}" and isinstance(case.body, bytes | Binary):
        named = case.path_parameters.get("sha256")
        if fits(named, "^[0-9a-f]{64}$"):
            content = case.body.data if isinstance(case.body, Binary) else case.body
            case.path_parameters["sha256"] = hashlib.sha256(content).hexdigest()
    if str(case.query.get("wait")).isdecimal() and int(case.query["wait"]) <= 25:
        case.query["wait"] = 0


def fits(value: Any, shape: str) -> bool:
    return isinstance(value, str) and re.search(shape, value) is not None


def is_unsaid(operation: str, answer: Any) -> bool:
    """Whether all that was refused, of one thing or of a batch, was refused for a reason that is listed."""
    problems = [one.get("problem") for one in answer] if isinstance(answer, list) else [answer]
    return all(problem is None or _is_unsaid(operation, problem) for problem in problems)


def _is_unsaid(operation: str, problem: Any) -> bool:
    faults = [one["detail"] for one in problem.get("errors", ())]
    is_word = any(fault.startswith(words) for fault in faults for words in UNSAID_WORDS)
    return is_word or problem["code"] in UNSAID["*"] | UNSAID.get(operation, frozenset())


@pytest.mark.timeout(max(300, REQUESTS // 10))
@schemathesis.pytest.from_fixture("described").parametrize()
@settings(max_examples=max(1, REQUESTS // OPERATIONS // 2), deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_described_is_what_is_answered(case: Any, key_of: Callable[[str], str]) -> None:
    number = number_of(case)
    if case.meta.phase.name.value == "coverage" and case.operation.body and number % BOUNDARIES >= REQUESTS:
        return
    name = principal_of(case, number)
    prepare(case, name, number)
    headers = {"Authorization": f"Bearer {key_of(name)}", "Accept-Language": "en"}
    response = case.call(headers=headers)
    try:
        case.validate_response(response, headers=headers, transport_kwargs={"headers": headers})
    except FailureGroup as found:
        others = [
            one
            for one in found.exceptions
            if not (isinstance(one, RejectedPositiveData) and is_unsaid(case.operation.label, response.json()))
        ]
        assert not others, str(found)
