"""The answer about coverage, and rows 4 to 7 of the decision table, of the same generated members."""

from datetime import date, timedelta
from typing import Any

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from pipeline.claims.case_file import CaseFile, Verdict
from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from pipeline.membership.coverage import standing
from pipeline.membership.eligibility import coverage_answer, eligibility
from pipeline.membership.member import Member
from schemas.codes import REASONS
from tests.rules.builder import case_file_of, moment
from tests.support import events as make
from tests.support.members import changed_programs, ended, fold, held

BOOK = Book.load()
OUTCOMES = {"yes": ("APPROVED",), "no": ("REJECTED",), "officer": ("REFERRED", "PENDING")}
FLAGS = frozenset({"MEM_PU_ARREARS_LE3", "MEM_BACKDATED_PAYMENT"})
ROWS_4_TO_7 = frozenset(code for row in (4, 5, 6, 7) for code in REASONS[row])
FIRST_DAY, LAST_DAY = date(2019, 1, 1), date(2023, 12, 31)
RECEIVED_ON = "2026-06-01"  # after every generated day, so that no fact lies in the future (row 1)
SEGMENTS = st.sampled_from(["PU", "PU", "BPU", "BPU", "JAKON", "PMI"])
DAYS = st.dates(FIRST_DAY, LAST_DAY)


def seldom(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 4)) == 4


@st.composite
def programs(draw: st.DrawFn, start: date) -> list[dict[str, str]]:
    """JKK and JKM from `start` on; seldom one is missing, begins on another day, or ends."""
    found = [held("JHT", start.isoformat())]
    for program in ("JKK", "JKM"):
        if seldom(draw):
            continue
        since = start + timedelta(days=draw(st.integers(-40, 400))) if seldom(draw) else start
        until = since + timedelta(days=draw(st.integers(1, 1500))) if seldom(draw) else None
        found.append(held(program, since.isoformat(), until.isoformat() if until else None))
    return found


@st.composite
def registrations(draw: st.DrawFn, day: date) -> Any:
    segment, text = draw(SEGMENTS), day.isoformat()
    income: dict[str, Any] = {"declared_income": 1_000_000} if segment == "BPU" else {}
    listed = draw(programs(day))
    return make.registered(segment=segment, registered_on=text, programs=listed, time=f"{text}T08:00:00", **income)


def month_name(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02}"


@st.composite
def payments(draw: st.DrawFn, start: date) -> list[Any]:
    """Blocks of months from about `start` on, with gaps; each paid early, in time, late or long afterwards."""
    found, month = [], start.year * 12 + start.month - 1 + draw(st.sampled_from([0, 0, 0, -1, 2]))
    for _ in range(0 if seldom(draw) else draw(st.integers(1, 5))):
        last = month + draw(st.integers(0, 18))
        due = date(month // 12, month % 12 + 1, 15)
        paid_on = due + timedelta(days=draw(st.integers(-45, 15) | st.integers(-45, 15) | st.integers(16, 500)))
        found.append(make.paid(month_name(month), month_name(last), min(paid_on, date(2024, 5, 31)).isoformat()))
        month = last + 1 + draw(st.sampled_from([0, 0, 0, 1, 3, 4, 8]))
    return found


@st.composite
def members_and_days(draw: st.DrawFn) -> tuple[Member, date]:
    """A number with its registrations, program lists, ends and payments, and a day on or near one that matters."""
    starts = sorted(draw(st.sets(DAYS, min_size=1, max_size=2)))
    documents = [] if draw(st.integers(0, 19)) == 19 else [draw(registrations(start)) for start in starts]
    for start in starts:
        documents += draw(payments(start))
    paid = [one["data"] for one in documents if "paid_on" in one["data"]]
    days = starts + [date.fromisoformat(one["paid_on"]) for one in paid]
    days += [date.fromisoformat(f"{one['months'][-1]}-28") for one in paid]
    if seldom(draw):
        days.append(draw(DAYS))
        documents.append(changed_programs(*draw(programs(starts[0])), time=f"{days[-1]}T08:00:00"))
    if seldom(draw):
        days.append(draw(DAYS))
        documents.append(ended(days[-1].isoformat()))
    day = draw(st.sampled_from(days)) + timedelta(
        days=draw(st.sampled_from([-30, -1, 0, 1, 20, 50, 80, 110, 140, 300]))
    )
    return fold(*draw(st.permutations(documents))), min(day, date(2025, 12, 31))


def verdict_on(member: Member, program: str, day: date) -> Verdict:
    """The verdict on a claim that is complete and good apart from the membership."""
    kind = "temporary_disability" if program == "JKK" else "death_illness"
    facts = {"program": program, "kind": kind, "event": f"{day}T08:00", "claim_date": day.isoformat()}
    case_file = case_file_of(facts | {"received_on": RECEIVED_ON, "asked_on": RECEIVED_ON})
    known = member.as_of(moment(RECEIVED_ON, 12))
    return assess(CaseFile(case_file.case, known if known.is_registered else None, (), (), case_file.clock), BOOK)


@settings(max_examples=150, deadline=None)
@given(members_and_days(), st.sampled_from(["JKK", "JKM"]))
def test_the_answer_about_coverage_is_what_a_claim_would_meet(found: tuple[Member, date], program: str) -> None:
    member, day = found
    answer, verdict = coverage_answer(member, program, day, BOOK), verdict_on(member, program, day)
    event(answer.reason)
    note(f"{answer} {verdict.outcome} {verdict.reason_codes}")
    row = eligibility(standing(member, program, day, BOOK), BOOK.on(day))
    assert answer.reason == row.code and row.outcome in OUTCOMES[answer.answer]
    if answer.answer != "yes":
        assert answer.reason in REASONS[row.row]
        assert (verdict.outcome, verdict.reason_codes) == (row.outcome, row.codes)
        return
    met = {check.check: check.result for check in verdict.trace}
    assert met["registered"] == met["program_held"] == met["cover_started"] == "met"
    assert met.get("contributions_paid", "met") == "met" and "one_membership" in met, "row 8 was reached"
    if verdict.outcome == "APPROVED":
        assert FLAGS.intersection(verdict.reason_codes) == FLAGS.intersection(row.codes)
    assert not ROWS_4_TO_7.intersection(verdict.reason_codes) - FLAGS
