"""A clinic or hospital certifies long inability to work more often than its peers of the same kind. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.chance import Group, Limits, beyond_peers
from pipeline.signals.facts import ClaimFacts, Material, Rule, Signal, Threshold, Version
from schemas.values import source_kind

NAME: Final = "clinic_certificates"


def find(material: Material, law: Version) -> Iterator[Signal]:
    for kind in ("clinic", "hospital"):
        by_clinic: dict[str, list[ClaimFacts]] = {}
        for one in material.claims:
            if one.certifier is not None and source_kind(one.certifier) == kind:
                by_clinic.setdefault(one.certifier, []).append(one)
        groups = [
            Group(name, sum(_is_long(one, law) for one in claims), len(claims)) for name, claims in by_clinic.items()
        ]
        limits = Limits(law["least"], law["least_of"], law["percent_of_peers"])
        for found in beyond_peers(groups, limits, is_share=True):
            claims = tuple(one.claim_id for one in by_clinic[found.group.name] if _is_long(one, law))
            figures = {"count": found.group.hits, "of": found.group.of, "days": law["long_days"]}
            peers = {"others": found.others, "others_of": found.others_of, "one_in": found.one_in}
            yield Signal(NAME, law.since, found.group.name, claims, figures | peers)


def _is_long(claim: ClaimFacts, law: Version) -> bool:
    return claim.days_unable >= law["long_days"]


RULE: Final = Rule(
    NAME,
    "officers",
    (
        Version(
            dt.date(2026, 1, 1),
            {
                "long_days": Threshold(60, "two months: a plain fracture heals in less"),
                "least": Threshold(5, "fewer are few people, and chance"),
                "least_of": Threshold(10, "a share of fewer certificates says little"),
                "percent_of_peers": Threshold(200, "clinics differ in what they treat; twice the share is more"),
            },
        ),
    ),
    find,
)
