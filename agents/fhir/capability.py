"""The CapabilityStatement: what `/fhir` reads and answers."""

from importlib.metadata import version
from typing import Any, Final

from agents.fhir.systems import Json, narrative
from pipeline.explain import Language

FHIR_VERSION: Final = "4.0.1"
_DATE: Final = "2026-11-29"  # on which this statement last changed
_DEFINITION: Final = "http://hl7.org/fhir/OperationDefinition/"
_SECURITY: Final = {
    "id": "Kunci API dari kantor: Authorization: Bearer stn_…",
    "en": "An API key of the office: Authorization: Bearer stn_…",
}
_SAID: Final = {
    "id": "Klaim JKK dan JKM serta pertanyaan kepesertaan. Yang tidak dibaca ditolak, tidak pernah diabaikan.",
    "en": "Claims of JKK and JKM, and questions of cover. What is not read is refused, never dropped.",
}


def capability_statement(language: Language) -> Json:
    return {
        "resourceType": "CapabilityStatement",
        "language": language,
        "text": narrative(language, _SAID[language]),
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Santunan", "version": version("santunan")},
        "implementation": {"description": _SAID[language]},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _SAID[language],
                "security": {"cors": False, "description": _SECURITY[language]},
                "resource": _resources(),
            }
        ],
    }


def _resources() -> list[dict[str, Any]]:
    def submit(resource: str) -> list[Json]:
        return [{"name": "submit", "definition": f"{_DEFINITION}{resource}-submit"}]

    return [
        {"type": "Claim", "operation": submit("Claim")},
        {
            "type": "ClaimResponse",
            "interaction": [{"code": "search-type"}],
            "searchParam": [{"name": "identifier", "type": "token"}, {"name": "request", "type": "reference"}],
        },
        {
            "type": "CoverageEligibilityRequest",
            "interaction": [{"code": "create"}],
            "operation": submit("CoverageEligibilityRequest"),
        },
    ]
