"""One accident of one person, from several clinics and hospitals. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.facts import ClaimFacts, Material, Rule, Signal, Threshold, Version

NAME: Final = "many_clinics"


def find(material: Material, law: Version) -> Iterator[Signal]:
    by_event: dict[tuple[str, dt.date], list[ClaimFacts]] = {}
    for one in material.claims:
        by_event.setdefault((one.person, one.event_date), []).append(one)
    for (_, day), claims in by_event.items():
        clinics = {clinic for one in claims for clinic in one.clinics}
        if len(clinics) >= law["clinics"]:
            figures: dict[str, int | str] = {"clinics": len(clinics), "claims": len(claims), "event": day.isoformat()}
            yield Signal(NAME, law.since, "", tuple(one.claim_id for one in claims), figures)


RULE: Final = Rule(
    NAME,
    "officers",
    (
        Version(
            dt.date(2026, 1, 1),
            {"clinics": Threshold(3, "a clinic that refers to a hospital makes two")},
        ),
    ),
    find,
)
