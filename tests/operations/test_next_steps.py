"""What a party reads of what is to be done: in both languages, and figures only for who sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.access.principals import new_principal
from pipeline.operations.reading import read_claim
from pipeline.operations.reports import add_evidence, report_accident
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

CLINIC, OFFICE = new_principal("clinic", "plkk-0001"), new_principal("office", "tangerang")
AUDITOR = new_principal("auditor", "ani")
ACCIDENT = {
    "member": {"member_number": e.NUMBER},
    "accident": {"occurred_at": "2024-07-07T10:00:00+07:00"},
    "medical": {"unable_to_work_days": 30},
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(f"sqlite:///{tmp_path}/santunan.db")
    opened.run(*e.member())
    yield opened
    opened.close()


def test_what_to_do_is_said_in_both_languages_and_facts_to_who_sees_them(site: Site) -> None:
    owing = "20000000055"
    bpu = e.registered(owing, "3671010101800005", segment="BPU", employer=None)
    site.run(
        bpu,
        e.paid("2019-11", "2019-12", "2019-11-02", owing),
        e.accident("OWES", "2020-03-10", owing, source=CLINIC.name, report=None, conclusion=None),
    )
    front = front_of(site)
    told = {
        (principal.kind, language): read_claim(front, principal, "OWES", language).reasons
        for principal in (CLINIC, AUDITOR)
        for language in ("id", "en")
    }
    assert [one.code for one in told["clinic", "en"]] == ["MEM_BPU_ARREARS_1_TO_3"]
    assert told["clinic", "en"][0].next is told["clinic", "id"][0].next is None, "which months are owed is not said"
    assert "January 2020 and February 2020" in (told["auditor", "en"][0].next or "")
    assert "Januari 2020 dan Februari 2020" in (told["auditor", "id"][0].next or "")


def test_who_sees_no_figures_is_told_whether_the_employers_report_is_there(site: Site) -> None:
    front = front_of(site)
    claim = report_accident(front, CLINIC, "1", ACCIDENT).claim_id
    assert claim is not None
    site.run()
    said = read_claim(front, CLINIC, claim, "en").reasons[0].next
    assert said == "Ask the employer to send its first report (stage I) to the office of BPJS Ketenagakerjaan soon."
    add_evidence(front, OFFICE, claim, "r", {"report": {"reported_at": "2026-07-31T08:00:00+07:00"}})
    site.run()
    assert read_claim(front, CLINIC, claim, "en").reasons[0].next == "You only have to wait for that conclusion."
