"""Sample documents, one or more for each kind of claim, in the forms that a gateway takes. All of them are made up.

`samples/NAME.json` is the plain `data`, `NAME.cloudevent.json` an event, `NAME.fhir.json` a resource of FHIR R4. The
three of one name say the same.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

_DIRECTORY: Final = Path(__file__).parent / "samples"
Form = Literal["plain", "cloudevent", "fhir"]
_MEDIA_TYPES: Final[dict[Form, str]] = {
    "plain": "application/json",
    "cloudevent": "application/cloudevents+json",
    "fhir": "application/fhir+json",
}
_PLAIN: Final = {
    "accident": "/v1/accidents",
    "death": "/v1/deaths",
    "evidence": "/v1/claims/{claim}/evidence",
    "cover": "/v1/cover",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """`send_to`: the address that takes it by POST. `sender`: the kind of principal that it is written for."""

    name: str
    form: Form
    media_type: str
    send_to: str
    sender: str


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(_sample(path.name.removesuffix(".json")) for path in sorted(_DIRECTORY.glob("*.json")))


def sample_text(name: str) -> bytes:
    """The document of one of `samples()`. Raises KeyError for any other name."""
    if name not in {one.name for one in samples()}:
        raise KeyError(name)
    return (_DIRECTORY / f"{name}.json").read_bytes()


def _sample(name: str) -> Sample:
    subject, _, ending = name.partition(".")
    form: Form = "cloudevent" if ending == "cloudevent" else "fhir" if ending == "fhir" else "plain"
    kind = subject.split("-")[0]
    if form == "plain":
        send_to = _PLAIN[kind]
    elif form == "cloudevent":
        send_to = "/v1/events"
    else:
        send_to = "/fhir/CoverageEligibilityRequest" if kind == "cover" else "/fhir/Claim/$submit"
    return Sample(name, form, _MEDIA_TYPES[form], send_to, _sender(subject))


def _sender(subject: str) -> str:
    """As the event of the same name says."""
    event = _DIRECTORY / f"{subject}.cloudevent.json"
    source: str = json.loads(event.read_bytes())["source"] if event.exists() else "urn:santunan:clinic:contoh"
    return source.split(":")[2]
