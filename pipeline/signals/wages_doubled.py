"""The wage for the event was reported shortly before it, and is a multiple of the one before. Pure.

The law refers a claim whose sum follows from such a jump (WAGE_JUMP); this also shows those whose sum does not.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.facts import Material, Rule, Signal, Threshold, Version

NAME: Final = "wages_doubled"


def find(material: Material, law: Version) -> Iterator[Signal]:
    for one in material.claims:
        if one.wage is None or one.wage_before is None:
            continue
        if one.wage * 100 >= one.wage_before * law["percent_of_before"]:
            figures = {"wage": one.wage, "wage_before": one.wage_before}
            yield Signal(NAME, law.since, "", (one.claim_id,), figures)


RULE: Final = Rule(
    NAME,
    "officers",
    (
        Version(
            dt.date(2026, 1, 1),
            {"percent_of_before": Threshold(200, "a promotion seldom doubles a wage; a decimal too many does")},
        ),
    ),
    find,
)
