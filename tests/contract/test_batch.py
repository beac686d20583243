"""One chunk, one transaction: what the batch promises, on both engines."""

import base64
import logging
from typing import Any

import pytest

from pipeline.audit.invariants import check
from pipeline.claims.limits import MOST_CLAIMS_OF_A_PERSON
from pipeline.errors import NotReady, Transient
from pipeline.messages.records import RECEIVED_AT, Chunk
from pipeline.store.unit_of_work import Transaction
from schemas import topics
from schemas.values import MAX_RUPIAH
from tests.contract.conftest import MakeSite
from tests.support import events as e
from tests.support.site import NOW_MS, Site


def stranger(source: str = "a") -> dict[str, object]:
    return e.accident() | {"type": "santunan.claim.accident.v9", "source": f"urn:santunan:clinic:{source}"}


def test_a_claim_is_decided_paid_and_published_once(site: Site) -> None:
    site.run(*e.member(), e.accident())
    assert site.decisions() == [("K1", 1, "APPROVED", ("OK",), 4_000_000)]
    assert [(one["payee"], one["amount"]) for one in site.data(topics.PAYOUTS)] == [("member", 4_000_000)]
    assert check(site.store) == []


def test_an_event_sent_again_has_no_effect_in_the_same_chunk_or_in_a_later_one(site: Site) -> None:
    claim = e.accident()
    site.run(*e.member(), claim, claim)
    site.run(claim)
    assert len(site.decisions()) == 1 and site.refusals() == []
    assert [report.duplicates for report in site.reports] == [1, 1]
    assert check(site.store) == []


def test_two_sources_may_count_from_one(site: Site) -> None:
    site.run(
        *e.member(),
        e.accident("K1", id="1"),
        e.accident("K2", "2024-07-08", id="1", source=e.CLINIC, report=None, conclusion=None),
    )
    assert [claim for claim, *_ in site.decisions()] == ["K1", "K2"]


@pytest.mark.parametrize("size", [1, 1000])
def test_an_id_used_again_for_other_content_is_refused_and_logged_without_the_content(
    site: Site, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    first = e.accident("K1", id="k-1")
    second = e.accident("K2", "2024-07-08", id="k-1", member={"member_number": e.NUMBER, "nik": e.NIK})
    with caplog.at_level(logging.WARNING, "santunan.security"):
        site.run(*e.member(), first, second, size=size)
    assert site.refusals() == [(5, "ID_REUSED")]
    assert [claim for claim, *_ in site.decisions()] == ["K1"]
    assert "history.events/0/5" in caplog.text and e.NIK not in caplog.text
    assert check(site.store) == []


@pytest.mark.parametrize("size", [1, 1000])
def test_an_id_that_was_refused_stays_free_for_the_corrected_event(site: Site, size: int) -> None:
    wrong = e.review("K1", 7, "reassess", "2024-07-09T10:00:00") | {"id": "r-1"}
    right = e.review("K1", 1, "reassess", "2024-07-09T10:00:00") | {"id": "r-1"}
    site.run(*e.member(), e.accident(), wrong, right, size=size)
    assert site.refusals() == [(5, "REVIEW_STALE")]
    assert [revision for _, revision, *_ in site.decisions()] == [1, 2]
    assert check(site.store) == []


def test_one_bad_event_among_a_thousand_costs_one_dead_letter(site: Site) -> None:
    months = e.months("2015-07", "2026-06")
    good = [e.wage(month, 4_000_000 + n) for n in range(8) for month in months][:1000]
    site.run(*e.member(), *good[:500], b"\xff no event", *good[500:])
    assert site.refusals() == [(504, "NOT_JSON")]
    assert site.rows("SELECT count(*) FROM ledger") == [(1004,)]
    assert check(site.store) == []


def test_a_hundred_bad_ones_in_a_row_do_not_stop_the_next(site: Site) -> None:
    site.run(*e.member(), *[stranger()] * 100, e.accident())
    assert len(site.refusals()) == 100 and len(site.decisions()) == 1
    assert check(site.store) == []


def test_a_refusal_holds_reason_source_id_and_the_original_bytes(site: Site) -> None:
    original = e.raw(e.accident(source=e.CLINIC, id="k-1", report=None))
    site.run(original, topic=topics.ACCIDENTS, partition=1)
    (letter,) = site.data(topics.DEAD_LETTERS)
    assert (letter["topic"], letter["partition"], letter["offset"]) == (topics.ACCIDENTS, 1, 0)
    assert (letter["reason"], letter["source"], letter["id"]) == ("SECTION_NOT_ALLOWED", e.CLINIC, "k-1")
    assert base64.b64decode(letter["original"]) == original
    (message,) = site.published
    assert message.key == b"claims.accidents/1/0"


def test_of_what_is_too_large_a_refusal_repeats_no_more_than_may_be_read(site: Site) -> None:
    original = b"x" * 200_000
    site.run(original)
    (letter,) = site.data(topics.DEAD_LETTERS)
    assert letter["reason"] == "TOO_LARGE" and base64.b64decode(letter["original"]) == original[: 64 * 1024]


def test_a_refusal_knows_the_time_that_a_retry_must_keep(site: Site) -> None:
    site.run(b"1", b"2", topic=topics.ACCIDENTS, now_ms=NOW_MS + 5)
    site.run(b"3", topic=topics.HISTORY)
    site.run(b"4", topic=topics.HISTORY, headers=((RECEIVED_AT, b"77"),))
    rows = site.rows('SELECT received_ms FROM dead_letters ORDER BY chunk, "offset"')
    assert rows == [(NOW_MS + 5,), (NOW_MS + 5,), (None,), (77,)]


def test_a_chunk_that_comes_again_leads_to_the_outputs_that_were_stored(site: Site) -> None:
    site.send(*e.member(), e.accident(), e.accident("K2", "2024-07-08"))
    (first,) = site.processor.process(site.chunk(0, 5))
    (again,) = site.processor.process(site.chunk(0, 5))
    assert again == first and (site.store.is_embedded or len(first) == 2)
    assert site.reports[-1].redelivered == 5
    assert site.rows("SELECT count(*) FROM decisions") == [(1,)]


def test_a_chunk_that_overlaps_gives_what_was_stored_and_then_what_is_new(site: Site) -> None:
    site.send(*e.member(), e.accident(), e.accident("K2", "2024-07-08"), e.accident("K3", "2024-07-09"))
    stored = [*site.process(site.chunk(0, 5)), *site.process(site.chunk(5, 6))]
    (again,) = site.processor.process(site.chunk(5, 7))
    assert again[: len(stored) // 2] == stored[len(stored) // 2 :]
    assert site.rows("SELECT claim_id FROM decisions ORDER BY claim_id") == [("K1",), ("K2",), ("K3",)]
    assert check(site.store, replays=False)[:0] == [] and site.rows("SELECT max(next) FROM positions") == [(7,)]


def test_a_gap_above_the_position_stops_loudly(site: Site) -> None:
    site.send(*e.member(), e.accident())
    site.process(site.chunk(0, 2))
    with pytest.raises(NotReady, match="next event to process is at offset 2, but the broker offers 3"):
        site.process(site.chunk(3, 5))
    assert site.rows("SELECT max(next) FROM positions") == [(2,)]


def test_a_failing_chunk_does_not_roll_back_earlier_chunks(site: Site) -> None:
    site.run(*e.member(), partition=1)
    site.send(e.accident("K1"), e.accident("K2", "2024-07-08"), partition=1)
    site.send(*e.member("20000000022", "3671010101800002"))
    with pytest.raises(NotReady, match="next event to process is at offset 4, but the broker offers 5"):
        site.process(site.chunk(0, 4), site.chunk(5, 6, partition=1))
    assert site.rows('SELECT "partition", "next" FROM positions WHERE "next" > 0 ORDER BY 1') == [(0, 4), (1, 4)]
    site.process(site.chunk(0, 4), site.chunk(4, 5, partition=1), site.chunk(5, 6, partition=1))
    assert [claim for claim, *_ in site.decisions()] == ["K1", "K2"]
    assert [report.redelivered for report in site.reports[-3:]] == [4, 0, 0]
    assert check(site.store) == []


def test_holes_in_the_offsets_are_accounted_for(site: Site) -> None:
    site.send(*e.member())
    records = site.sent[topics.HISTORY, 0]
    site.process(Chunk(topics.HISTORY, 0, 0, 9, (records[0], *records[2:])))
    assert site.rows("SELECT accepted, holes FROM chunks") == [(3, 6)]
    assert check(site.store, replays=False) == []


def test_a_chunk_without_records_moves_the_position(site: Site) -> None:
    assert site.process(Chunk(topics.ACCIDENTS, 1, 0, 3, ())) == []
    assert site.rows("SELECT next FROM positions WHERE next IS NOT NULL") == [(3,)]


def test_nothing_stands_when_the_transaction_does_not_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.send(*e.member(), e.accident())

    def die(self: Transaction) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            site.process(site.chunk(0, 5))
    assert site.rows("SELECT count(*) FROM ledger") == [(0,)] and site.published == []
    site.run()
    assert len(site.decisions()) == 1 and check(site.store) == []


@pytest.mark.parametrize(("failures", "retries", "is_stored"), [(2, 2, True), (3, 2, False)])
def test_a_transient_failure_is_tried_again_as_a_whole_and_not_for_ever(
    site: Site, monkeypatch: pytest.MonkeyPatch, failures: int, retries: int, is_stored: bool
) -> None:
    monkeypatch.setattr("pipeline.processing.processor.FIRST_PAUSE_SECONDS", 0)
    site.processor.retries = retries
    site.send(*e.member(), e.accident())
    commit, left = Transaction.commit, [failures]

    def fail(self: Transaction) -> None:
        if left[0]:
            left[0] -= 1
            raise Transient("the database went away")
        commit(self)

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "commit", fail)
        if is_stored:
            site.process(site.chunk(0, 5))
            assert site.reports[-1].attempts == 3
        else:
            with pytest.raises(Transient):
                site.process(site.chunk(0, 5))
    assert site.rows("SELECT count(*) FROM decisions") == [(int(is_stored),)]


def test_evidence_waits_for_its_claim_and_its_bytes_are_folded_again(site: Site) -> None:
    papers = e.evidence("K1", "2024-07-07T10:00:00", documents=["ktp", "doctor_letter"])
    claim = e.accident(documents=["membership_card"], time="2024-07-07T20:00:00")
    site.run(*e.member(), papers, claim, size=1)
    assert site.decisions() == [("K1", 1, "APPROVED", ("OK",), 4_000_000)]
    assert check(site.store) == []


def test_a_day_that_passed_wakes_the_claims_of_its_own_partition_alone(site: Site) -> None:
    waiting = {"conclusion": None, "documents": e.JKK_PAPERS}
    site.run(*e.member(), e.accident("K1", **waiting))
    other = e.member("20000000022", "3671010101800002")
    site.run(*other, e.accident("K2", number="20000000022", **waiting), partition=1)
    assert {outcome for _, _, outcome, *_ in site.decisions()} == {"PENDING"}
    day = e.day_passed("2024-08-30")
    site.run(day, partition=1)
    assert site.decisions()[2:] == [("K2", 2, "REFERRED", ("JKK_CONCLUSION_OVERDUE",), 0)]
    site.run(day, partition=0)
    assert site.decisions()[3:] == [("K1", 2, "REFERRED", ("JKK_CONCLUSION_OVERDUE",), 0)]
    assert check(site.store) == []


def test_one_accident_is_paid_once_however_many_clinics_send_it(site: Site) -> None:
    again = e.accident("K2", source=e.CLINIC, report=None, conclusion=None)
    site.run(*e.member(), e.accident("K1"), again)
    assert [(claim, outcome) for claim, _, outcome, *_ in site.decisions()] == [("K1", "APPROVED"), ("K2", "REJECTED")]
    assert site.rows("SELECT claim_id, line FROM paid_lines") == [("K1", "stmb")]


def test_the_database_itself_refuses_to_pay_a_line_twice(site: Site) -> None:
    site.run(*e.member(), e.accident("K1"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        site.change(["INSERT INTO paid_lines SELECT person, program, event_date, line, 'K9' FROM paid_lines"])


@pytest.mark.parametrize("amount", ["-1", "1000000000001"])
@pytest.mark.parametrize("column", ["payouts SET amount", "decisions SET total", "cases SET effective_total"])
def test_the_database_itself_refuses_an_amount_out_of_range(site: Site, column: str, amount: str) -> None:
    site.run(*e.member(), e.accident("K1"))
    with pytest.raises(Exception, match=r"(?i)check"):
        site.change([f"UPDATE {column} = {amount}"])


_BILL: Any = {
    "accident": {"occurred_at": "2024-07-07T10:00:00+07:00", "traffic": "single_vehicle"},
    "costs": {"treatment": MAX_RUPIAH},
    "documents": [*e.JKK_PAPERS, "treatment_receipt", "police_report"],
}
_LARGE = {"line": "transport", "amount": MAX_RUPIAH - 4_000_000, "reason": "dilihat"}
_SLIPS: dict[str, tuple[int, list[Any]]] = {
    "a wage": (MAX_RUPIAH, [e.accident(medical={"unable_to_work_days": 300})]),
    "a bill": (4_000_000, [e.accident(**_BILL)]),
    "on file": (4_000_000, [e.accident(approved={"prosthesis": MAX_RUPIAH, "return_to_work": 1})]),
    "officers": (
        4_000_000,
        [
            e.accident(),
            e.review("K1", 1, "change", "2024-07-08T10:00:00", changes=[_LARGE]),
            e.review("K1", 2, "change", "2024-07-09T10:00:00", changes=[_LARGE], source="urn:santunan:officer:b"),
            e.settled("K1.r1.member", 4_000_000, "2024-07-30"),
        ],
    ),
}


@pytest.mark.parametrize("slip", _SLIPS)
def test_an_amount_above_the_limit_is_referred(site: Site, slip: str) -> None:
    """Each number is within its limit, and their product or sum is not. The next claim is decided."""
    wage, events = _SLIPS[slip]
    site.run(*e.member(amount=wage), *events, e.accident("K2", "2024-08-08"), e.accident("K3", "2024-09-09"))
    of_claim = [one for one in site.data(topics.DECISIONS) if one["claim_id"] == "K1"]
    assert (of_claim[-1]["outcome"], of_claim[-1]["reason_codes"]) == ("REFERRED", ["REV_SECOND_OFFICER"])
    assert of_claim[-1]["indicative_total"] > MAX_RUPIAH and of_claim[-1]["pay_by"] is None
    assert site.decisions()[-1][0] == "K3"
    assert check(site.store) == []


@pytest.mark.parametrize("size", [1, 1000])
def test_an_officer_cannot_pay_what_another_claim_pays(site: Site, size: int) -> None:
    again = e.accident("K2", source=e.CLINIC, report=None, conclusion=None)
    change = [{"line": "stmb", "amount": 1_000_000, "reason": "dilihat"}]
    late = e.review("K2", 1, "change", "2024-07-10T10:00:00", changes=change)
    site.run(*e.member(), e.accident("K1"), again, late, size=size)
    assert site.refusals() == [(6, "LINE_PAID_ALREADY")]
    reject = e.review("K1", 1, "reject", "2024-07-11T10:00:00")
    site.run(reject, e.review("K2", 2, "change", "2024-07-12T10:00:00", changes=change), size=size)
    looked = [("K1", 2, "REJECTED"), ("K2", 2, "PENDING"), ("K2", 3, "APPROVED")]
    assert [one[:3] for one in site.decisions()[2:]] == looked
    assert site.rows("SELECT claim_id, line FROM paid_lines") == [("K2", "stmb")]
    assert check(site.store) == []


def test_the_report_counts_what_became_of_the_chunk(site: Site) -> None:
    claim = e.accident()
    site.run(*e.member(), claim, claim, b"no event")
    (report,) = site.reports
    assert (report.accepted, report.duplicates, report.refused) == (5, 1, 1)
    assert report.decisions == {("JKK", "APPROVED", "OK"): 1}
    assert set(report.seconds) == {"load", "decide", "write", "commit"}


def test_a_store_that_was_closed_goes_on_where_it_was(make_site: MakeSite) -> None:
    before = make_site()
    before.run(*e.member(), e.accident())
    after = Site(before.url)
    try:
        after.sent, after.order, after.unread = before.sent, before.order, before.unread
        after.run(e.accident("K2", "2024-07-08"))
        assert after.rows("SELECT claim_id FROM decisions ORDER BY claim_id") == [("K1",), ("K2",)]
    finally:
        after.close()


def test_what_a_claim_paid_moves_with_it_to_another_person(site: Site) -> None:
    """It stays under the first person while the identity of the other is in doubt: no person leads there then."""
    other = "20000000077"
    site.run(*e.member(), *e.member(other, "3671010101800077"), e.accident())
    site.run(e.evidence("K1", "2024-08-01T08:00:00", member={"member_number": other}, identity={"matches": False}))
    assert [one[3][0] for one in site.decisions()] == ["OK", "CLM_OTHER_MEMBER"]
    assert site.rows("SELECT person, claim_id FROM paid_lines") == [(e.NIK, "K1")]
    site.run(e.evidence("K1", "2024-08-02T08:00:00", identity={"matches": True}))
    site.run(e.review("K1", 3, "approve", "2024-08-02T09:00:00"))
    assert site.decisions()[-1][2] == "APPROVED"
    assert site.rows("SELECT member_number, direction FROM payouts ORDER BY revision, member_number") == [
        (e.NUMBER, "pay"),
        (e.NUMBER, "recover"),
        (other, "pay"),
    ]
    assert site.rows("SELECT person, claim_id FROM paid_lines") == [("3671010101800077", "K1")]


@pytest.mark.parametrize("size", [7, 1000])
def test_the_101st_claim_of_one_person_is_refused(site: Site, size: int) -> None:
    """Each decision looks at the person's other claims. The office, which has looked at them, may add one."""
    clinic = {"source": e.CLINIC, "report": None, "conclusion": None}
    many = [e.accident(f"K{at}", **clinic) for at in range(MOST_CLAIMS_OF_A_PERSON + 2)]
    other = e.member("20000000022", "3671010101800002")
    site.run(*e.member(), *other, e.accident("K-other", number="20000000022"), *many, size=size)
    moved = e.evidence("K-other", "2024-07-08T10:00:00", source=e.CLINIC, member={"nik": e.NIK})
    papers = e.evidence("K0", "2024-07-08T10:00:00", source=e.CLINIC, member={"nik": e.NIK}, documents=["visum"])
    site.run(moved, papers, e.accident("K-office", "2024-07-09"), size=size)
    refused = [9 + MOST_CLAIMS_OF_A_PERSON, 10 + MOST_CLAIMS_OF_A_PERSON, 11 + MOST_CLAIMS_OF_A_PERSON]
    assert site.refusals() == [(offset, "CLAIMS_TOO_MANY") for offset in refused]
    assert [one[:2] for one in site.decisions()[-2:]] == [("K0", 2), ("K-office", 1)]
    assert e.NIK.encode() not in b"".join(message.value for message in site.published)
    assert check(site.store) == []


def test_an_officer_cannot_pay_again_what_was_paid_under_a_former_nik(site: Site) -> None:
    """What a claim was paid for stays under the NIK of that time."""
    right = e.registered(nik="3671010101800099", time="2024-07-08T08:00:00")
    again = e.accident("K2", source=e.CLINIC, report=None, conclusion=None, time="2024-07-09T08:00:00")
    change = [{"line": "stmb", "amount": 1_000_000, "reason": "dilihat"}]
    late = e.review("K2", 1, "change", "2024-07-10T10:00:00", changes=change)
    site.run(*e.member(), e.accident("K1"), right, again, late)
    assert site.refusals() == [(7, "LINE_PAID_ALREADY")]
    reject = e.review("K1", 1, "reject", "2024-07-11T10:00:00")
    site.run(reject, e.review("K2", 2, "change", "2024-07-12T10:00:00", changes=change))
    assert site.rows("SELECT person, claim_id FROM paid_lines") == [("3671010101800099", "K2")]
    assert check(site.store) == []


def test_a_claim_under_a_former_nik_is_known_to_one_of_another_membership(site: Site) -> None:
    """Two memberships of one person, of which the first was registered under a NIK that somebody had mistyped."""
    right, other = "3671010101800099", "20000000077"
    corrected = e.registered(nik=right, time="2024-07-08T08:00:00")
    again = e.accident("K2", number=other, time="2024-07-09T08:00:00")
    site.run(*e.member(), e.accident("K1"), corrected, *e.member(other, right), again)
    assert [one[:4] for one in site.decisions()[1:]] == [("K2", 1, "REJECTED", ("CLM_DUPLICATE",))]
    assert check(site.store) == []
