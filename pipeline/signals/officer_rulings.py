"""An officer refuses far more, or far less, often than the others. For auditors alone. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.chance import Group, Limits, beyond_peers
from pipeline.signals.facts import Material, Rule, RulingFacts, Signal, Threshold, Version

NAME: Final = "officer_rulings"
_OPINIONS: Final = ("approve", "change", "reject")


def find(material: Material, law: Version) -> Iterator[Signal]:
    by_officer: dict[str, list[RulingFacts]] = {}
    for one in material.rulings:
        if one.verdict in _OPINIONS:
            by_officer.setdefault(one.officer, []).append(one)
    groups = [Group(name, sum(one.verdict == "reject" for one in own), len(own)) for name, own in by_officer.items()]
    limits = Limits(law["least"], law["least_of"], law["percent_of_peers"])
    for found in beyond_peers(groups, limits, is_share=True, fewer=True):
        own = by_officer[found.group.name]
        is_more = found.group.hits * found.others_of > found.others * found.group.of
        claims = tuple(one.claim_id for one in own if (one.verdict == "reject") == is_more)
        figures = {"count": found.group.hits, "of": found.group.of}
        peers = {"others": found.others, "others_of": found.others_of, "one_in": found.one_in}
        yield Signal(NAME, law.since, found.group.name, claims, figures | peers)


RULE: Final = Rule(
    NAME,
    "auditors",
    (
        Version(
            dt.date(2026, 1, 1),
            {
                "least": Threshold(10, "fewer rulings of one kind are few claims, and chance"),
                "least_of": Threshold(20, "a share of fewer rulings says little"),
                "percent_of_peers": Threshold(130, "officers see different claims; a third more is more"),
            },
        ),
    ),
    find,
)
