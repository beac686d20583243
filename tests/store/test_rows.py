"""What is stored of a case is read back as it was."""

import datetime as dt
from dataclasses import fields
from typing import Any

from pipeline.claims.progress import Contest, Progress, Ruling
from pipeline.store.rows import progress_of, progress_text
from schemas.clock import JAKARTA

DAY = dt.date(2024, 7, 8)


def progress(**values: Any) -> Progress:
    found = Progress()
    for name, value in values.items():
        setattr(found, name, value)
    return found


CHANGED = progress(
    revision=2,
    decision_id="K1.r2",
    outcome="REFERRED",
    reason_codes=("REF_MEDICAL_ADVISOR", "OK"),
    total=1,
    lines=(("stmb", 7), ("transport", 8)),
    effective_outcome="APPROVED",
    effective_total=15,
    accounts={("20000000011", "member"): 15},
    approved_on=DAY,
    payouts={"K1.r1.member": 15, "K1.r2.heirs": -3},
    settlements={"K1.r1.member": (DAY, dt.date(2024, 7, 9))},
    failed_payouts=("K1.r2.heirs",),
    answered_codes=("REF_MEDICAL_ADVISOR",),
    answered_by=("urn:santunan:officer:1",),
    filed_by=("urn:santunan:office:1",),
    chosen_children=(1, 3),
    ruling=Ruling("change", "urn:santunan:officer:1", ("A",), (("stmb", 7),), ("ktp",), "urn:santunan:officer:2", 4),
    replaced_officer="urn:santunan:officer:3",
    moved_alone={"1": 7},
    parties={"urn:santunan:clinic:a": 2},
    former_events=1,
    weighed_events=2,
    accepted_events=(2,),
    contest=Contest("medical", "urn:santunan:clinic:a", "urn:santunan:clinic:b", 9),
    moved_by="urn:santunan:office:a",
    has_new_facts=True,
    changed_later=True,
    is_appealed=True,
    indicative_total=9,
    referrals_opened=3,
    referral_id="K1.ref3",
    referral_codes=("REF_MEDICAL_ADVISOR",),
    referred_on=DAY,
    answer_by=dt.date(2024, 7, 17),
    wake_on=DAY,
    latest=dt.datetime(2024, 7, 8, 9, 30, 0, 250_000, JAKARTA),
)


def test_progress_is_read_back_as_it_was_written() -> None:
    for one in fields(Progress):
        assert getattr(CHANGED, one.name) != getattr(Progress(), one.name), f"{one.name} is not shown to be kept"
    assert progress_of(progress_text(CHANGED)) == CHANGED


def test_of_a_new_claim_nothing_is_written() -> None:
    assert progress_text(Progress()) == "{}"
    assert progress_of("{}") == Progress()


def test_progress_that_was_written_with_all_its_fields_can_be_read() -> None:
    document = '{"accounts":[],"lines":[["stmb",7]],"ruling":null,"wake_on":null,"approved_on":"2024-07-08"}'
    assert progress_of(document) == progress(lines=(("stmb", 7),), approved_on=DAY)
