"""Explains a whole decision to people: a letter for the family, and a record of every check and sum for officer and
court.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.explain import words
from pipeline.explain.frame import Frame
from pipeline.explain.letter import letter, letterhead
from pipeline.explain.parts import Explanation, Payment, Seal
from pipeline.explain.record import Record
from pipeline.explain.texts import Language, text

if TYPE_CHECKING:  # pydantic stays outside until there is a decision to explain
    from schemas.decisions import Decision


def explain(
    decision: "Decision",
    language: Language,
    *,
    payments: Iterable[Payment] = (),
    open_codes: Sequence[str] = (),
    officer_reason: str | None = None,
    place: str | None = None,
) -> Explanation:
    """The decision in words. Raises NoText where a code, fact or value has none in `language`.

    `payments`: what was settled so far. `open_codes`: codes of the referral now open for the claim, of which an
    appeal or a failed payment says something that the decision itself does not. `officer_reason`: what the officer
    wrote whose review made this decision. `place`: the town before the date of the letter, where one is set.
    """
    frame = Frame(decision, language, tuple(payments), tuple(open_codes), officer_reason, place)
    outcome = frame.say("partly") if frame.is_partial else words.outcome_name(decision.outcome, language)
    return Explanation(
        language,
        frame.say("title", claim=decision.claim_id, outcome=outcome),
        tuple(letter(frame)),
        frame.say("record"),
        tuple(Record(frame).sections()),
        letterhead(frame),
    )


def sealed(found: Explanation, code: str | None) -> Explanation:
    """With the code by which a printed letter is checked; None: the decision has none yet."""
    return replace(found, seal=Seal(code, text(found.language, "frame", "seal", "waits" if code is None else "signed")))
