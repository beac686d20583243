"""Checks of `/fhir`, where the gateway has it."""

from collections.abc import Callable
from typing import Any, Final

from agents.conformance.clinic import FHIR, Answer, Clinic, Skipped, require

_SUBMIT: Final = "/fhir/Claim/$submit"
_OUTCOMES: Final = ("queued", "complete", "partial", "error")


def fhir_metadata(clinic: Clinic) -> None:
    """/fhir/metadata says FHIR 4.0.1 and Claim/$submit; without it, FHIR is skipped."""
    found = clinic.ask("GET", "/fhir/metadata", None, key=None)
    if found.status == 404:
        raise Skipped("this gateway has no /fhir")
    found.expect(200)
    require(found.body["resourceType"] == "CapabilityStatement", "it is no CapabilityStatement")
    require(found.body["fhirVersion"] == "4.0.1", "it is not of FHIR 4.0.1")
    types = {one["type"] for one in found.body["rest"][0]["resource"]}
    require("Claim" in types, "it does not name Claim")
    clinic.has_fhir = True


def fhir_submit(clinic: Clinic) -> None:
    """A Claim is answered with a ClaimResponse, and again with the same claim's."""
    numbers = []
    for _ in range(2):
        found = _submit(clinic).expect(200)
        require(found.headers.get("content-type", "").split(";")[0] == FHIR, f"its answer is no {FHIR}")
        require(found.body["resourceType"] == "ClaimResponse", "its answer is no ClaimResponse")
        require(found.body["outcome"] in _OUTCOMES, "its outcome is none of FHIR's")
        numbers.append([one["value"] for one in found.body["identifier"]])
    require(numbers[0] == numbers[1], "the repeated Claim got another number or receipt")
    require(f"{clinic.claim_id}-F" in numbers[0], "the response is about another claim")


def fhir_conflict(clinic: Clinic) -> None:
    """Another Claim under the same identifier is refused with 409."""
    _refused(_submit(clinic, created="2024-08-10"), 409)


def fhir_unread(clinic: Clinic) -> None:
    """A modifier that is not read is refused at its place, never dropped."""
    modifier = {"modifierExtension": [{"url": "urn:example:not-this-claim", "valueBoolean": True}]}
    found = _refused(_submit(clinic, **modifier), 422)
    places = [place for issue in found.body["issue"] for place in issue.get("expression", ())]
    require("Claim.modifierExtension" in places, "the refusal does not name Claim.modifierExtension")


def fhir_cover(clinic: Clinic) -> None:
    """A CoverageEligibilityRequest is answered with a CoverageEligibilityResponse."""
    _require_fhir(clinic)
    found = clinic.post("/fhir/CoverageEligibilityRequest", clinic.resource("cover"), Content_Type=FHIR).expect(200)
    require(found.body["resourceType"] == "CoverageEligibilityResponse", "its answer is another resource")


FHIR_CHECKS: Final[tuple[Callable[[Clinic], None], ...]] = (
    fhir_metadata,
    fhir_submit,
    fhir_conflict,
    fhir_unread,
    fhir_cover,
)


def _submit(clinic: Clinic, **change: Any) -> Answer:
    _require_fhir(clinic)
    return clinic.post(_SUBMIT, clinic.resource("accident-injury", **change), Content_Type=FHIR)


def _refused(found: Answer, status: int) -> Answer:
    found.expect(status, media_type=FHIR)
    require(found.body["resourceType"] == "OperationOutcome", "its refusal is no OperationOutcome")
    return found


def _require_fhir(clinic: Clinic) -> None:
    if not clinic.has_fhir:
        raise Skipped("this gateway has no /fhir")
