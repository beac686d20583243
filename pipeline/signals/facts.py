"""Facts that signals are found in, signals, and the dated rules that find them. Pure."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Audience = Literal["officers", "auditors"]
Facts = Mapping[str, int | str]


class ClaimFacts(NamedTuple):
    """One claim of the window. `person`: the same for claims of one person, and shown nowhere. `clinics`: clinics and
    hospitals that sent something. `certifier`: who certified first; `days_unable`: what was certified.

    `cover_began`: the first day of cover of the registration on the day of the event. `employer`: of that day.
    `wage_before`, `wage`: rupiah, where a report of the last months raised the wage by more than the law trusts.
    """

    claim_id: str
    person: str
    event_date: dt.date
    is_death: bool
    opener: str
    clinics: tuple[str, ...] = ()
    certifier: str | None = None
    days_unable: int = 0
    cover_began: dt.date | None = None
    employer: str | None = None
    wage_before: int | None = None
    wage: int | None = None


class RulingFacts(NamedTuple):
    """`verdict`: approve, change, reject; others are no opinion on the claim."""

    officer: str
    claim_id: str
    verdict: str


class Material(NamedTuple):
    """`workers`: members by the number of their employer, with the claims' employers among them."""

    claims: Sequence[ClaimFacts]
    rulings: Sequence[RulingFacts] = ()
    workers: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Signal:
    """`rule` and `since`: which version of which rule found it. `subject`: a source, an employer's number, or empty
    where it is about the claims alone. `claims`: its evidence. `facts`: the figures of its sentence."""

    rule: str
    since: dt.date
    subject: str
    claims: tuple[str, ...]
    facts: Facts


class Threshold(NamedTuple):
    """A number of a rule, and why it is this one."""

    value: int
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """In force from `since` on."""

    since: dt.date
    thresholds: Mapping[str, Threshold]

    def __getitem__(self, name: str) -> int:
        return self.thresholds[name].value


@dataclass(frozen=True, slots=True)
class Rule:
    """`versions`: the oldest first. `audience`: signals about officers go to auditors alone."""

    name: str
    audience: Audience
    versions: tuple[Version, ...]
    find: Callable[[Material, Version], Iterator[Signal]]

    def on(self, day: dt.date) -> Version | None:
        """The version in force; None: there is none yet."""
        return next((one for one in reversed(self.versions) if one.since <= day), None)
