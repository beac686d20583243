"""More of an employer's workers die than of its peers'. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from pipeline.signals.chance import Group, Limits, beyond_peers
from pipeline.signals.facts import Material, Rule, Signal, Threshold, Version

NAME: Final = "employer_deaths"


def find(material: Material, law: Version) -> Iterator[Signal]:
    deaths: dict[str, dict[str, str]] = {}  # by employer, a claim of each person: a death is claimed once or twice
    for one in material.claims:
        if one.is_death and one.employer is not None:
            deaths.setdefault(one.employer, {}).setdefault(one.person, one.claim_id)
    groups = [
        Group(name, len(deaths.get(name, ())), max(workers, len(deaths.get(name, ()))))
        for name, workers in material.workers.items()
    ]
    limits = Limits(law["least"], law["least_of"], law["percent_of_peers"])
    for found in beyond_peers(groups, limits, is_share=False):
        figures = {"count": found.group.hits, "of": found.group.of}
        peers = {"others": found.others, "others_of": found.others_of, "one_in": found.one_in}
        yield Signal(NAME, law.since, found.group.name, tuple(deaths[found.group.name].values()), figures | peers)


RULE: Final = Rule(
    NAME,
    "officers",
    (
        Version(
            dt.date(2026, 1, 1),
            {
                "least": Threshold(4, "fewer deaths are few people, and chance"),
                "least_of": Threshold(4, "every employer has a rate; the chance allows for small ones"),
                "percent_of_peers": Threshold(300, "trades and ages differ; three times the rate is more"),
            },
        ),
    ),
    find,
)
