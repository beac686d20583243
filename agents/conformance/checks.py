"""The checks, in the order in which a clinic's software would come upon them. Each raises Failed or Skipped."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from agents.conformance.clinic import Answer, Clinic, Failed, Skipped, require
from agents.conformance.fhir import FHIR_CHECKS
from schemas.codes import Outcome

Check = Callable[[Clinic], None]
_RECEIPT: Final = {"source", "id", "topic", "partition", "offset", "digest", "received_at", "claim_id"}
_OUTCOMES: Final = Outcome.__args__  # type: ignore[attr-defined]
_CANARY: Final = "kunyit-conformance"
_LONGEST_WAIT: Final = 25  # seconds that a gateway waits at most
_PAUSE_SECONDS: Final = 0.2  # where a gateway does not wait as it was asked to
_MOST_PAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """`reason`: why it failed or was skipped."""

    check: str
    state: Literal["pass", "fail", "skip"]
    reason: str
    seconds: float


def health(clinic: Clinic) -> None:
    """/health and /ready answer without a key."""
    for path in ("/health", "/ready"):
        found = clinic.ask("GET", path, None, key=None).expect(200)
        require(found.body == {"status": "ok"}, f"{path} does not say that all is well")


def no_key(clinic: Clinic) -> None:
    """A request without a key is refused with 401."""
    found = clinic.ask("GET", "/v1/claims", None, key=None).expect(401, "KEY_NEEDED")
    require("bearer" in found.headers.get("www-authenticate", "").lower(), "its 401 has no WWW-Authenticate: Bearer")


def wrong_key(clinic: Clinic) -> None:
    """A key that nobody made is refused with 401."""
    clinic.ask("GET", "/v1/claims", None, key="stn_" + "A" * 43).expect(401, "KEY_NEEDED")


def right_key(clinic: Clinic) -> None:
    """The given key opens the list of claims, which no cache may keep."""
    found = clinic.get("/v1/claims").expect(200)
    require(isinstance(_field(found, "rows"), list), "the list of claims has no rows")
    require("no-store" in found.headers.get("cache-control", ""), "a list of claims may be kept by caches")


def cover(clinic: Clinic) -> None:
    """Cover is asked by POST and answered with yes, no or officer."""
    found = clinic.post("/v1/cover", {"member": clinic.member, "program": "JKK", "day": "2024-08-07"}).expect(200)
    require(_field(found, "answer") in ("yes", "no", "officer"), "the answer is neither yes, no nor officer")
    require(_field(found, "day") == "2024-08-07", "the answer is about another day")


def report(clinic: Clinic) -> None:
    """A report with an Idempotency-Key is taken in with 202, a receipt and the claim's address."""
    found = _report(clinic).expect(202)
    _require_receipt(found)
    require(found.body["claim_id"] == clinic.claim_id, "the receipt is about another claim")
    require(found.headers.get("location") == f"/v1/claims/{clinic.claim_id}", "Location is not the claim's address")
    clinic.receipt = found.body


def repeated(clinic: Clinic) -> None:
    """The same report again gets the same receipt, with 200."""
    clinic.need_report()
    found = _report(clinic).expect(200)
    require(found.body == clinic.receipt, "the receipt of the repeated report is another one")
    require(found.headers.get("idempotent-replayed") == "true", "Idempotent-Replayed is missing")


def conflict(clinic: Clinic) -> None:
    """Other content under the same Idempotency-Key is refused with 409."""
    clinic.need_report()
    _report(clinic, medical={"unable_to_work_days": 13}).expect(409, "ID_REUSED")


def without_key_of_report(clinic: Clinic) -> None:
    """A report without an Idempotency-Key is refused with 422, and the header is named."""
    found = clinic.post("/v1/accidents", clinic.report()).expect(422, "INVALID")
    named = [one.get("header") for one in _errors(found)]
    require("Idempotency-Key" in named, "the header Idempotency-Key is not named")


def forged_source(clinic: Clinic) -> None:
    """An event in another sender's name is refused with 403."""
    event = {
        "specversion": "1.0",
        "id": f"conformance-{clinic.run}-forged",
        "source": "urn:santunan:clinic:conformance-somebody-else",
        "type": "santunan.claim.accident.v1",
        "time": "2024-08-09T09:00:00+07:00",
        "data": clinic.report(claim_id=f"{clinic.claim_id}-X"),
    }
    clinic.post("/v1/events", event, Content_Type="application/cloudevents+json").expect(403, "SOURCE_FORGED")


def bad_input(clinic: Clinic) -> None:
    """Every fault is named at once by a JSON pointer, in two languages, and nothing that was sent is repeated."""
    wrong = clinic.report(accident={"occurred_at": _CANARY}, medical={"unable_to_work_days": _CANARY})
    said = []
    for language in ("id", "en"):
        key = f"conformance-{clinic.run}-bad"
        found = clinic.post("/v1/accidents", wrong, Idempotency_Key=key, Accept_Language=language)
        found.expect(422, "INVALID")
        pointers = {one.get("pointer") for one in _errors(found)}
        for pointer in ("/accident/occurred_at", "/medical/unable_to_work_days"):
            require(pointer in pointers, f"the fault at {pointer} is not named")
        require(_CANARY not in found.text, "the refusal repeats what was sent")
        said.append(found.text)
    require(said[0] != said[1], "the refusal is the same in Indonesian and in English")


def no_json(clinic: Clinic) -> None:
    """What is no JSON is refused with 400, and a key twice too."""
    for raw, code in ((b"{", "NOT_JSON"), (b'{"member": {}, "member": {}}', "DUPLICATE_KEY")):
        key = f"conformance-{clinic.run}-json"
        clinic.ask("POST", "/v1/accidents", raw, Idempotency_Key=key).expect(400, code)


def foreign_claim(clinic: Clinic) -> None:
    """A claim that is not this clinic's is not found."""
    clinic.get(f"/v1/claims/{clinic.claim_id}-FOREIGN").expect(404, "NOT_FOUND")


def decision(clinic: Clinic) -> None:
    """The decision is waited for, and says outcome, revision and reasons in words."""
    clinic.need_report()
    found = _decided(clinic)
    outcome, reasons = _field(found, "outcome"), _field(found, "reasons")
    require(outcome in _OUTCOMES, "the outcome is none of APPROVED, REJECTED, REFERRED, PENDING")
    is_worded = isinstance(reasons, list) and reasons and all(one.get("code") and one.get("text") for one in reasons)
    require(bool(is_worded), "the reasons have no words")
    clinic.decision = found


def unchanged(clinic: Clinic) -> None:
    """The same claim read again with its ETag is not sent again."""
    if clinic.decision is None:
        raise Skipped("`decision` has to succeed first")
    etag = clinic.decision.headers.get("etag")
    require(bool(etag), "the claim has no ETag")
    found = clinic.get(f"/v1/claims/{clinic.claim_id}", If_None_Match=str(etag))
    require(found.status in (200, 304), f"answered {found.status}, not 304")
    require(found.status == 304 or found.headers.get("etag") != etag, "sent again, though it has the same ETag")


def evidence(clinic: Clinic) -> None:
    """A paper is added to the claim."""
    clinic.need_report()
    path, key = f"/v1/claims/{clinic.claim_id}/evidence", f"conformance-{clinic.run}-evidence"
    found = clinic.post(path, {"documents": ["visum"]}, Idempotency_Key=key).expect(202)
    _require_receipt(found)
    require(found.body["claim_id"] == clinic.claim_id, "the receipt is about another claim")


def receipt(clinic: Clinic) -> None:
    """The receipt of the report is given again by its digest, and says that it was applied."""
    if clinic.decision is None:
        raise Skipped("`decision` has to succeed first")
    found = clinic.get(f"/v1/receipts/{clinic.received['digest']}").expect(200)
    same = {name: found.body.get(name) for name in clinic.received}
    require(same == clinic.received, "it is not the receipt of the report")
    require(found.body.get("fate", {}).get("state") == "applied", "a report that was decided has the fate `applied`")


def feed(clinic: Clinic) -> None:
    """The feed of decisions goes on where its cursor ends, and has this claim's."""
    if clinic.decision is None:
        raise Skipped("`decision` has to succeed first")
    cursor, seen = "", set()
    for _ in range(_MOST_PAGES):
        found = clinic.get(f"/v1/decisions?after={cursor}").expect(200)
        seen |= {row["claim"]["claim_id"] for row in _field(found, "rows")}
        cursor = _field(found, "cursor")
        if clinic.claim_id in seen:
            return
        if not _field(found, "more"):
            break
    raise Failed("the decision on the claim is not in the feed")


def samples(clinic: Clinic) -> None:
    """Sample documents are listed and given."""
    rows = _field(clinic.get("/v1/samples").expect(200), "rows")
    require(isinstance(rows, list) and bool(rows), "there are no samples")
    found = clinic.get(f"/v1/samples/{rows[0]['name']}").expect(200)
    require(found.headers.get("content-type", "").split(";")[0] == rows[0]["media_type"], "it is of another kind")


CHECKS: Final[tuple[Check, ...]] = (
    health,
    no_key,
    wrong_key,
    right_key,
    samples,
    cover,
    report,
    repeated,
    conflict,
    without_key_of_report,
    forged_source,
    bad_input,
    no_json,
    foreign_claim,
    decision,
    unchanged,
    evidence,
    receipt,
    feed,
    *FHIR_CHECKS,
)


def run_checks(clinic: Clinic) -> Iterator[Result]:
    """One after the other; a later one may need what an earlier one has learnt."""
    for check in CHECKS:
        began = time.perf_counter()
        state: Literal["pass", "fail", "skip"] = "pass"
        reason = ""
        try:
            check(clinic)
        except Failed as failed:
            state, reason = "fail", str(failed)
        except Skipped as skipped:
            state, reason = "skip", str(skipped)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            state, reason = "fail", f"its answer has another form ({type(error).__name__})"
        yield Result(check.__name__.replace("_", "-"), state, reason, round(time.perf_counter() - began, 3))


def _report(clinic: Clinic, **change: Any) -> Answer:
    return clinic.post("/v1/accidents", clinic.report(**change), Idempotency_Key=f"conformance-{clinic.run}")


def _decided(clinic: Clinic) -> Answer:
    ends_at = time.monotonic() + clinic.wait_seconds
    while True:
        left = ends_at - time.monotonic()
        wait = max(0, min(_LONGEST_WAIT, round(left)))
        found = clinic.get(f"/v1/claims/{clinic.claim_id}?wait={wait}")
        if found.status != 404:
            return found.expect(200)
        if left <= 0:
            raise Failed(f"no decision within {clinic.wait_seconds} seconds; is a worker running?")
        time.sleep(_PAUSE_SECONDS)


def _require_receipt(found: Answer) -> None:
    require(isinstance(found.body, dict), "its receipt is no JSON object")
    missing = sorted(_RECEIPT - found.body.keys())
    require(not missing, f"its receipt lacks {', '.join(missing)}")
    digest = found.body["digest"]
    is_digest = isinstance(digest, str) and len(digest) == 64 and not set(digest) - set("0123456789abcdef")
    require(is_digest, "its digest is no SHA-256 in hexadecimal")


def _field(found: Answer, name: str) -> Any:
    require(isinstance(found.body, dict) and name in found.body, f"its answer lacks `{name}`")
    return found.body[name]


def _errors(found: Answer) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = _field(found, "errors")
    return errors
