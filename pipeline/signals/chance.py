"""Chance: how likely it alone makes a count so large, exactly, corrected for many comparisons. Pure.

Both tests ask only whether this one differs from its peers, whatever their common rate is: the rate is not estimated,
since the counts of all are given. Where all are alike, a rule reports anybody at all in at most one run of `ALARMS`.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import exp, lgamma, log
from typing import Final, NamedTuple

ALARMS: Final = 100
MOST_SHOWN: Final = 1_000_000  # one in so many, or fewer


class Group(NamedTuple):
    """`hits` of `of`: of the claims, rulings or workers of one."""

    name: str
    hits: int
    of: int


class Limits(NamedTuple):
    """Reported is only who has `least` hits in `least_of`, and `percent_of_peers` of its peers' share."""

    least: int
    least_of: int
    percent_of_peers: int


class Finding(NamedTuple):
    """`others`, `others_of`: of all its peers. `one_in`: chance makes it this large for one in so many like it."""

    group: Group
    others: int
    others_of: int
    one_in: int


def beyond_peers(groups: Sequence[Group], limits: Limits, *, is_share: bool, fewer: bool = False) -> list[Finding]:
    """Groups whose share is far above their peers', and too large for chance; the clearest first.

    `is_share`: the hits are a part of `of`; else events among `of` people. `fewer`: those below their peers are looked
    for as well, by what is left of `of`.
    What was found is no peer of the rest, or one that is far off would make others look so.
    """
    left, found = list(groups), list[Finding]()
    compared = sum(one.of >= limits.least_of for one in groups) * (2 if fewer else 1)
    while True:
        sides = [left, [Group(one.name, one.of - one.hits, one.of) for one in left]] if fewer else [left]
        tails = [(tail, at) for side in sides for at, tail in enumerate(_tails(side, limits, is_share=is_share))]
        tail, at = min(tails, default=(1.0, 0))
        if tail >= 1 or tail * compared * ALARMS > 1:
            return found
        one = left.pop(at)
        one_in = MOST_SHOWN if tail * MOST_SHOWN <= 1 else int(1 / tail)
        found.append(Finding(one, sum(other.hits for other in left), sum(other.of for other in left), one_in))


def _tails(groups: Sequence[Group], limits: Limits, *, is_share: bool) -> Iterator[float]:
    """Of each group; 1.0 where it is not to be reported."""
    total, total_of = sum(one.hits for one in groups), sum(one.of for one in groups)
    of_chance = share_tail if is_share else events_tail
    for one in groups:
        others, others_of = total - one.hits, total_of - one.of
        is_more = one.hits * others_of * 100 >= limits.percent_of_peers * others * one.of
        is_asked = one.of >= limits.least_of and one.hits >= limits.least and others_of > 0 and is_more
        yield of_chance(one.hits, one.of, total, total_of) if is_asked else 1.0


def share_tail(count: int, of: int, total: int, total_of: int) -> float:
    """Of `total_of`, `total` are marked; the chance that `of` drawn from them hold `count` marked or more (Fisher)."""
    last = min(of, total)
    whole = _choices(total_of, of)
    return min(1.0, sum(
        exp(_choices(total, one) + _choices(total_of - total, of - one) - whole)
        for one in range(max(count, of - (total_of - total)), last + 1)
    ))  # fmt: skip


def events_tail(count: int, of: int, total: int, total_of: int) -> float:
    """`total` events fall on `total_of` people alike; the chance that `count` or more fall on these `of` (binomial)."""
    if of >= total_of:
        return 1.0
    share, rest = log(of / total_of), log(1 - of / total_of)
    terms = (exp(_choices(total, one) + one * share + (total - one) * rest) for one in range(count, total + 1))
    return min(1.0, sum(terms))


@lru_cache(maxsize=100_000)
def _choices(of: int, count: int) -> float:
    """The logarithm of how many ways there are to choose."""
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
