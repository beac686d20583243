"""More of the deaths that a desk reported came soon after cover began than of its peers'. Pure.

How many deaths a desk reports follows from how many families come to it, so the number alone says nothing.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.chance import Group, Limits, beyond_peers
from pipeline.signals.facts import ClaimFacts, Material, Rule, Signal, Threshold, Version
from schemas.values import source_kind

NAME: Final = "desk_deaths"


def find(material: Material, law: Version) -> Iterator[Signal]:
    by_desk: dict[str, list[ClaimFacts]] = {}
    for one in material.claims:
        if one.is_death and one.cover_began is not None and source_kind(one.opener) == "desk":
            by_desk.setdefault(one.opener, []).append(one)
    groups = [Group(name, sum(_is_early(one, law) for one in own), len(own)) for name, own in by_desk.items()]
    limits = Limits(law["least"], law["least_of"], law["percent_of_peers"])
    for found in beyond_peers(groups, limits, is_share=True):
        claims = tuple(one.claim_id for one in by_desk[found.group.name] if _is_early(one, law))
        figures = {"count": found.group.hits, "of": found.group.of, "days": law["days"]}
        peers = {"others": found.others, "others_of": found.others_of, "one_in": found.one_in}
        yield Signal(NAME, law.since, found.group.name, claims, figures | peers)


def _is_early(claim: ClaimFacts, law: Version) -> bool:
    return claim.cover_began is not None and (claim.event_date - claim.cover_began).days < law["days"]


RULE: Final = Rule(
    NAME,
    "officers",
    (
        Version(
            dt.date(2026, 1, 1),
            {
                "days": Threshold(180, "half a year: who registers the dying does not wait longer"),
                "least": Threshold(4, "fewer deaths are few people, and chance"),
                "least_of": Threshold(5, "a share of fewer deaths says little"),
                "percent_of_peers": Threshold(200, "regions differ; twice the share is more"),
            },
        ),
    ),
    find,
)
