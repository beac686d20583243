"""What became of an event, told to its sender alone: on both engines, by the gateway that took it in and by another."""

from typing import Any

import pytest

from pipeline.access.principals import Principal, new_principal
from pipeline.operations.fate import WAITS_FOR_CLAIM, Fate, ReportRefused
from pipeline.operations.front_office import FrontOffice, Receipt
from pipeline.operations.reading import read_claim, read_receipt
from pipeline.operations.reports import add_evidence, report_accident
from pipeline.queries.dead_letters import refused_event
from pipeline.queries.pages import NotFound
from pipeline.store.dead_letters import mark_retried
from tests.support import events as e
from tests.support.front import front_of
from tests.support.site import Site

CLINIC, OTHER = new_principal("clinic", "plkk-0012"), new_principal("hospital", "rs-0099")
WORKER, SECOND = e.NUMBER, "20000000022"


def accident(number: str = WORKER, **change: Any) -> dict[str, Any]:
    happened = {"occurred_at": "2024-07-07T10:00:00+07:00"}
    return {"member": {"member_number": number}, "accident": happened, **change}


@pytest.fixture
def front(site: Site) -> FrontOffice:
    site.run(*e.member(), *e.member(SECOND, "3671010101800002"))
    return front_of(site)


def fates(site: Site, front: FrontOffice, principal: Principal, receipt: Receipt) -> list[Fate]:
    """As the gateway says that took it in, and another one, which has the store alone."""
    found = [read_receipt(one, principal, receipt.digest) for one in (front, front_of(site))]
    assert [(one.receipt.id, one.receipt.offset, one.receipt.claim_id) for one in found] == [
        (receipt.id, receipt.offset, receipt.claim_id)
    ] * 2
    assert {one.receipt.received_at for one in found} == {receipt.received_at}
    return [one.fate for one in found]


def test_what_was_applied_leads_to_its_claim(site: Site, front: FrontOffice) -> None:
    made = report_accident(front, CLINIC, "1", accident())
    assert read_receipt(front, CLINIC, made.digest).fate == Fate("waiting")
    site.run()
    assert fates(site, front, CLINIC, made) == [Fate("applied", claim_id=made.claim_id, revision=1)] * 2
    for office in (front, front_of(site)):
        with pytest.raises(NotFound):
            read_receipt(office, OTHER, made.digest)


def test_who_takes_the_id_of_anothers_claim_learns_why_it_was_refused(site: Site, front: FrontOffice) -> None:
    report_accident(front, CLINIC, "1", accident(claim_id="K1"))
    site.run()
    taken = report_accident(front, OTHER, "7", accident(SECOND, claim_id="K1"))
    site.run()
    for fate in fates(site, front, OTHER, taken):
        assert (fate.state, fate.reason, fate.errors[0].field) == ("refused", "CLAIM_ID_TAKEN", "data.claim_id")
        assert fate.claim_id is None and fate.revision is None
    with pytest.raises(ReportRefused) as refused:
        read_claim(front, OTHER, "K1", "id")
    assert refused.value.fate.reason == "CLAIM_ID_TAKEN"
    with pytest.raises(NotFound) as unknown:
        read_claim(front, OTHER, "K2", "id")
    assert not isinstance(unknown.value, ReportRefused)


def test_evidence_for_another_person_is_refused_and_for_no_claim_waits(site: Site, front: FrontOffice) -> None:
    report_accident(front, CLINIC, "1", accident(claim_id="K1"))
    site.run()
    papers = {"documents": ["ktp"]}
    wrong = add_evidence(front, OTHER, "K1", "1", papers | {"member_number": SECOND})
    unnamed = add_evidence(front, OTHER, "K1", "2", papers)
    nowhere = add_evidence(front, OTHER, "K9", "3", papers | {"member_number": WORKER})
    right = add_evidence(front, OTHER, "K1", "4", papers | {"member_number": WORKER})
    site.run()
    assert [fate.reason for fate in fates(site, front, OTHER, wrong)] == ["CLAIM_OTHER_MEMBER"] * 2
    assert fates(site, front, OTHER, nowhere) == [Fate("applied", WAITS_FOR_CLAIM)] * 2
    assert {fate.state for fate in fates(site, front, OTHER, unnamed)} == {"applied"}
    assert [fate.claim_id for fate in fates(site, front, OTHER, right)] == ["K1"] * 2


def test_a_claim_of_no_party_and_one_that_does_not_exist_are_told_alike(site: Site, front: FrontOffice) -> None:
    report_accident(front, CLINIC, "1", accident(claim_id="K1"))
    site.run()
    found = [add_evidence(front, OTHER, claim, claim, {"documents": ["ktp"]}) for claim in ("K1", "K9")]
    site.run()
    assert [fates(site, front, OTHER, one) for one in found] == [[Fate("applied", WAITS_FOR_CLAIM)] * 2] * 2


def test_the_id_of_a_refused_event_is_free_again(site: Site, front: FrontOffice) -> None:
    report_accident(front, CLINIC, "1", accident(claim_id="K1"))
    first = report_accident(front, OTHER, "7", accident(SECOND, claim_id="K1"))
    site.run()
    mended = report_accident(front, OTHER, "7", accident(SECOND, claim_id="K2"))
    assert not mended.is_repeated and mended.digest != first.digest
    site.run()
    assert fates(site, front, OTHER, mended) == [Fate("applied", claim_id="K2", revision=1)] * 2
    assert read_receipt(front_of(site), OTHER, first.digest).fate.reason == "CLAIM_ID_TAKEN"


def test_a_report_that_two_gateways_took_in_is_a_duplicate(site: Site, front: FrontOffice) -> None:
    """Written at another time, so its bytes differ, and what it says does not."""
    first = report_accident(front, CLINIC, "1", accident())
    later = front_of(site)
    object.__setattr__(later, "now", lambda: front.now().replace(microsecond=1))
    again = report_accident(later, CLINIC, "1", accident())
    assert again.digest != first.digest
    assert read_receipt(later, CLINIC, again.digest).fate == Fate("waiting")
    site.run()
    expected = Fate("duplicate", claim_id=first.claim_id, revision=1)
    assert fates(site, later, CLINIC, again) == [expected] * 2
    assert read_receipt(later, CLINIC, first.digest).fate.state == "applied"


def test_what_an_operator_retries_is_told_anew(site: Site, front: FrontOffice) -> None:
    report_accident(front, CLINIC, "1", accident(claim_id="K1"))
    site.run()
    taken = report_accident(front, OTHER, "7", accident(SECOND, claim_id="K1"))
    site.run()
    letter = refused_event(site.store, OTHER.name, bytes.fromhex(taken.digest))
    assert letter is not None and letter.original is not None
    mark_retried(site.store, taken.topic, taken.partition, taken.offset)
    assert fates(site, front, OTHER, taken) == [Fate("waiting")] * 2
    site.run(letter.original)
    retried = [read_receipt(one, OTHER, taken.digest).fate for one in (front, front_of(site))]
    assert [fate.reason for fate in retried] == ["CLAIM_ID_TAKEN"] * 2
