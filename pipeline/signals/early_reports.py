"""The event came within days after cover began. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.facts import Material, Rule, Signal, Threshold, Version

NAME: Final = "early_reports"


def find(material: Material, law: Version) -> Iterator[Signal]:
    for one in material.claims:
        if one.cover_began is None:
            continue
        days = (one.event_date - one.cover_began).days
        if 0 <= days <= law["days"]:
            figures: dict[str, int | str] = {
                "days": days,
                "began": one.cover_began.isoformat(),
                "event": one.event_date.isoformat(),
            }
            yield Signal(NAME, law.since, "", (one.claim_id,), figures)


RULE: Final = Rule(
    NAME,
    "officers",
    (
        Version(
            dt.date(2026, 1, 1),
            {"days": Threshold(7, "events that come evenly over a year hit its first eight days 2 times in 100")},
        ),
    ),
    find,
)
