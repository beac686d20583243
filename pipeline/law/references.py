"""Where a rule without a number of its own stands in the law, and how sure of it we are.

Rules with a number carry the source of their parameter (`parameters/*.yaml`). Imports no rule.
"""

from typing import Final, NamedTuple

from schemas.codes import MARKERS, Marker


class Source(NamedTuple):
    reference: str
    marker: Marker


INPUT: Final = Source("decision table, row 1", "DESIGN")
DUPLICATES: Final = Source("decision table, row 2", "DESIGN")
LAW_OF_THE_DAY: Final = Source("rule version by event date", "DESIGN")
SEGMENT: Final = Source("Permenaker 4/2023", "DESIGN")
REGISTRATION: Final = Source("PP 44/2015 (registration)", "VERIFIED-2")
PROGRAM: Final = Source("PP 44/2015 art 34(1)", "VERIFIED-2")
START_OF_COVER: Final = Source("Permenaker 1/2025 art 3A", "VERIFIED-2")
SAME_DAY: Final = Source("decision table, row 6", "DESIGN")
NO_ARREARS_RULE: Final = Source("no arrears rule for this segment", "DESIGN")
MEMBERSHIPS: Final = Source("decision table, row 8", "DESIGN")
JKM_DEFINITION: Final = Source("PP 44/2015 art 1(2)", "VERIFIED")
WORK_ACCIDENT: Final = Source("PP 44/2015 art 1(6)", "VERIFIED")
IDENTITY: Final = Source("decision table, row 14", "DESIGN")
CERTIFICATE: Final = Source("Permenaker 1/2025 art 19(3)c", "VERIFIED")
APPROVED_ON_FILE: Final = Source("PP 44/2015 Lampiran III (orthosis, prosthesis, rehabilitation)", "RECALLED")
DISEASE: Final = Source("Perpres 7/2019", "VERIFIED-2")
VIOLENCE: Final = Source("Permenaker 1/2025 art 7(2)g", "VERIFIED-2")
CONDUCT: Final = Source("decision table, row 15", "DESIGN")
ROUTE: Final = Source("PP 44/2015 art 1(6)", "DESIGN")
MISSING_PERSON: Final = Source("Permenaker 4/2023 art 57", "DESIGN")
SELF_INFLICTED: Final = Source("decision table, row 15", "DESIGN")
WAGE: Final = Source("PP 44/2015 (last reported wage)", "RECALLED")
ONE_LAW: Final = Source("rule version by event date", "DESIGN")
PRIOR_DISABILITY: Final = Source("pay the difference only", "RECALLED")
CHILD_CHOICE: Final = Source("order of family and registration", "RECALLED")
HEIRS: Final = Source("PP 44/2015 art 37(5)", "VERIFIED")
JASA_RAHARJA: Final = Source("coordination with Jasa Raharja", "VERIFIED-2")
OFFICER: Final = Source("officer's decision on file", "DESIGN")

# procedure layer -> where the papers of a claim are listed
JKK_PAPERS: Final = {
    "P1_PMK26_2015": Source("Permenaker 26/2015", "RECALLED"),
    "P2_PMK5_2021": Source("Permenaker 5/2021 art 18-19", "VERIFIED-2"),
    "P3_PMK1_2025": Source("Permenaker 1/2025 art 19(3)", "VERIFIED"),
}
JKM_PAPERS: Final = Source("Permenaker 4/2023 art 57(1)", "RECALLED")
CONSTRUCTION_JKM_PAPERS: Final = Source("Permenaker 1/2025 art 79(2)", "VERIFIED-2")


def weakest(one: Marker, other: Marker) -> Marker:
    """The less certain of two markers: a line is no surer than the least sure number in it."""
    return max(one, other, key=MARKERS.index)
