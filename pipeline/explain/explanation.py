"""Explains a whole decision to people: what happened, what was checked, what is paid and why, what is missing, who pays
and when, how to appeal. A plain structure, for a terminal, a page or a letter to lay out as it likes.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.explain import figures, words
from pipeline.explain.facts import facts_of, listed_codes, rule_version_text
from pipeline.explain.texts import Language, text
from schemas.codes import MARKERS

if TYPE_CHECKING:  # pydantic stays outside until there is a decision to explain
    import datetime as dt

    from schemas.codes import CheckResult, Marker, Payee
    from schemas.decisions import Benefit, Check, Decision

_WAITS: Final = ("REFERRED", "PENDING")
# What the labour inspector rules on where it is disputed (PP 44/2015 art 48-50).
_DISPUTED: Final = ("work_related", "medically_settled", "disease_settled", "self_inflicted_settled")

# sentences of the frame that rest on an article themselves
_LAWS: "Final[Mapping[tuple[str, ...], tuple[str, Marker]]]" = {
    ("payment", "OWED", "JKK"): ("PP 44/2015 art 27(1)", "VERIFIED-2"),
    ("payment", "OWED", "JKM"): ("PP 44/2015 art 35", "VERIFIED-2"),
    ("payment", "late"): ("PP 44/2015 art 37(3)", "VERIFIED"),
    ("appeal", "automatic"): ("UU 27/2022 art 10", "RECALLED"),
    ("appeal", "officer"): ("UU 27/2022 art 10", "RECALLED"),
    ("appeal", "inspector"): ("PP 44/2015 art 48-50", "RECALLED"),
}


@dataclass(frozen=True, slots=True)
class Payment:
    """What the payment system reported: rupiah that reached a payee on a day. `payee` None: not known."""

    amount: int
    paid_on: "dt.date"
    payee: "Payee | None" = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said. `details` say how and why, `law` the article with its marker in words; both may be empty.

    `result`, `amount` and `marker` are what the line is about, for a page that colours or aligns it.
    """

    text: str
    details: tuple[str, ...] = ()
    law: str = ""
    result: "CheckResult | None" = None
    amount: int | None = None
    marker: "Marker | None" = None


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is the same in every language: result, checks, amounts, missing, recovery, payment, appeal, markers,
    technical."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    language: Language
    title: str
    summary: str
    sections: tuple[Section, ...]


def explain(
    decision: "Decision", language: Language, *, payments: Iterable[Payment] = (), open_codes: Sequence[str] = ()
) -> Explanation:
    """The decision in words. Raises NoText where a code, fact or value has none in `language`.

    `payments`: what was settled so far. `open_codes`: codes of the referral now open for the claim, of which an
    appeal or a failed payment says something that the decision itself does not.
    """
    telling = _Telling(decision, language, tuple(payments), tuple(open_codes))
    sections = {
        "result": tuple(telling.result()),
        "missing": tuple(telling.missing()),
        "amounts": tuple(telling.amounts()),
        "recovery": tuple(telling.recovery()),
        "payment": tuple(telling.payment()),
        "checks": tuple(telling.checks()),
        "appeal": tuple(telling.appeal()),
    }
    used = {line.marker for lines in sections.values() for line in lines}
    sections["markers"] = tuple(telling.markers(used))
    sections["technical"] = tuple(telling.technical())
    return Explanation(
        language,
        telling.title(),
        telling.summary(),
        tuple(Section(key, text(language, "frame", "section", key), lines) for key, lines in sections.items() if lines),
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    """One decision explained in one language; each method is one section."""

    decision: "Decision"
    language: Language
    payments: tuple[Payment, ...]
    open_codes: tuple[str, ...]

    def title(self) -> str:
        outcome = words.outcome_name(self.decision.outcome, self.language)
        if self._is_partial:
            outcome = self._say("partly")
        return self._say("title", claim=self.decision.claim_id, outcome=outcome)

    def summary(self) -> str:
        decision = self.decision
        occasion = self._say(
            "occasion",
            decision.program,
            program=words.program_name(decision.program, self.language),
            event_date=self._day(decision.event_date),
        )
        key: str = decision.outcome
        if key == "APPROVED" and (self._is_partial or decision.total == 0):
            key = "approved" + ("_partly" if self._is_partial else "") + ("_nothing" if decision.total == 0 else "")
        summary = self._say("summary", key, occasion=occasion, total=self._rupiah(decision.total))
        return f"{self._say('condolence')} {summary}" if self._is_death else summary

    def result(self) -> Iterator[Line]:
        decision, language = self.decision, self.language
        if decision.missing:
            yield Line(self._say("result", "papers", papers=listed_codes(decision.missing, "paper", language)))
        for code in decision.reason_codes:
            if code == "OK_PARTIAL" or words.is_missing_paper(code):
                continue  # the summary has said so, or the line of papers
            next_step = words.reason_next(code, language)
            yield Line(words.reason_text(code, language), (next_step,) if next_step else ())
        if decision.fields:
            yield Line(self._say("result", "fields", fields=listed_codes(decision.fields, "field", language)))
        if decision.first_claim_id is not None:
            yield Line(self._say("result", "first_claim", claim=decision.first_claim_id))
        if decision.outcome == "REFERRED":
            yield Line(self._say("result", "referred"))
        for code in self.open_codes:
            if code not in decision.reason_codes:
                yield Line(words.reason_text(code, language))
        if decision.member_number is not None:
            yield Line(self._say("result", "member", member_number=decision.member_number))
        yield Line(self._say("result", "law", rule_version=rule_version_text(decision.rule_version, language)))
        if decision.supersedes is not None:
            stays = (self._say("result", "money_stays"),) if decision.outcome in _WAITS else ()
            yield Line(self._say("result", "superseding", revision=decision.revision), stays)

    def missing(self) -> Iterator[Line]:
        for paper in self.decision.missing:
            name, source = words.paper_name(paper, self.language), text(self.language, "words", "paper_source", paper)
            yield Line(self._say("missing", "paper", paper=name[0].upper() + name[1:], source=source))
        if self.decision.missing:
            yield Line(self._say("missing", "how", claim=self.decision.claim_id), (self._say("missing", "then"),))

    def amounts(self) -> Iterator[Line]:
        decision = self.decision
        for benefit in decision.benefits:
            yield self._benefit(benefit)
        if decision.outcome == "APPROVED":
            total = self._rupiah(decision.total)
            if decision.benefits:
                yield Line(self._say("amounts", "total", total=total), amount=decision.total)
            else:
                treatment = (self._say("amounts", "treatment"),) if decision.program == "JKK" else ()
                yield Line(self._say("amounts", "none"), treatment, amount=0)
        if decision.fund_amount:
            fund, amount = text(self.language, "words", "fund"), self._rupiah(decision.fund_amount)
            yield Line(self._say("amounts", "fund", fund=fund, amount=amount), amount=decision.fund_amount)
        if decision.indicative_total is not None:
            amount = self._rupiah(decision.indicative_total)
            said = ("amounts", "owed") if decision.outcome == "REJECTED" else ("result", "indicative")
            yield Line(self._say(*said, amount=amount), amount=decision.indicative_total)

    def _benefit(self, benefit: "Benefit") -> Line:
        language = self.language
        headline = self._say(
            "amounts",
            "line",
            line=words.line_name(benefit.line, language),
            payee=words.payee_name(benefit.payee, language),
            amount=self._rupiah(benefit.amount),
        )
        formula = words.formula_text(benefit.formula, benefit.numbers, benefit.amount, language)
        law = words.law_text(benefit.reference, benefit.marker, language)
        return Line(headline, (formula,), law, amount=benefit.amount, marker=benefit.marker)

    def payment(self) -> Iterator[Line]:
        decision = self.decision
        if decision.outcome == "REJECTED" and decision.liable == "EMPLOYER":
            law, marker = _LAWS["payment", "OWED", decision.program]
            asked = (self._say("payment", "inspector"),)
            yield Line(self._say("payment", "OWED"), asked, words.law_text(law, marker, self.language), marker=marker)
        elif decision.benefits or decision.liable == "EMPLOYER":
            yield Line(self._say("payment", decision.liable))
        due: dict[str, int] = {}
        for benefit in decision.benefits:
            due[benefit.payee] = due.get(benefit.payee, 0) + benefit.amount
        for payee, amount in due.items():
            name = words.payee_name(payee, self.language)
            yield Line(self._say("payment", "payee", payee=name, amount=self._rupiah(amount)), amount=amount)
        if decision.pay_by is not None and decision.benefits:
            is_estimated = any(one.check == "payment_deadline" for one in decision.trace)
            sentence = "pay_by_estimated" if is_estimated else "pay_by"
            yield Line(self._say("payment", sentence, pay_by=self._day(decision.pay_by)))
            if decision.liable == "BPJS":
                yield self._cited("payment", "late")
        for one in self.payments:
            known: dict[str, object] = {"amount": self._rupiah(one.amount), "paid_on": self._day(one.paid_on)}
            if one.payee is None:
                yield Line(self._say("payment", "paid", **known), amount=one.amount)
            else:
                name = words.payee_name(one.payee, self.language)
                yield Line(self._say("payment", "paid_to", payee=name, **known), amount=one.amount)

    def recovery(self) -> Iterator[Line]:
        """Money asked back: the sum, from whom, by when, why, and how to object."""
        recoveries = self.decision.recoveries
        for one in recoveries:
            name, amount = words.payee_name(one.payee, self.language), self._rupiah(one.amount)
            known = {"member_number": one.member_number, "recover_by": self._day(one.recover_by)}
            yield Line(self._say("recovery", "line", payee=name, amount=amount, **known), amount=one.amount)
        if recoveries:
            yield Line(self._say("recovery", "why"), (self._say("recovery", "how"),))

    def checks(self) -> Iterator[Line]:
        return (self._check(check) for check in self.decision.trace)

    def _check(self, check: "Check") -> Line:
        language = self.language
        result = text(language, "words", "result", check.result)
        headline = self._say("check", title=words.check_title(check.check, language), result=result)
        facts = words.fact_lines(check.check, check.result, facts_of(check, self.decision), language)
        law = words.law_text(check.reference, check.marker, language)
        return Line(f"{headline} {' '.join(facts)}", (), law, check.result, marker=check.marker)

    def appeal(self) -> Iterator[Line]:
        yield self._cited("appeal", "officer" if self._has_officer_decided else "automatic")
        yield Line(self._say("appeal", "how", claim=self.decision.claim_id), (self._say("appeal", "money"),))
        if self.decision.program == "JKK" and any(one.check in _DISPUTED for one in self.decision.trace):
            yield self._cited("appeal", "inspector")

    def markers(self, used: "Container[Marker | None]") -> Iterator[Line]:
        for marker in MARKERS:
            if marker in used:
                name, meaning = (text(self.language, "words", key, marker) for key in ("marker", "marker_meaning"))
                yield Line(self._say("marker", marker=name, code=marker, meaning=meaning), marker=marker)

    def technical(self) -> Iterator[Line]:
        decision = self.decision
        said = [
            self._say(
                "technical",
                "decision",
                decision=decision.decision_id,
                revision=decision.revision,
                decided_at=decision.decided_at.isoformat(),
            )
        ]
        if decision.supersedes is not None:
            said.append(self._say("technical", "supersedes", decision=decision.supersedes))
        said.append(self._say("technical", "codes", codes=", ".join(decision.reason_codes)))
        if self.open_codes:
            said.append(self._say("technical", "open", codes=", ".join(self.open_codes)))
        said.append(self._say("technical", "rules", rule_version=decision.rule_version))
        said.append(self._say("technical", "cause", id=decision.caused_by.id, source=decision.caused_by.source))
        if read := (*decision.read.members, *decision.read.claims):
            said.append(self._say("technical", "read", read=", ".join(read)))
        yield Line(" ".join(said))

    @property
    def _is_partial(self) -> bool:
        return "OK_PARTIAL" in self.decision.reason_codes

    @property
    def _is_death(self) -> bool:
        return self.decision.program == "JKM" or any(one.line == "jkk_death" for one in self.decision.benefits)

    @property
    def _has_officer_decided(self) -> bool:
        decision = self.decision
        return any(code.startswith("REV_") for code in decision.reason_codes) or any(
            one.facts.get("settled") for one in decision.trace
        )

    def _say(self, *path: str, **known: object) -> str:
        return text(self.language, "frame", *path).format_map(known)

    def _cited(self, *path: str) -> Line:
        """A sentence of the frame that rests on an article of law itself."""
        reference, marker = _LAWS[path]
        law = words.law_text(reference, marker, self.language)
        return Line(self._say(*path), (), law, marker=marker)

    def _rupiah(self, amount: int) -> str:
        return figures.rupiah(amount, self.language)

    def _day(self, date: "dt.date") -> str:
        return figures.day(date, self.language)
