"""All rules, and the one function that finds what they find. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals import (
    clinic_certificates,
    desk_deaths,
    early_reports,
    employer_deaths,
    many_clinics,
    officer_rulings,
    wages_doubled,
)
from pipeline.signals.facts import Audience, Material, Rule, Signal

RULES: Final[tuple[Rule, ...]] = (
    clinic_certificates.RULE,
    many_clinics.RULE,
    early_reports.RULE,
    employer_deaths.RULE,
    desk_deaths.RULE,
    wages_doubled.RULE,
    officer_rulings.RULE,
)
AUDIENCE: Final[dict[str, Audience]] = {one.name: one.audience for one in RULES}


def signals_in(material: Material, day: dt.date) -> Iterator[Signal]:
    """By the version of each rule that is in force on `day`."""
    for rule in RULES:
        version = rule.on(day)
        if version is not None:
            yield from rule.find(material, version)
