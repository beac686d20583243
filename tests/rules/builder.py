"""Turns a case in short domain words into real events, folds them, and makes the case file.

A fact that a case leaves out is the ordinary one: an active member, contributions paid, all papers there, concluded
work-related, reported within a day, claimed within days, a widow as heir. An unknown word is an error.
"""

import datetime as dt
import json
from typing import Any, get_args

from pipeline.claims.case import Case
from pipeline.claims.case_file import CaseFile, ClaimSummary
from pipeline.claims.progress import Contest, Ruling
from pipeline.law.book import Book
from pipeline.law.calendar import due_days
from pipeline.membership.member import Member
from schemas.codes import PaperName
from schemas.events import parse

NUMBER = "12345678901"
NIK = "3603014506850001"
CLAIM = "K1"
JAKARTA = dt.timezone(dt.timedelta(hours=7))
OFFICE = "urn:santunan:office:tangerang"

_DEATHS = {
    "death_at_work": "accident",
    "death_illness": "illness",
    "death_suicide": "suicide",
    "death_commuting": "accident",
    "death_hit_and_run_private_errand": "accident",
    "sudden_death_at_work": "illness",
}
_KINDS = {
    "sudden_death_at_work": "sudden_death",
    "occupational_disease": "occupational_disease",
    "violence": "violence",
}
_OTHER_KINDS = {
    "temporary_disability",
    "transport_only",
    "partial_anatomical",
    "partial_function",
    "permanent_total",
    "homecare",
    "commuting_traffic",
    "injury",
    "treatment_only",
}


class Words(dict[str, Any]):
    """The facts of one case; a word that was never taken is one that the builder does not know."""

    def __init__(self, facts: dict[str, Any]) -> None:
        super().__init__(facts)
        self.taken: set[str] = set()

    def take(self, word: str, default: Any = None) -> Any:
        self.taken.add(word)
        return self.get(word, default)

    def finish(self) -> None:
        unknown = set(self) - self.taken
        assert not unknown, f"the builder does not know {', '.join(sorted(unknown))}"


def moment(text: str, hour: int = 8) -> dt.datetime:
    """`2025-03-10`, `2025-03-10T08:00` or with an offset; Jakarta's unless said otherwise."""
    if "T" not in text:
        text = f"{text}T{hour:02}:00"
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=JAKARTA)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def month_number(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def month_name(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


def case_file_of(facts: dict[str, Any]) -> CaseFile:
    """The case file of these facts."""
    words = Words(facts)
    event = moment(words.take("event"))
    opened = moment(_opened_on(words, event), 12)
    clock = moment(words.take("asked_on", opened.isoformat()), 12)
    member = _member(words, event, NUMBER)
    others = tuple(
        _member(Words({"event": event.isoformat(), **other}), event, f"2234567890{place}").as_of(clock)
        for place, other in enumerate(words.take("other_memberships", []))
    )
    case = _case(words, event, opened, clock)
    _progress(words, case)
    claims = tuple(_other_claim(one, place) for place, one in enumerate(words.take("other_claims", []), 1))
    words.finish()
    known = member.as_of(clock)
    return CaseFile(case, known if known.is_registered else None, others, claims, clock)


def _opened_on(words: Words, event: dt.datetime) -> str:
    default = words.take("claim_date") or (event.date() + dt.timedelta(days=5)).isoformat()
    return str(words.take("received_on", default))


# --- the member


def _member(words: Words, event: dt.datetime, number: str) -> Member:
    """Registered and paid from the first of the month six years before, unless the case says otherwise."""
    if words.take("unregistered"):
        return Member.new(number)
    segment = words.take("segment", "PU")
    this_month = month_number(event.date().isoformat())
    tenure = words.take("contribution_months")
    default_start = dt.date(event.year - 6, event.month, 1)
    if tenure is not None:
        default_start = day(f"{month_name(this_month - tenure + 1)}-01")
    start = words.take("coverage_start", default_start.isoformat())
    registered_on = words.take("registered_on", start)
    by, known_on = words.take("reported_by", "office"), words.take("registration_known_on", registered_on)
    registration = _registration(words, number, segment, registered_on, event)
    member = _known(Member.new(number), "registered", registration, known_on, by)
    member = _wages(words, member, segment, registered_on)
    for paid in _payments(words, segment, event, start):
        data = {"member_number": number, "months": paid["months"], "paid_on": paid["paid_on"]}
        member = _known(member, "contribution-paid", data, paid.get("known_on", paid["paid_on"]), by)
    if (ended_on := words.take("ended_on")) is not None:
        left_on = words.take("employment_ended_on")
        ended = {"member_number": number, "ended_on": ended_on, "employment_ended_on": left_on}
        member = _known(member, "ended", ended, ended_on)
    return member


def _known(member: Member, kind: str, data: dict[str, Any], known_on: str, by: str = "office") -> Member:
    event = parse(document(f"santunan.member.{kind}.v1", data, moment(known_on, 9), f"urn:santunan:{by}:tangerang"))
    return member.apply(event, moment(known_on, 9))  # type: ignore[arg-type]


def _registration(words: Words, number: str, segment: str, registered_on: str, event: dt.datetime) -> dict[str, Any]:
    age = words.take("age", 40)
    born = words.take("birth_date", f"{event.year - age:04}-01-01")
    held = words.take("programs", {"JKK": registered_on, "JKM": registered_on})
    data: dict[str, Any] = {
        "member_number": number,
        "nik": NIK,
        "birth_date": born,
        "segment": segment,
        "registered_on": registered_on,
        "programs": [_period(program, span) for program, span in held.items()],
        "wage_basis": words.take("wage_basis", "monthly"),
    }
    data |= {word: value for word in ("payer", "phase") if (value := words.take(word)) is not None}
    if segment == "BPU":
        data["declared_income"] = words.take("declared_income", 1_000_000)
    return data


def _period(program: str, span: str) -> dict[str, Any]:
    """`2019-01-01` or `2019-01-01..2020-05-05`."""
    since, _, until = span.partition("..")
    return {"program": program, "since": since, **({"until": until} if until else {})}


def _wages(words: Words, member: Member, segment: str, registered_on: str) -> Member:
    """One report for the first month unless the case lists reports, each known on its own day."""
    reports = words.take("wages")
    single = words.take("wage", 3_000_000 if segment in ("PU", "JAKON") else None)
    known_on = words.take("wage_known_on", registered_on)
    if reports is None:
        reports = {} if single is None or single == "unknown" else {registered_on[:7]: single}
    for month, wage in reports.items():
        amount, _, when = str(wage).partition(" known ")
        data = {"member_number": member.number, "month": month, "wage": int(amount)}
        member = _known(member, "wage-reported", data, when or known_on)
    return member


def _payments(words: Words, segment: str, event: dt.datetime, start: str) -> list[dict[str, Any]]:
    this_month = month_number(event.date().isoformat())
    through = words.take("last_paid_month") or words.take("paid_through")
    words.take("paid_through")
    unpaid = words.take("unpaid_months") or words.take("employer_arrears_months")
    words.take("employer_arrears_months")
    last = month_number(through) if through is not None else this_month
    if unpaid:
        last = _last_due_month(segment, event.date()) - unpaid
    months = words.take("paid_months", [month_name(one) for one in range(month_number(start), last + 1)])
    found = [{"months": months[at : at + 120], "paid_on": start} for at in range(0, len(months), 120)]
    return found + list(words.take("payments", []))


def _last_due_month(segment: str, event_day: dt.date) -> int:
    """The newest month whose due day lies before the event."""
    return due_days("BPU" if segment == "BPU" else "PU", Book.load()).last_due_before(event_day.toordinal())


# --- the claim


def _case(words: Words, event: dt.datetime, opened: dt.datetime, clock: dt.datetime) -> Case:
    program = words.take("program", "JKK")
    kind = words.take("kind", "injury")
    assert kind in _DEATHS or kind in _KINDS or kind in _OTHER_KINDS, f"unknown kind {kind}"
    sections: dict[str, Any] = {"claim_id": CLAIM, "member": {"member_number": NUMBER}}
    if (death := _death(words, kind, event, program)) is not None:
        sections["death"] = death
    if program == "JKK":
        sections["accident"] = _accident(words, kind, event)
        sections |= _medical(words, kind)
        sections |= _costs(words)
    sections |= _family(words, event)
    if (claimed := words.take("claim_date")) is not None:
        sections["claimed"] = {"claimed_on": claimed}
    sections["documents"] = _documents(words)
    case = Case(CLAIM, NUMBER)
    opening = "santunan.claim.accident.v1" if program == "JKK" else "santunan.claim.death.v1"
    case.apply(parse(document(opening, sections, opened)), opened)  # type: ignore[arg-type]
    later = _office(words, program, event, clock)
    if later:
        evidence = {"claim_id": CLAIM, **later}
        case.apply(parse(document("santunan.claim.evidence.v1", evidence, clock)), clock)  # type: ignore[arg-type]
    return case


def _death(words: Words, kind: str, event: dt.datetime, program: str) -> dict[str, Any] | None:
    died_on = words.take("died_on", event.date().isoformat() if kind in _DEATHS else None)
    if died_on is None:
        return None
    found = {
        "died_on": died_on,
        "cause": words.take("cause", _DEATHS.get(kind, "accident")),
        "attack_at_work": kind == "sudden_death_at_work" and program == "JKM",
        "missing_person": words.take("missing_person", False),
        "caused_by_heir": words.take("caused_by_heir", False),
    }
    if (hours := words.take("hours_from_attack_to_death")) is not None:
        found["hours_from_attack"] = hours
    return found


def _accident(words: Words, kind: str, event: dt.datetime) -> dict[str, Any]:
    is_commuting = kind in ("commuting_traffic", "death_commuting")
    found = {
        "occurred_at": words.take("occurred_at", event.isoformat()),
        "kind": _KINDS.get(kind, "injury"),
        "setting": words.take("setting", "commuting" if is_commuting else "workplace"),
        "traffic": words.take("traffic", "several_vehicles" if is_commuting else "none"),
        "conduct": words.take("conduct", []),
    }
    for flag in ("detour", "recurrence", "self_inflicted", "cause_unclear"):
        found[flag] = words.take(flag, False)
    if kind == "occupational_disease":
        found["diagnosed_on"] = words.take("diagnosed_on", event.date().isoformat())
    return found


def _medical(words: Words, kind: str) -> dict[str, Any]:
    loss = words.take("function_loss_pct")
    parts = []
    for one in words.take("disability", []):
        part = {"part": one} if isinstance(one, str) else dict(one)
        if loss is not None:
            part["loss_percent"] = loss
        parts.append(part)
    certificate = words.take("medical_certificate", True)
    found: dict[str, Any] = {
        "disabilities": parts,
        "permanent_total": words.take("permanent_total", kind == "permanent_total"),
        "handedness": words.take("handedness", "right"),
        "prior_disability": words.take("prior_disability", False),
    }
    if (healed_on := words.take("healed_on")) is not None:
        found["healed_on"] = healed_on
    if (days := words.take("stmb_days")) is not None:
        found["unable_to_work_days"] = days
    if certificate and (parts or found["permanent_total"]):
        found["certified_by"] = "examining_doctor" if certificate is True else certificate
    return {"medical": found}


def _costs(words: Words) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = {"medical_bill": "treatment", "jasa_raharja_paid": "jasa_raharja_paid", "transport": "transport"}
    same = ("denture", "hearing_aid", "glasses", "prosthesis", "return_to_work", "wage_advanced_by_employer")
    for word, field in {**names, **{name: name for name in same}}.items():
        if (value := words.take(word)) is not None:
            found[field] = value
    if (cost := words.take("homecare_cost")) is not None:
        found["home_care"] = {"cost": cost, "months": words.take("homecare_months", 1)}
    return {"costs": found} if found else {}


def _family(words: Words, event: dt.datetime) -> dict[str, Any]:
    children = words.take("children")
    heirs = words.take("heirs", ["widow"])
    will, arranged = words.take("notarial_will", False), words.take("funeral_arranged", True)
    found: dict[str, Any] = {}
    if children is not None:
        found["children"] = [_child(dict(one), event) for one in children]
    if heirs != "unknown":
        listed = [] if heirs == "none" else heirs
        relatives = [{"relation": one} if isinstance(one, str) else one for one in listed]
        found["heirs"] = {"relatives": relatives, "notarial_will": will, "funeral_arranged": arranged}
    return found


def _child(child: dict[str, Any], event: dt.datetime) -> dict[str, Any]:
    """`age` on the event day; `year` of school says which payment this is, and only the first is made."""
    child.pop("year", None)
    if (age := child.pop("age", None)) is not None:
        child["birth_date"] = f"{event.year - age:04}-01-01"
    return child


def _documents(words: Words) -> list[str]:
    held = words.take("documents", "all")
    papers = list(get_args(PaperName)) if held == "all" else ["family_card" if one == "kk" else one for one in held]
    without = words.take("without", [])
    return [paper for paper in papers if paper not in without]


def _office(words: Words, program: str, event: dt.datetime, clock: dt.datetime) -> dict[str, Any]:
    """What the employer and the office add: report, conclusion, approved amounts, advice, identity."""
    found: dict[str, Any] = {}
    default_report = (event + dt.timedelta(hours=24)).isoformat() if program == "JKK" else "none"
    report = words.take("stage1_report", default_report)
    if report != "none":
        found["report"] = {"reported_at": moment(report).isoformat()}
    conclusion = words.take("conclusion", "work_related" if program == "JKK" else "none")
    if conclusion != "none":
        concluded_on = words.take("concluded_on", clock.astimezone(JAKARTA).date().isoformat())
        found["conclusion"] = {"work_related": conclusion == "work_related", "concluded_on": concluded_on}
    if advice := words.take("advice"):
        decided_on = words.take("advice_on", clock.astimezone(JAKARTA).date().isoformat())
        found["advice"] = {"settles": advice, "advisor": "medical_advisor", "decided_on": decided_on}
    for section in ("approved", "employment", "project_dues", "determination", "working_found", "court_decision"):
        if (value := words.take(section)) is not None:
            found[section] = value
    if (identity := words.take("identity")) is not None:
        found["identity"] = {"matches": identity == "matches"}
    return found


def document(kind: str, data: dict[str, Any], when: dt.datetime, source: str = OFFICE) -> bytes:
    head = {"specversion": "1.0", "id": "e1", "source": source, "type": kind}
    return json.dumps({**head, "time": when.isoformat(), "data": data}).encode()


# --- what was decided before

_CONTEST = Contest("medical", "urn:santunan:clinic:a", "urn:santunan:clinic:b", 2_000_000)


def _progress(words: Words, case: Case) -> None:
    progress = case.progress
    progress.has_new_facts = words.take("new_facts", False)
    progress.changed_later = words.take("changed_later", False)
    progress.contest = _CONTEST if words.take("contested", False) else None
    progress.moved_by = OFFICE if words.take("corrected_by_office", False) else None
    progress.answered_codes = tuple(words.take("settled", []))
    if (ruling := words.take("officer")) is not None:
        second = "urn:santunan:officer:second" if ruling.get("second_officer") else None
        answers = tuple(ruling.get("answers", []))
        changes, papers = tuple(sorted(ruling.get("changes", {}).items())), tuple(ruling.get("documents", []))
        progress.ruling = Ruling(ruling["verdict"], "urn:santunan:officer:first", answers, changes, papers, second)
        if ruling["verdict"] == "approve":
            progress.answered_codes += answers
            progress.answered_by = (progress.ruling.officer,)
    if (lines := words.take("already_paid")) is not None:
        progress.lines = tuple(lines.items())
    if (approved_on := words.take("approved_on")) is not None:
        progress.approved_on = day(approved_on)
    if (paid_on := words.take("paid_on")) is not None:
        known_on = words.take("payment_reported_on", paid_on)
        progress.payouts = {"K1.r1.heirs": 1}
        progress.settlements = {"K1.r1.heirs": (day(paid_on), day(known_on))}


def _other_claim(one: dict[str, Any], place: int) -> ClaimSummary:
    lines = [*one.get("paid_lines", []), *([f"{one['program'].lower()}_death"] if one.get("death_approved") else [])]
    return ClaimSummary(
        claim_id=one.get("id", f"K0{place}"),
        opened_order=1 if one.get("later") else -1,  # the claim that asks has 0
        member_number=one.get("number"),
        nik=None,
        revision=1,
        program=one["program"],
        event_date=day(one["event"]),
        asked=frozenset(one.get("asked", [])),
        outcome=one.get("outcome", "APPROVED"),
        effective_lines=frozenset(lines),
    )
