"""Answers of a determination by the labour inspector or the minister (PP 44/2015 art 48-50, amendment 15). Pure.

It answers the rows it speaks of. One that is appealed answers them, too, but rejects nothing, and refers the claim at
the end of row 15.
"""

from typing import Final

from pipeline.claims.case import Case
from schemas.claims import Determination
from schemas.clock import iso
from schemas.decisions import Scalar

# Whether it was a work accident is what these ask.
_WORK_RELATED: Final = frozenset(
    {"REF_SUDDEN_DEATH", "REF_PAK", "REF_VIOLENCE", "JKK_CONDUCT", "JKK_ROUTE_CHECK", "JKK_SELF_INFLICTED"}
)
_NONE: Final[frozenset[str]] = frozenset()


def is_appealed(case: Case) -> bool:
    return case.determination is not None and case.determination.status == "appealed"


def determined_codes(case: Case) -> frozenset[str]:
    """Codes of row 15 that it answers."""
    determination = case.determination
    return _WORK_RELATED if determination is not None and determination.work_related is not None else _NONE


def is_cause_determined(case: Case) -> bool:
    return case.determination is not None and case.determination.work_related is not None


def is_liability_determined(case: Case) -> bool:
    """Whether a row that asks who must pay is passed: BPJS must, or it is not final who."""
    determination = case.determination
    if determination is None or determination.liable is None:
        return False
    return determination.liable == "BPJS" or determination.status == "appealed"


def is_employer_determined(case: Case) -> bool:
    """Whether it is final that the employer must pay."""
    determination = case.determination
    return determination is not None and determination.liable == "EMPLOYER" and determination.status == "final"


def facts_of(determination: Determination) -> dict[str, Scalar]:
    return {"by": determination.by, "determined_on": iso(determination.decided_on)}
