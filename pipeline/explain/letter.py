"""The first part of an explanation, for the family: the result, the sum, why, what to do, how to object.

At most 20 lines of 80 letters, so it names at most a few of each thing; the record below it has them all.
"""

from collections.abc import Iterator
from typing import Final

from pipeline.explain import figures, words
from pipeline.explain.facts import listed_codes
from pipeline.explain.frame import Frame
from pipeline.explain.parts import Line, Section
from pipeline.explain.reasons import is_missing_paper, reason_facts, reason_next, reason_text
from pipeline.explain.texts import text
from schemas.clock import JAKARTA

MOST_REASONS: Final = 2  # beside OK
MOST_PAPERS_WITH_SOURCE: Final = 3  # above it the record says where each of them comes from
_MOST_QUOTED: Final = 160  # letters of an officer's reason
_WAITS: Final = ("REFERRED", "PENDING")
_SAID: Final = ("OK", "OK_PARTIAL")  # told on their own, or by the sentence about the outcome


def letter(frame: Frame) -> Iterator[Section]:
    """The sections that say something, in their order."""
    parts = {
        "outcome": [_outcome(frame)],
        "reason": list(_reasons(frame)),
        "todo": list(_todo(frame)),
        "recovery": list(_recoveries(frame)),
        "objection": [Line(frame.say("letter", "objection", claim=frame.decision.claim_id))],
    }
    for key, lines in parts.items():
        if lines:
            yield Section(key, "" if key == "outcome" else frame.say("letter", "title", key), tuple(lines))


def letterhead(frame: Frame) -> tuple[str, ...]:
    """The day is the one of the decision, in Jakarta, so that a letter is the same whenever it is printed."""
    decision = frame.decision
    decided_on = figures.day(decision.decided_at.astimezone(JAKARTA).date(), frame.language)
    number = frame.say("head", "claim", claim=decision.claim_id)
    office = frame.say("head", "office")
    if frame.place is not None:
        return office, f"{frame.place}, {decided_on}", number
    return office, f"{frame.say('head', 'decided', date=decided_on)} {number}"


def codes_in_letter(frame: Frame) -> tuple[str, ...]:
    """The reason codes that the letter tells: what an officer has in hand, then OK, then the main ones."""
    decided = frame.decision.reason_codes
    opened = [code for code in frame.open_codes if code not in decided]
    rest = [code for code in decided if code not in _SAID and not is_missing_paper(code)]
    most = 1 if opened or frame.decision.recoveries else MOST_REASONS
    return (*opened[:1], *(code for code in decided if code == "OK"), *rest[:most])


def _outcome(frame: Frame) -> Line:
    decision = frame.decision
    said = [frame.say("condolence")] if frame.is_death else []
    said.append(frame.say("summary", _summary(frame), occasion=_occasion(frame), total=_total(frame)))
    if decision.outcome == "APPROVED" and not decision.total and not frame.is_partial and decision.program == "JKK":
        said.append(frame.say("amounts", "treatment"))
    if decision.outcome in _WAITS:
        said.append(_sum_so_far(frame))
    if decision.supersedes is not None and not decision.recoveries:
        said.append(frame.say("letter", "money_stays" if decision.outcome in _WAITS else "superseding"))
    return Line(" ".join(said), amount=decision.total)


def _total(frame: Frame) -> str:
    amount = frame.rupiah(frame.decision.total)
    if not (payees := [words.payee_name(payee, frame.language) for payee in frame.due]):
        return amount
    return frame.say("letter", "paid_to", amount=amount, payees=figures.listed(payees, frame.language))


def _occasion(frame: Frame) -> str:
    decision = frame.decision
    program = words.program_name(decision.program, frame.language)
    return frame.say("occasion", decision.program, program=program, event_date=frame.day(decision.event_date))


def _summary(frame: Frame) -> str:
    decision = frame.decision
    if decision.outcome != "APPROVED" or (decision.total and not frame.is_partial):
        return decision.outcome
    return "approved" + ("_partly" if frame.is_partial else "") + ("" if decision.total else "_nothing")


def _sum_so_far(frame: Frame) -> str:
    indicative = frame.decision.indicative_total
    if indicative is not None:
        return frame.say("letter", "indicative", amount=frame.rupiah(indicative))
    return frame.say("letter", "no_sum", frame.decision.outcome)


def _reasons(frame: Frame) -> Iterator[Line]:
    decision, language = frame.decision, frame.language
    said = []
    if any(map(is_missing_paper, decision.reason_codes)):
        papers = figures.counted(len(decision.missing), "papers", language)
        said.append(frame.say("letter", "papers", papers=papers))
    said += [reason_text(code, language, reason_facts(code, decision, language)) for code in codes_in_letter(frame)]
    if frame.officer_reason is not None:
        said.append(frame.say("letter", "officer_reason", reason=_shortened(frame.officer_reason)))
    if said:
        yield Line(" ".join(said))


def _shortened(reason: str) -> str:
    reason = " ".join(reason.split())
    return reason if len(reason) <= _MOST_QUOTED else reason[:_MOST_QUOTED].rpartition(" ")[0] + " …"


def _todo(frame: Frame) -> Iterator[Line]:
    """One paragraph, and below it the papers with where they come from."""
    decision, language = frame.decision, frame.language
    nexts = [reason_next(code, language, reason_facts(code, decision, language)) for code in codes_in_letter(frame)]
    said = [one for one in dict.fromkeys(nexts) if one is not None]
    if frame.is_owed_by_employer:
        said = [] if decision.recoveries else said  # the letter has room for one of them
        said += _owed_by_employer(frame)
    elif decision.outcome == "REFERRED":
        said.append(frame.say("letter", "referred_too" if said else "referred"))
    elif decision.outcome == "REJECTED" and not said:
        said.append(frame.say("letter", "rejected"))
    elif decision.outcome == "APPROVED":
        said += _payment(frame, is_all=not said)
    if decision.missing:
        said.append(_papers(frame))
    if said:
        yield Line(" ".join(said), tuple(_sources(frame)))


def _papers(frame: Frame) -> str:
    missing, claim = frame.decision.missing, frame.decision.claim_id
    if len(missing) <= MOST_PAPERS_WITH_SOURCE:
        return frame.say("letter", "bring", claim=claim)
    return frame.say("letter", "bring_many", papers=listed_codes(missing, "paper", frame.language), claim=claim)


def _sources(frame: Frame) -> Iterator[str]:
    if len(frame.decision.missing) <= MOST_PAPERS_WITH_SOURCE:
        for paper in frame.decision.missing:
            source = text(frame.language, "words", "paper_source", paper)
            yield frame.say("letter", "paper", paper=words.paper_name(paper, frame.language), source=source)


def _owed_by_employer(frame: Frame) -> list[str]:
    indicative = frame.decision.indicative_total
    said = [frame.say("letter", "owed")]
    if indicative is not None:
        said.append(frame.say("letter", "owed_sum", amount=frame.rupiah(indicative)))
    said.append(frame.say("letter", "ask_inspector"))
    return said


def _payment(frame: Frame, *, is_all: bool) -> list[str]:
    """`is_all`: there is nothing else to do."""
    decision, paid = frame.decision, sum(one.amount for one in frame.payments)
    said = []
    if paid < decision.total:
        is_employer = decision.liable == "EMPLOYER"
        if is_employer or is_all:
            said.append(frame.say("letter", "employer_pays" if is_employer else "wait"))
        if decision.pay_by is not None:
            said.append(frame.say("letter", "pay_by", pay_by=frame.day(decision.pay_by)))
            if frame.is_deadline_estimated:
                said.append(frame.say("letter", "estimated"))
        if is_employer:
            said.append(frame.say("letter", "employer_silent"))
    else:
        said.append(frame.say("letter", "nothing"))
    if any(one.formula == "scholarship_year" for one in decision.benefits):
        said.append(frame.say("letter", "scholarship"))
    if frame.payments:
        latest = max(one.paid_on for one in frame.payments)
        said.append(frame.say("letter", "paid", amount=frame.rupiah(paid), paid_on=frame.day(latest)))
    return said


def _recoveries(frame: Frame) -> Iterator[Line]:
    """The sum, from whom, by when, the ground."""
    recoveries = frame.decision.recoveries
    if not recoveries:
        return
    payees = dict.fromkeys(words.payee_name(one.payee, frame.language) for one in recoveries)
    amount, first_day = sum(one.amount for one in recoveries), min(one.recover_by for one in recoveries)
    known = {"payee": figures.listed(list(payees), frame.language), "amount": frame.rupiah(amount)}
    yield Line(frame.say("letter", "recovery", recover_by=frame.day(first_day), **known), amount=amount)
