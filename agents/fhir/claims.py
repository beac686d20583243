"""A Claim as the report of an accident or a death: every element is read, known to change nothing, or refused."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from agents.fhir.elements import Element
from agents.fhir.faults import Fault, fault, structural_faults
from agents.fhir.sections import Data, read_sections
from agents.fhir.systems import BPJS, CLAIM, COST, HL7, INSURER, KPJ, NIK, OURS, PAPER, PROGRAM, URI, Json
from schemas.claims import SECTIONS
from schemas.clock import local_day
from schemas.codes import PaperName

Program = Literal["JKK", "JKM"]
_NARRATIVES: Final = ("generated", "extensions", "empty")  # `additional` says what stands nowhere else
_CODES: Final = f"{HL7}claim-type"
_PRIORITIES: Final = ("stat", "normal", "deferred")
_ACCIDENTS: Final = {"WPA": "workplace", "MVA": None}  # v3-ActCode -> our setting
_NUMBERS: Final = {NIK: "nik", KPJ: "member_number"}
_DIAGNOSES: Final = "http://hl7.org/fhir/sid/icd-10"
_ICD_10: Final = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?")  # its shape; some leave the point out
_MONTHS: Final = "mo"  # UCUM
_COSTS: Final = {
    "treatment": "costs.treatment",
    "transport_land": "costs.transport.land",
    "transport_sea": "costs.transport.sea",
    "transport_air": "costs.transport.air",
    "home_care": "costs.home_care.cost",
    "denture": "costs.denture",
    "hearing_aid": "costs.hearing_aid",
    "glasses": "costs.glasses",
    "prosthesis": "costs.prosthesis",
    "return_to_work": "costs.return_to_work",
}
# Where a field would be said that nobody said: the start of its path, the longest first.
_ELEMENTS: Final = {
    **{name: f"Claim.extension.where(url='{OURS}{name}')" for name in SECTIONS},
    "accident.occurred_at": "Claim.extension.where(url='urn:santunan:fhir:accident')",
    "accident": "Claim.accident",
    "member": "Claim.patient",
    "attachments": "Claim.supportingInfo",
    "claim_id": "Claim.identifier",
    "claimed": "Claim.created",
    "costs": "Claim.item",
    "documents": "Claim.supportingInfo",
    "id": "Claim.identifier",
    "member_number": "Claim.insurance.coverage.identifier.value",
    "source": "Claim.provider",
    "subject": "Claim.identifier",
    "time": "Claim.created",
    "type": "Claim.subType",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a Claim says. `key`: the sender's own identifier of it. `provider`: the name of the principal it is from.

    `data`: of the event. `places`: field of `data` -> FHIRPath.
    """

    program: Program | None
    provider: str | None
    key: str | None
    data: dict[str, Any]
    places: dict[str, str]
    faults: list[Fault]

    def place_of(self, field: str) -> str:
        """`data.accident.kind` -> where the resource says it, or would say it."""
        path = field.removeprefix("data.")
        for known in (self.places, _ELEMENTS):
            parts = path.split(".")
            while parts:
                if (found := known.get(".".join(parts))) is not None:
                    return found
                parts.pop()
        return "Claim"


def read_claim_resource(document: Json) -> Report:
    from fhir.resources.R4B.claim import Claim

    faults = structural_faults(Claim, document)
    claim = Element(document, "Claim", faults)
    data = Data()
    read_text(claim)
    claim.one_of("resourceType", "Claim")
    claim.one_of("status", "active")
    claim.one_of("use", "claim")
    claim.code("type", _CODES, "institutional")
    claim.code("priority", f"{HL7}processpriority", *_PRIORITIES)
    program = claim.code("subType", PROGRAM, *get_args(Program))
    key = _identifiers(claim, data)
    _person(claim, data)
    _day_of_claim(claim, data)
    read_insurer(claim)
    provider = claim.referred("provider", URI)
    read_sections(claim, data)
    _accident(claim, data)
    _diagnosis(claim, data)
    _papers(claim, data)
    _costs(claim, data)
    claim.close()
    said = provider[1] if provider is not None else None
    return Report(program, said, key, data.said, data.places, faults)  # type: ignore[arg-type]


def read_text(resource: Element) -> None:
    """The narrative, and what no resource of ours means anything by."""
    resource.ignore("meta", "language")
    text = resource.element("text")
    if text is not None:
        text.one_of("status", *_NARRATIVES)


def read_insurer(resource: Element, *, is_needed: bool = False) -> None:
    found = resource.referred("insurer", INSURER, is_needed=is_needed)
    if found not in (None, (INSURER, BPJS)):
        resource.note("value", "insurer", values=(f"{INSURER}|{BPJS}",))


def _identifiers(claim: Element, data: Data) -> str | None:
    """The claim's number where it is given, and what the sender calls it: the number, or another identifier."""
    own = []
    for one in claim.elements("identifier"):
        found = one.identifier()
        if found is None:
            continue
        if found[0] == CLAIM:
            data.put("claim_id", found[1], one, "value")
        else:
            own.append("|".join(found))
    if len(own) > 1:
        claim.note("one", "identifier")
    if own:
        return own[0]
    number = data.said.get("claim_id")
    return f"{CLAIM}|{number}" if number is not None else None


def _person(claim: Element, data: Data) -> None:
    """By NIK or membership number, or by both: the patient with the one, the insurance with the other."""
    patient = claim.element("patient")
    if patient is not None:
        data.put("member.name", patient.value("display", str), patient, "display")
        _one_number(patient, data)
    insurance = claim.only("insurance")
    if insurance is not None:
        insurance.ignore("sequence")
        if insurance.value("focal", bool) is False:
            insurance.note("value", "focal", values=("true",))
        coverage = insurance.element("coverage")
        if coverage is not None:
            _one_number(coverage, data)
        insurance.close()


def _one_number(reference: Element, data: Data) -> None:
    """The same number may be said twice, another one may not."""
    found = reference.referent(NIK, KPJ)
    if found is None:
        return
    field = _NUMBERS[found[0]]
    if data.said.get("member", {}).get(field) != found[1]:
        data.put(f"member.{field}", found[1], reference, "identifier", "value")


def _day_of_claim(claim: Element, data: Data) -> None:
    """The day the claim was written, in Jakarta or where its offset says."""
    created = claim.value("created", str)
    if created is None:
        return
    try:
        day = local_day(dt.datetime.fromisoformat(created)) if "T" in created else dt.date.fromisoformat(created)
    except ValueError:
        claim.note("form", "created")
        return
    data.put("claimed.claimed_on", day.isoformat(), claim, "created")


def _accident(claim: Element, data: Data) -> None:
    accident = claim.element("accident")
    if accident is None:
        return
    place = data.places.setdefault("accident", _ELEMENTS["accident.occurred_at"])
    day = accident.value("date", str)
    occurred = data.said.get("accident", {}).get("occurred_at")
    if occurred is None:  # a day alone is not the moment that the event needs, and must not be lost
        accident.faults.append(fault("missing", place))
    if isinstance(occurred, str) and day is not None and _day(occurred) not in (day, None):
        accident.note("day", "date")
    code = accident.code("type", f"{HL7}v3-ActCode", *_ACCIDENTS, is_needed=False)
    said = data.said.get("accident", {})
    if code == "WPA" and said.get("setting", "workplace") != "workplace":
        accident.note("twice", "type")
    if code == "MVA" and said.get("traffic", "none") == "none":
        accident.note("value", "type", values=("MVA with accident.traffic", "WPA"))
    address = accident.element("locationAddress")
    if address is not None:
        data.put("accident.place", address.value("text", str, is_needed=True), address, "text")
        address.close()
    accident.close()


def _day(moment: str) -> str | None:
    """None: it is no time, which the schema will say."""
    try:
        return local_day(dt.datetime.fromisoformat(moment)).isoformat()
    except ValueError:
        return None


def _diagnosis(claim: Element, data: Data) -> None:
    if not claim.has("diagnosis"):
        return
    one = claim.only("diagnosis")
    if one is None:
        return
    one.ignore("sequence")
    concept = one.element("diagnosisCodeableConcept", is_needed=True)
    if concept is not None:
        words = [concept.value("text", str)]
        for coding in concept.elements("coding"):
            code = coding.value("code", str)
            if code is not None and _ICD_10.fullmatch(code) is None:
                coding.note("icd", "code")
            words += [code, coding.value("display", str)]
            coding.one_of("system", _DIAGNOSES)
            coding.close()
        concept.close()
        data.put("medical.diagnosis", " ".join(filter(None, words)) or None, one, "diagnosisCodeableConcept")
    one.close()


def _papers(claim: Element, data: Data) -> None:
    """Each paper that exists; its scan is sent by `PUT /v1/papers`, not within the claim."""
    found = []
    for place, one in enumerate(claim.elements("supportingInfo")):
        one.ignore("sequence")
        one.code("category", f"{HL7}claiminformationcategory", "attachment")
        paper = one.code("code", PAPER, *get_args(PaperName))
        if paper is not None:
            found.append(paper)
            data.places[f"documents.{len(found) - 1}"] = claim.at("supportingInfo", place, "code")
        one.close()
    if found:
        data.put("documents", found, claim, "supportingInfo")


def _costs(claim: Element, data: Data) -> None:
    """An item a kind of cost; the total must be their sum."""
    total, amounts = 0, 0
    items = claim.elements("item")
    for item in items:
        item.ignore("sequence")
        kind = item.code("productOrService", COST, *_COSTS)
        amount = item.rupiah("net")
        if kind == "home_care":
            _months(item, data)
        item.close()
        if kind is not None and amount is not None:
            data.put(_COSTS[kind], amount, item, "net")
            total, amounts = total + amount, amounts + 1
    said = claim.rupiah("total", is_needed=False)
    if said is not None and said != total and amounts == len(items):
        claim.note("total", "total")


def _months(item: Element, data: Data) -> None:
    quantity = item.element("quantity", is_needed=True)
    if quantity is None:
        return
    quantity.ignore("unit")
    quantity.one_of("system", "http://unitsofmeasure.org")
    quantity.one_of("code", _MONTHS)
    data.put("costs.home_care.months", quantity.value("value", int, is_needed=True), quantity, "value")
    quantity.close()
