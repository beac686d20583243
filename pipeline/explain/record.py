"""The second part of an explanation, for officer and court: every check and every sum, with its article of law."""

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Final

from pipeline.explain import words
from pipeline.explain.facts import facts_of, rule_version_text
from pipeline.explain.frame import Frame
from pipeline.explain.letter import MOST_PAPERS_WITH_SOURCE, codes_in_letter
from pipeline.explain.parts import Line, Section
from pipeline.explain.reasons import is_missing_paper, reason_facts, reason_text
from pipeline.explain.texts import text
from schemas.codes import MARKERS

if TYPE_CHECKING:  # pydantic stays outside until there is a decision to explain
    from schemas.codes import Marker
    from schemas.decisions import Benefit, Check

# What the labour inspector rules on where it is disputed (PP 44/2015 art 48-50).
_DISPUTED: Final = ("work_related", "medically_settled", "disease_settled", "self_inflicted_settled")


class Record:
    """Each method is one section."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.decision, self.language = frame, frame.decision, frame.language

    def sections(self) -> Iterator[Section]:
        parts = {
            "more": tuple(self.more()),
            "missing": tuple(self.missing()),
            "amounts": tuple(self.amounts()),
            "recovery": tuple(self.recovery()),
            "payment": tuple(self.payment()),
            "checks": tuple(self.checks()),
            "appeal": tuple(self.appeal()),
        }
        used = {line.marker for lines in parts.values() for line in lines}
        parts["markers"] = tuple(self.markers(used))
        parts["technical"] = tuple(self.technical())
        for key, lines in parts.items():
            if lines:
                yield Section(key, text(self.language, "frame", "section", key), lines)

    def more(self) -> Iterator[Line]:
        """The reasons that the letter had no room for, and what the result rests on."""
        decision, language = self.decision, self.language
        told = codes_in_letter(self.frame)
        for code in (*self.frame.open_codes, *decision.reason_codes):
            if code not in (*told, "OK", "OK_PARTIAL") and not is_missing_paper(code):
                yield Line(reason_text(code, language, reason_facts(code, decision, language)))
        if self.frame.officer_reason is not None:
            yield Line(self.frame.say("letter", "officer_reason", reason=self.frame.officer_reason))
        if decision.member_number is not None:
            yield Line(self.frame.say("more", "member", member_number=decision.member_number))
        yield Line(self.frame.say("more", "law", rule_version=rule_version_text(decision.rule_version, language)))
        if decision.supersedes is not None:
            yield Line(self.frame.say("more", "superseding", revision=decision.revision))

    def missing(self) -> Iterator[Line]:
        if len(self.decision.missing) <= MOST_PAPERS_WITH_SOURCE:
            return  # the letter has said it
        for paper in self.decision.missing:
            name, source = words.paper_name(paper, self.language), text(self.language, "words", "paper_source", paper)
            yield Line(self.frame.say("missing", "paper", paper=name[0].upper() + name[1:], source=source))

    def amounts(self) -> Iterator[Line]:
        decision = self.decision
        for benefit in decision.benefits:
            yield self._benefit(benefit)
        if decision.outcome == "APPROVED":
            total = self.frame.rupiah(decision.total)
            if decision.benefits:
                yield Line(self.frame.say("amounts", "total", total=total), amount=decision.total)
            else:
                treatment = (self.frame.say("amounts", "treatment"),) if decision.program == "JKK" else ()
                yield Line(self.frame.say("amounts", "none"), treatment, amount=0)
        if decision.fund_amount:
            fund, amount = text(self.language, "words", "fund"), self.frame.rupiah(decision.fund_amount)
            yield Line(self.frame.say("amounts", "fund", fund=fund, amount=amount), amount=decision.fund_amount)
        if decision.indicative_total is not None:
            amount = self.frame.rupiah(decision.indicative_total)
            yield Line(self.frame.say("letter", "indicative", amount=amount), amount=decision.indicative_total)

    def _benefit(self, benefit: "Benefit") -> Line:
        language = self.language
        headline = self.frame.say(
            "amounts",
            "line",
            line=words.line_name(benefit.line, language),
            payee=words.payee_name(benefit.payee, language),
            amount=self.frame.rupiah(benefit.amount),
        )
        formula = words.formula_text(benefit.formula, benefit.numbers, benefit.amount, language)
        law = words.law_text(benefit.reference, benefit.marker, language)
        return Line(headline, (formula,), law, amount=benefit.amount, marker=benefit.marker)

    def payment(self) -> Iterator[Line]:
        decision = self.decision
        if self.frame.is_owed_by_employer:
            yield self.frame.cited("payment", "owed", decision.program)
        elif decision.benefits or decision.liable == "EMPLOYER":
            yield Line(self.frame.say("payment", decision.liable))
        for payee, amount in self.frame.due.items():
            name = words.payee_name(payee, self.language)
            yield Line(self.frame.say("payment", "payee", payee=name, amount=self.frame.rupiah(amount)), amount=amount)
        if decision.pay_by is not None and decision.benefits:
            sentence = "pay_by_estimated" if self.frame.is_deadline_estimated else "pay_by"
            yield Line(self.frame.say("payment", sentence, pay_by=self.frame.day(decision.pay_by)))
            if decision.liable == "BPJS":
                yield self.frame.cited("payment", "late")
        for one in self.frame.payments:
            known: dict[str, object] = {"amount": self.frame.rupiah(one.amount), "paid_on": self.frame.day(one.paid_on)}
            if one.payee is None:
                yield Line(self.frame.say("payment", "paid", **known), amount=one.amount)
            else:
                name = words.payee_name(one.payee, self.language)
                yield Line(self.frame.say("payment", "paid_to", payee=name, **known), amount=one.amount)

    def recovery(self) -> Iterator[Line]:
        """Every sum asked back; the letter says why, and what can be done."""
        for one in self.decision.recoveries:
            name, amount = words.payee_name(one.payee, self.language), self.frame.rupiah(one.amount)
            known = {"member_number": one.member_number, "recover_by": self.frame.day(one.recover_by)}
            yield Line(self.frame.say("recovery", "line", payee=name, amount=amount, **known), amount=one.amount)

    def checks(self) -> Iterator[Line]:
        return (self._check(check) for check in self.decision.trace)

    def _check(self, check: "Check") -> Line:
        language = self.language
        result = text(language, "words", "result", check.result)
        headline = self.frame.say("check", title=words.check_title(check.check, language), result=result)
        facts = words.fact_lines(check.check, check.result, facts_of(check, self.decision), language)
        law = words.law_text(check.reference, check.marker, language)
        return Line(f"{headline} {' '.join(facts)}", (), law, check.result, marker=check.marker)

    def appeal(self) -> Iterator[Line]:
        yield self.frame.cited("appeal", "officer" if self.frame.has_officer_decided else "automatic")
        yield Line(self.frame.say("appeal", "money"))
        if self.decision.program == "JKK" and any(one.check in _DISPUTED for one in self.decision.trace):
            yield self.frame.cited("appeal", "inspector")

    def markers(self, used: "Container[Marker | None]") -> Iterator[Line]:
        for marker in MARKERS:
            if marker in used:
                name, meaning = (text(self.language, "words", key, marker) for key in ("marker", "marker_meaning"))
                yield Line(self.frame.say("marker", marker=name, code=marker, meaning=meaning), marker=marker)

    def technical(self) -> Iterator[Line]:
        decision = self.decision
        said = [
            self.frame.say(
                "technical",
                "decision",
                decision=decision.decision_id,
                revision=decision.revision,
                decided_at=decision.decided_at.isoformat(),
            )
        ]
        if decision.supersedes is not None:
            said.append(self.frame.say("technical", "supersedes", decision=decision.supersedes))
        said.append(self.frame.say("technical", "codes", codes=", ".join(decision.reason_codes)))
        if self.frame.open_codes:
            said.append(self.frame.say("technical", "open", codes=", ".join(self.frame.open_codes)))
        said.append(self.frame.say("technical", "rules", rule_version=decision.rule_version))
        said.append(self.frame.say("technical", "cause", id=decision.caused_by.id, source=decision.caused_by.source))
        if read := (*decision.read.members, *decision.read.claims):
            said.append(self.frame.say("technical", "read", read=", ".join(read)))
        yield Line(" ".join(said))
