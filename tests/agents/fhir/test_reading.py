"""FHIR resources as reports: what is read, and that everything else is refused with its place and a remedy."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from agents.fhir.claims import read_claim_resource
from agents.fhir.eligibility import read_eligibility_request
from agents.fhir.faults import _KINDS, MOST_ISSUES, distinct, operation_outcome
from schemas.claims import Sections
from schemas.sample_documents import sample_text

Change = Callable[[Any], object]


def claim(*changes: Change, name: str = "accident-injury") -> Any:
    found = json.loads(sample_text(f"{name}.fhir"))
    for change in changes:
        change(found)
    return found


def faults(document: Any) -> dict[str, str]:
    """Expression -> English."""
    return {one.expression: one.english for one in distinct(read_claim_resource(document).faults)}


def put(path: str, value: Any) -> Change:
    """`item.0.net`: sets what is there, or adds it."""

    def change(document: Any) -> None:
        *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in above:
            document = document[part]
        document[last] = value

    return change


def drop(name: str) -> Change:
    return lambda document: document.pop(name)


EXTENSION = {"url": "http://example.org/unknown", "valueString": "x"}


@pytest.mark.parametrize(
    ("change", "expression", "said"),
    [
        (put("modifierExtension", [EXTENSION]), "Claim.modifierExtension", "could change the meaning"),
        (put("implicitRules", "http://example.org"), "Claim.implicitRules", "could change the meaning"),
        (put("extension", [EXTENSION]), "Claim.extension[0]", "could change the meaning"),
        (put("text.status", "additional"), "Claim.text.status", "only this is read here: generated"),
        (put("status", "cancelled"), "Claim.status", "only this is read here: active"),
        (put("use", "preauthorization"), "Claim.use", "only this is read here: claim"),
        (put("type.coding.0.code", "oral"), "Claim.type.coding[0].code", "institutional"),
        (put("subType.coding.0.code", "JHT"), "Claim.subType.coding[0].code", "JKK, JKM"),
        (drop("subType"), "Claim.subType", "is missing"),
        (drop("provider"), "Claim.provider", "is missing"),
        (put("patient", {"reference": "Patient/1"}), "Claim.patient.reference", "write the identifier"),
        (put("patient.identifier.system", "x"), "Claim.patient.identifier.system", "fhir.kemkes.go.id/id/nik"),
        (put("patient.identifier.use", "old"), "Claim.patient.identifier.use", "usual, official"),
        (put("insurance.0.coverage.identifier.value", "CONTOH00002"),
         "Claim.insurance[0].coverage.identifier.value", "say it"),
        (put("insurance.0.focal", False), "Claim.insurance[0].focal", "true"),
        (put("insurance.0.preAuthRef", ["1"]), "Claim.insurance[0].preAuthRef", "could change the meaning"),
        (put("insurer.identifier.value", "other"), "Claim.insurer", "bpjs-ketenagakerjaan"),
        (put("related", [{"relationship": {"text": "prior"}}]), "Claim.related", "could change the meaning"),
        (put("item.0.unitPrice", {"value": 1, "currency": "IDR"}), "Claim.item[0].unitPrice", "change the meaning"),
        (put("item.0.net.value", 3500000.5), "Claim.item[0].net", "write whole rupiah"),
        (put("item.0.net.value", True), "Claim.item[0].net.value", "FHIR R4"),
        (put("item.0.net.currency", "USD"), "Claim.item[0].net", "write whole rupiah"),
        (put("item.1.productOrService.coding.0.code", "treatment"), "Claim.item[1].net", "say it"),
        (put("total.value", 1), "Claim.total", "is not the sum"),
        (put("accident.date", "2024-08-08"), "Claim.accident.date", "is not the day"),
        (put("accident.type.coding.0.code", "SPT"), "Claim.accident.type.coding[0].code", "WPA, MVA"),
        (put("accident.type.coding.0.code", "MVA"), "Claim.accident.type", "MVA with accident.traffic"),
        (put("accident.locationAddress.city", "x"), "Claim.accident.locationAddress.city", "change the meaning"),
        (put("created", "2024-08"), "Claim.created", "FHIR R4"),
        (put("created", 1), "Claim.created", "FHIR R4"),
        (put("_created", {"extension": [EXTENSION]}), "Claim._created", "could change the meaning"),
        (put("priority.coding", []), "Claim.priority.coding", "exactly one"),
        (put("supportingInfo.0.valueString", "x"), "Claim.supportingInfo[0].valueString", "change the meaning"),
        (put("supportingInfo.0.code.coding.0.code", "x"), "Claim.supportingInfo[0].code.coding[0].code", "ktp"),
        (put("diagnosis.0.onAdmission", {"text": "y"}), "Claim.diagnosis[0].onAdmission", "change the meaning"),
        (put("diagnosis.0.diagnosisCodeableConcept.coding.0.system", "http://snomed.info/sct"),
         "Claim.diagnosis[0].diagnosisCodeableConcept.coding[0].system", "icd-10"),
        (put("diagnosis.0.diagnosisCodeableConcept.coding.0.code", "broken arm"),
         "Claim.diagnosis[0].diagnosisCodeableConcept.coding[0].code", "no code of ICD-10"),
        (put("patient.identifier", []), "Claim.patient.identifier", "FHIR R4"),
        (put("extension.1.url", "medical"), "Claim.extension[1]", "could change the meaning"),
        (put("extension.1.extension.0", {"url": "unable_to_work_days", "valueMoney": {"value": 3, "currency": "IDR"}}),
         "Claim.extension[1].extension[0].valueMoney", "could change the meaning"),
        (put("extension", [{"url": "urn:santunan:fhir:costs", "extension": [{"url": "glasses", "valueInteger": 3}]}]),
         "Claim.extension[0].extension[0].valueMoney", "is missing"),
        (put("extension.1.extension.0", {"url": "secret", "valueString": "x"}), "Claim.extension[1].extension[0]",
         "could change the meaning"),
        (put("extension.1.extension.0", {"url": "unable_to_work_days", "valueDecimal": 1.5}),
         "Claim.extension[1].extension[0].value", "is missing"),
        (lambda one: one["extension"].append(one["extension"][1]), "Claim.extension[2]", "say it"),
        (lambda one: one["extension"][1]["extension"].append(one["extension"][1]["extension"][0]),
         "Claim.extension[1].extension[1]", "say it"),
        (put("identifier", [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}]), "Claim.identifier",
         "exactly one"),
        (put("nonsense", 1), "Claim.nonsense", "could change the meaning"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_at_its_place(change: Change, expression: str, said: str) -> None:
    assert faults(claim()) == {}
    found = faults(claim(change))
    assert expression in found and said in found[expression], found
    assert not any(one.endswith("root") for one in found), "no element of FHIR"


@pytest.mark.parametrize(
    "change",
    [
        put("meta", {"lastUpdated": "2024-08-09T00:00:00Z"}),
        put("id", "1"),
        put("language", "id"),
        put("priority.coding.0.code", "stat"),
        put("priority.coding.0.display", "Immediate"),
        put("patient.type", "Patient"),
        put("item.0.id", "row-1"),
        drop("text"),
        drop("insurer"),
        drop("total"),
    ],
)
def test_what_changes_nothing_is_let_be(change: Change) -> None:
    assert read_claim_resource(claim(change)).data == read_claim_resource(claim()).data
    assert faults(claim(change)) == {}


def test_all_faults_come_at_once() -> None:
    found = faults(claim(put("use", "claimx"), drop("provider"), put("extension", [EXTENSION]), put("total.value", 2)))
    assert found.keys() >= {"Claim.use", "Claim.provider", "Claim.extension[0]", "Claim.total"}


def test_a_fault_of_the_event_is_found_where_the_resource_says_it() -> None:
    report = read_claim_resource(claim(name="accident-disability"))
    places = {
        "data.medical.disabilities.1.loss_percent": "Claim.extension[1].extension[2].extension[1]",
        "data.medical.disabilities.0.part": "Claim.extension[1].extension[1].extension[0]",
        "data.medical": "Claim.extension[1]",
        "data.documents.2": "Claim.supportingInfo[2].code",
        "data.member.member_number": "Claim.patient.identifier.value",
        "data.claim_id": "Claim.identifier[0].value",
        "id": "Claim.identifier",
        "data.heirs": "Claim.extension.where(url='urn:santunan:fhir:heirs')",
        "source": "Claim.provider",
    }
    assert {field: report.place_of(field) for field in places} == places
    without = read_claim_resource(claim(drop("accident"), drop("extension")))
    assert without.place_of("data.accident") == "Claim.accident"


def test_each_section_that_is_no_element_of_fhir_can_be_said() -> None:
    """A new section needs no line in the mapping, unless FHIR has an element of its own for it."""
    from agents.fhir.sections import _shapes

    assert _shapes().keys() == Sections.model_fields.keys() - {"member", "documents", "claimed"}
    assert _shapes()["heirs"]["relatives"] == [{"relation": "plain", "alive": "plain"}]
    assert isinstance(_shapes()["children"], list)
    money = {name for name, kind in _shapes()["costs"].items() if kind == "rupiah"}
    assert money >= {"treatment", "jasa_raharja_paid", "prosthesis"}
    assert _shapes()["costs"]["wage_advanced_by_employer"] == _shapes()["medical"]["unable_to_work_days"] == "plain"


def test_home_care_is_an_item_with_its_months() -> None:
    months = {"value": 3, "system": "http://unitsofmeasure.org", "code": "mo"}
    item = {
        "sequence": 1,
        "productOrService": {"coding": [{"system": "urn:santunan:fhir:cost", "code": "home_care"}]},
        "quantity": months,
        "net": {"value": 900_000, "currency": "IDR"},
    }
    report = read_claim_resource(claim(put("item", [item]), drop("total")))
    assert report.faults == [] and report.data["costs"] == {"home_care": {"cost": 900_000, "months": 3}}
    days = claim(put("item", [item | {"quantity": months | {"code": "d"}}]), drop("total"))
    assert faults(days).keys() == {"Claim.item[0].quantity.code"}


def test_the_day_of_a_claim_is_that_of_its_place() -> None:
    def day(created: str) -> str:
        said: str = read_claim_resource(claim(put("created", created))).data["claimed"]["claimed_on"]
        return said

    assert day("2024-08-09T23:30:00+09:00") == "2024-08-09"
    assert day("2024-08-09T16:59:59Z") == "2024-08-09" and day("2024-08-09T17:00:00Z") == "2024-08-10"


# --- cover


@pytest.mark.parametrize(
    ("change", "expression"),
    [
        (put("purpose", ["benefits"]), "purpose"),
        (put("purpose", ["validation", "benefits"]), "purpose"),
        (drop("servicedDate"), "servicedDate"),
        (put("insurance", [{"coverage": {"display": "x"}}]), "insurance"),
        (put("item.0.category.coding.0.code", "JHT"), "item[0].category.coding[0].code"),
        (put("item.0.diagnosis", [{"diagnosisCodeableConcept": {"text": "x"}}]), "item[0].diagnosis"),
        (drop("item"), "item"),
        (put("patient", {"display": "Budi"}), "patient.identifier"),
    ],
)
def test_a_question_of_cover_that_asks_for_more_is_refused(change: Change, expression: str) -> None:
    document = json.loads(sample_text("cover.fhir"))
    assert read_eligibility_request(copy.deepcopy(document)).faults == []
    change(document)
    found = {one.expression for one in read_eligibility_request(document).faults}
    assert f"CoverageEligibilityRequest.{expression}" in found


# --- outcomes


def test_an_outcome_says_both_languages_and_no_more_than_its_limit() -> None:
    many = claim(put("item", [{"sequence": 1, "x": 1}] * 100))
    found = distinct(read_claim_resource(many).faults)
    assert len(found) == MOST_ISSUES
    outcome = operation_outcome("INVALID", found[:1], "id")
    said = outcome["issue"][0]["details"]
    translated = said["_text"]["extension"][0]["extension"][1]["valueString"]
    assert said["text"] == found[0].indonesian and translated == found[0].english != said["text"]


def test_no_outcome_repeats_what_was_sent() -> None:
    canary = "3671014107850007"
    document = claim(
        lambda one: one.update({canary: canary}),
        put("use", canary),
        put("extension", [{"url": canary, "valueString": canary}]),
        put("total.value", canary),
        put("patient.identifier.system", canary),
        put("created", canary),
    )
    outcome = json.dumps(operation_outcome("INVALID", read_claim_resource(document).faults, "en"))
    assert canary not in outcome and outcome.count('"severity"') >= 5


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_each_fault_has_words_in_both_languages(kind: str) -> None:
    _, indonesian, english = _KINDS[kind]
    assert indonesian and english and indonesian != english


@pytest.mark.parametrize("code", ["S52", "S52.5", "S525", "T07", "U07.1", "S52.501A", "C4A.0"])
def test_codes_of_icd_10_are_read_with_and_without_their_point(code: str) -> None:
    found = read_claim_resource(claim(put("diagnosis.0.diagnosisCodeableConcept.coding.0.code", code)))
    assert found.faults == [] and code in found.data["medical"]["diagnosis"]
