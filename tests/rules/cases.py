"""Reads the cases of one YAML file: groups with what they have in common, and each case with why it is so.

Dates stay text: a case is read as it is written.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_GROUP_WORDS = {"rule", "facts", "decision", "cases"}
_CASE_WORDS = {"id", "why", "facts", "decision"}


@dataclass(frozen=True)
class RuleCase:
    name: str
    why: str
    facts: dict[str, Any]
    decision: dict[str, Any]


class _Loader(yaml.SafeLoader):
    pass


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class CaseFile:
    """A file is a list of groups; a group's `facts` and `decision` hold for each of its cases unless it says else."""

    def __init__(self, path: Path) -> None:
        self.cases: list[RuleCase] = []
        for group in yaml.load(path.read_text("utf-8"), _Loader):  # noqa: S506  a safe loader that leaves dates alone
            assert set(group) <= _GROUP_WORDS, f"{path.name}: unknown word in a group: {set(group) - _GROUP_WORDS}"
            for case in group["cases"]:
                assert set(case) <= _CASE_WORDS, f"{path.name}: unknown word: {set(case) - _CASE_WORDS}"
                self.cases.append(
                    RuleCase(
                        case["id"],
                        case["why"],
                        {**group.get("facts", {}), **case.get("facts", {})},
                        {**group.get("decision", {}), **case.get("decision", {})},
                    )
                )


def cases_of(path: Path) -> list[RuleCase]:
    return CaseFile(path).cases
