"""Explains a whole decision to people: a letter for the family, and a record of every check and sum for officer and
court.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.explain import words
from pipeline.explain.frame import Frame
from pipeline.explain.letter import letter
from pipeline.explain.parts import Explanation, Payment
from pipeline.explain.record import Record
from pipeline.explain.texts import Language

if TYPE_CHECKING:  # pydantic stays outside until there is a decision to explain
    from schemas.decisions import Decision


def explain(
    decision: "Decision",
    language: Language,
    *,
    payments: Iterable[Payment] = (),
    open_codes: Sequence[str] = (),
    officer_reason: str | None = None,
) -> Explanation:
    """The decision in words. Raises NoText where a code, fact or value has none in `language`.

    `payments`: what was settled so far. `open_codes`: codes of the referral now open for the claim, of which an
    appeal or a failed payment says something that the decision itself does not. `officer_reason`: what the officer
    wrote whose review made this decision.
    """
    frame = Frame(decision, language, tuple(payments), tuple(open_codes), officer_reason)
    outcome = frame.say("partly") if frame.is_partial else words.outcome_name(decision.outcome, language)
    return Explanation(
        language,
        frame.say("title", claim=decision.claim_id, outcome=outcome),
        tuple(letter(frame)),
        frame.say("record"),
        tuple(Record(frame).sections()),
    )
