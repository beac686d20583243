"""References to the law for rules without a number of their own, each with its marker of certainty.

Rules with a number carry the reference of their parameter (`parameters/*.yaml`). Imports no rule.
"""

import datetime as dt
from typing import Any, Final, NamedTuple, TypeAlias

from pipeline.law.declarations import Value
from schemas.codes import MARKERS, Marker


class Reference(NamedTuple):
    reference: str
    marker: Marker


class Dated(NamedTuple):
    """What is cited on a day: the newest that had begun. The first one counts from the beginning."""

    since: tuple[tuple[dt.date, Reference], ...]

    def on(self, day: dt.date) -> Reference:
        found = self.since[0][1]
        for begin, reference in self.since[1:]:
            if begin <= day:
                found = reference
        return found


def _known_from(day: dt.date, law: str, marker: Marker, before: Reference | None = None) -> Dated:
    """Before `day` what was in force then; None: no text of that time was found, and it says so."""
    before = before or Reference(f"no earlier text found; taken as in {law}", "DESIGN")
    return Dated(((dt.date.min, before), (day, Reference(law, marker))))


Origin: TypeAlias = "Value[Any] | Reference"  # the law that a check or a line follows from


# First days of regulations (rules.md section 1).
_PERPRES_7_2019: Final = dt.date(2019, 1, 29)
_PP_82_2019: Final = dt.date(2019, 12, 2)
_PERMENAKER_5_2021: Final = dt.date(2021, 4, 1)
_PERMENAKER_4_2023: Final = dt.date(2023, 2, 22)
_PERMENAKER_1_2025: Final = dt.date(2025, 2, 24)

INPUT: Final = Reference("decision table, row 1", "DESIGN")
DUPLICATES: Final = Reference("decision table, row 2", "DESIGN")
LAW_OF_THE_DAY: Final = Reference("rule version by event date", "VERIFIED-2")
SEGMENT: Final = _known_from(_PERMENAKER_4_2023, "Permenaker 4/2023", "DESIGN")
REGISTRATION: Final = Reference("PP 44/2015 (registration)", "VERIFIED-2")
PROGRAM: Final = Reference("PP 44/2015 art 34(1)", "VERIFIED-2")
START_OF_COVER: Final = _known_from(_PERMENAKER_1_2025, "Permenaker 1/2025 art 3A", "VERIFIED-2")
SAME_DAY: Final = Reference("decision table, row 6", "DESIGN")
NO_ARREARS_RULE: Final = Reference("no arrears rule for this segment", "DESIGN")
MEMBERSHIPS: Final = Reference("decision table, row 8", "DESIGN")
JKM_DEFINITION: Final = Reference("PP 44/2015 art 1(2)", "VERIFIED")
WORK_ACCIDENT: Final = Reference("PP 44/2015 art 1(6)", "VERIFIED")
IDENTITY: Final = Reference("decision table, row 14", "DESIGN")
CERTIFICATE: Final = Dated(
    (
        (dt.date.min, Reference("Permenaker 26/2015", "RECALLED")),
        (_PERMENAKER_5_2021, Reference("Permenaker 5/2021 art 18-19", "VERIFIED-2")),
        (_PERMENAKER_1_2025, Reference("Permenaker 1/2025 art 19(3)c", "VERIFIED")),
    )
)
APPROVED_ON_FILE: Final = _known_from(
    _PP_82_2019,
    "PP 82/2019 Lampiran III (orthosis, prosthesis, rehabilitation)",
    "VERIFIED-2",
    Reference("PP 44/2015 Lampiran III (orthosis, prosthesis, rehabilitation)", "VERIFIED-2"),
)
DISEASE: Final = _known_from(_PERPRES_7_2019, "Perpres 7/2019", "VERIFIED-2")
VIOLENCE: Final = _known_from(_PERMENAKER_1_2025, "Permenaker 1/2025 art 7(2)g", "VERIFIED-2")
CONDUCT: Final = Reference("decision table, row 15", "DESIGN")
ROUTE: Final = Reference("PP 44/2015 art 1(6)", "DESIGN")
MISSING_PERSON: Final = _known_from(_PERMENAKER_4_2023, "Permenaker 4/2023 art 57", "DESIGN")
MISSING_AT_WORK: Final = Reference("letter of the search and rescue agency (practice of 2022)", "VERIFIED-2")
SELF_INFLICTED: Final = Reference("decision table, row 15", "DESIGN")
WAGE: Final = Reference("PP 44/2015 (last reported wage)", "RECALLED")
ONE_LAW: Final = Reference("rule version by event date", "DESIGN")
PRIOR_DISABILITY: Final = Reference("pay the difference only", "RECALLED")
CHILD_CHOICE: Final = Reference("order of family and registration", "RECALLED")
HEIRS: Final = Reference("PP 44/2015 art 37(5)", "VERIFIED")
DETERMINATION: Final = Reference("PP 44/2015 art 48-50", "VERIFIED-2")
WORKING: Final = Reference("BPJS Ketenagakerjaan on members who did not work when registered", "VERIFIED-2")
COURT_DECISION: Final = Reference("PP 44/2015 art 37(5)", "DESIGN")
JASA_RAHARJA: Final = Reference("coordination with Jasa Raharja", "VERIFIED-2")
HOLIDAYS_ESTIMATED: Final = Reference("holidays of the year estimated", "RECALLED")
HOLIDAYS_UNKNOWN: Final = Reference("holidays of the year not known", "DESIGN")
OFFICER: Final = Reference("officer's decision on file", "DESIGN")
CONFIRMATION: Final = Reference("decision table, row 7", "DESIGN")
PARTIES: Final = Reference("decision table, row 2", "DESIGN")

# procedure layer -> the article that lists the documents of a claim
JKK_PAPERS: Final = {
    "P1_PMK26_2015": Reference("Permenaker 26/2015", "RECALLED"),
    "P2_PMK5_2021": Reference("Permenaker 5/2021 art 18-19", "VERIFIED-2"),
    "P3_PMK1_2025": Reference("Permenaker 1/2025 art 19(3)", "VERIFIED"),
}
JKM_PAPERS: Final = _known_from(_PERMENAKER_4_2023, "Permenaker 4/2023 art 57(1)", "RECALLED")
CONSTRUCTION_JKM_PAPERS: Final = _known_from(_PERMENAKER_1_2025, "Permenaker 1/2025 art 79(2)", "VERIFIED-2")


def weakest(one: Marker, other: Marker) -> Marker:
    """The less certain of two markers: a line is no surer than the least sure number in it."""
    return max(one, other, key=MARKERS.index)
