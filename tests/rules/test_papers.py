"""No claim is asked for a paper that its kind of event cannot have: segment, setting, traffic, death and treatment."""

from itertools import product

import pytest

from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from tests.rules.builder import case_file_of

SETTINGS = ("workplace", "commuting", "duty_travel", "errand", "company_event", "private")
TRAFFIC = ("none", "single_vehicle", "several_vehicles")
DEATHS = ("alive", "dead", "missing")


@pytest.mark.parametrize(("segment", "setting"), list(product(("PU", "BPU", "JAKON"), SETTINGS)))
def test_no_paper_is_asked_for_that_the_event_cannot_have(segment: str, setting: str) -> None:
    for traffic, death, treatment in product(TRAFFIC, DEATHS, (None, 500_000)):
        facts = {"program": "JKK", "event": "2022-08-22", "segment": segment, "documents": []}
        facts |= {"kind": "injury" if death == "alive" else "death_at_work"}
        facts |= {"missing_person": True} if death == "missing" else {}
        facts |= {"setting": setting, "traffic": traffic, "medical_bill": treatment}
        asked = set(assess(case_file_of(facts), Book.load()).missing)
        case = f"{traffic} {death} {treatment}"
        assert ("doctor_letter" in asked) == (death != "missing"), case
        assert ("death_certificate" in asked) == (death == "dead"), case
        assert ("rescue_letter" in asked) == (death == "missing"), case
        assert ("jasa_raharja_letter" in asked) == (traffic == "several_vehicles" and treatment is not None), case
        assert ("attendance" in asked) == (segment == "PU" and setting == "commuting"), case
        assert asked.isdisjoint({"court_letter", "project_number", "visum", "police_letter"}), case
