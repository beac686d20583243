"""Heirs: the persons who may receive what a death pays (PP 44/2015 art 37(5)). Pure."""

from typing import Final

from pipeline.claims.case import Case
from pipeline.law.declarations import Law
from schemas.codes import PaperName, Payee

NO_HEIR: Final = "none"
_BY_LETTER: Final = "heir_letter"
_BY_WILL: Final = "will"
_BY_COURT: Final = "court_decision"


def first_heir(case: Case, law: Law) -> str:
    """Whom a court named, else the first in the law's order who lives, `will`, or `none`.

    While no heirs are listed, the heir letter of the official counts as an heir; row 14 asks for it.
    """
    if case.court_decision is not None:
        return _BY_COURT
    heirs = case.heirs
    if heirs is None:
        return _BY_LETTER
    living = {one.relation for one in heirs.relatives if one.alive}
    for group in law.heirs_order.value:
        for relation in group:
            if relation in living:
                return str(relation)
    if case.children:
        return "child"  # a child on the family card inherits even when not listed as an heir
    return _BY_WILL if heirs.notarial_will else NO_HEIR


def has_heir(case: Case, law: Law) -> bool:
    """ "Other" relatives inherit by a notarial will only."""
    return case.heirs is None or first_heir(case, law) != NO_HEIR


def heir_paper(case: Case, law: Law) -> tuple[PaperName, ...]:
    """What shows who inherits: the court's letter where a court decided, else the official's, for an heir there is."""
    if case.court_decision is not None:
        return ("court_letter",)
    return ("heir_letter",) if has_heir(case, law) else ()


def is_funeral_arranged(case: Case) -> bool:
    return case.heirs is None or case.heirs.funeral_arranged


def payee_of(case: Case) -> Payee:
    """The member while alive, then the heirs."""
    return "member" if case.death is None else "heirs"
