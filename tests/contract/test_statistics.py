"""Statistics on both engines: what the database counts is what a slow count over published decisions finds."""

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.principals import new_principal
from pipeline.errors import Poison
from pipeline.law.calendar import working_days_after
from pipeline.nik_key import NikKey
from pipeline.operations.statistics import OUTCOMES, Statistics, read_statistics
from schemas import topics
from schemas.clock import JAKARTA
from tests.support import events as e
from tests.support.front import front_of
from tests.support.lives import Lives
from tests.support.site import Site

AUDITOR = new_principal("auditor", "ani")
Documents = list[dict[str, Any]]


def lived(site: Site, seed: int, length: int = 250) -> Documents:
    """The events of some lives that were accepted; the site has read them all."""
    steps = list(Lives(seed).run(length))
    site.run(*[one.document for one in steps])
    return [one.document for one in steps if one.refusal is None]


def day_of(moment: str) -> dt.date:
    return dt.datetime.fromisoformat(moment).astimezone(JAKARTA).date()


def of_claims(decided: Documents) -> dict[str, Documents]:
    found: dict[str, Documents] = defaultdict(list)
    for one in decided:
        found[one["claim_id"]].append(one)
    return found


def plain_counts(decided: Documents, holds: Callable[[dt.date], bool]) -> Counter[tuple[str, str, str, str]]:
    """By table, key, programme and outcome."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for one in decided:
        day = day_of(one["decided_at"])
        if holds(day):
            named = one["program"], one["outcome"]
            found["outcomes", "", *named] += 1
            found["months", f"{day:%Y-%m}", *named] += 1
            for code in one["reason_codes"]:
                found["reasons", code, *named] += 1
    return found


def counts_of(found: Statistics) -> Counter[tuple[str, str, str, str]]:
    return Counter(
        {
            (row.table, row.key, row.program, outcome): count
            for row in found.counts
            if row.table != "regions"
            for outcome in OUTCOMES
            if (count := getattr(row, outcome.lower()))
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_slow_count(site: Site, seed: int) -> None:
    lived(site, seed)
    decided = site.data(topics.DECISIONS)
    days = sorted(day_of(one["decided_at"]) for one in decided)
    middle = days[len(days) // 2]
    for since, until in ((None, None), (middle, None), (None, middle), (days[3], middle)):
        found = read_statistics(front_of(site), AUDITOR, since=since, until=until)

        def holds(day: dt.date, since: dt.date | None = since, until: dt.date | None = until) -> bool:
            return (since is None or since <= day) and (until is None or day < until)

        assert counts_of(found) == plain_counts(decided, holds)
    assert counts_of(found) and len(decided) > 60


@pytest.mark.parametrize("seed", range(3))
def test_hands_and_times_are_those_of_a_slow_count(site: Site, seed: int) -> None:
    documents = lived(site, seed)
    received = {
        one["data"]["claim_id"]: day_of(one["time"])
        for one in reversed(documents)
        if one["type"] in ("santunan.claim.accident.v1", "santunan.claim.death.v1")
    }
    reviewed = {one["data"]["claim_id"] for one in documents if one["type"] == "santunan.claim.reviewed.v1"}
    found = read_statistics(front_of(site), AUDITOR)
    for hands, times in zip(found.hands, found.decision_times, strict=True):
        days, alone, refused, reversed_ = [], 0, 0, 0
        for claim, own in of_claims(site.data(topics.DECISIONS)).items():
            effective = [one for one in own if one["outcome"] in ("APPROVED", "REJECTED")]
            if not effective or own[0]["program"] != hands.program:
                continue
            days.append((day_of(effective[0]["decided_at"]) - received[claim]).days)
            alone += claim not in reviewed and all(one["outcome"] != "REFERRED" for one in own)
            outcomes = [one["outcome"] for one in own]
            refused += "REJECTED" in outcomes
            reversed_ += "REJECTED" in outcomes and "APPROVED" in outcomes[outcomes.index("REJECTED") :]
        assert (hands.decided, hands.alone, hands.refused, hands.reversed) == (len(days), alone, refused, reversed_)
        assert times.claims == len(days) and times.longest == max(days, default=0)
        assert not days or times.median == statistics.median_low(days)


@pytest.mark.parametrize("seed", range(3))
def test_rulings_and_their_reversals_are_those_of_a_slow_count(site: Site, seed: int) -> None:
    documents = lived(site, seed, 400)
    decided = of_claims(site.data(topics.DECISIONS))
    plain: Counter[tuple[str, str]] = Counter()
    for one in documents:
        if one["type"] != "santunan.claim.reviewed.v1":
            continue
        data = one["data"]
        plain[one["source"], data["verdict"]] += 1
        after = [other["outcome"] for other in decided[data["claim_id"]] if other["revision"] > data["revision"]]
        led_to = after[0] if after and after[0] in ("APPROVED", "REJECTED") else None
        said = {"approve": "APPROVED", "change": "APPROVED", "reject": "REJECTED"}.get(data["verdict"])
        first = led_to or said
        opposite = {"APPROVED": "REJECTED", "REJECTED": "APPROVED"}.get(first or "")
        plain[one["source"], "reversed"] += opposite in after
    found = read_statistics(front_of(site), AUDITOR).officers
    assert {name for name, _ in plain} == {one.officer for one in found}
    for one in found:
        for column in ("approve", "change", "reject", "request_documents", "reassess", "reversed"):
            assert getattr(one, column) == plain[one.officer, column], (one.officer, column)
    assert sum(plain[name, "reversed"] for name, _ in plain), "nothing is reversed in these lives"


def test_payments_are_compared_with_the_days_of_the_law(site: Site) -> None:
    site.run(
        *e.member(),
        *[e.accident(f"K{at}", f"2024-0{at}-05") for at in range(1, 5)],
        e.settled("K1.r1.member", 4_000_000, "2024-01-15"),
        e.settled("K2.r1.member", 4_000_000, "2024-03-10"),
        e.death("M1", "2024-08-05"),
    )
    front = front_of(site)
    jkk, jkm = read_statistics(front, AUDITOR).payment_times
    deadline = working_days_after(dt.date(2024, 2, 5), 7, front.book)
    days = (dt.date(2024, 3, 10) - deadline).days
    assert (jkk.claims, jkk.in_time, jkk.late, jkk.unpaid, jkk.unpaid_late) == (4, 1, 1, 2, 2)
    assert jkk.longest_days_late == jkk.median_days_late == days
    assert jkk.cost == 4_000_000 * days // 100
    assert (jkm.claims, jkm.unpaid_late, jkm.cost) == (1, 1, 0)
    limits = {one.name: (one.value, one.reference) for one in read_statistics(front, AUDITOR).limits}
    assert limits["payment_working_days_jkk"][0] == 7 and "PP 44/2015" in limits["payment_working_days_jkk"][1]


def test_regions_with_few_people_are_one_row_and_small_counts_are_left_out(site: Site) -> None:
    numbers = [f"2200000{at:04}" for at in range(12)]
    niks = [f"{'3671' if at < 8 else '3171' if at < 11 else '1171'}0101018{at:05}" for at in range(12)]
    members = [one for number, nik in zip(numbers, niks, strict=True) for one in e.member(number, nik)]
    claims = [e.accident(f"K{at}", number=number) for at, number in enumerate(numbers)]
    site.run(*members, *claims)
    found = read_statistics(front_of(site), AUDITOR).table("regions")
    assert [(one.key, one.groups, one.total, one.approved) for one in found] == [("*", 3, 12, 12), ("", 0, 12, 12)]


def test_regions_are_those_of_the_nik_where_it_is_written_under_a_key(tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db", nik_key=NikKey(b"a" * 64))
    niks = {f"2200000{at:04}": f"{3671 if at < 6 else 3171}0101018{at:05}" for at in range(12)}
    members = [one for number, nik in niks.items() for one in e.member(number, nik)]
    site.run(*members, *[e.accident(f"K{number}", number=number) for number in niks])
    found = read_statistics(front_of(site), AUDITOR).table("regions")
    site.close()
    assert {one.key: one.total for one in found} == {"36": 6, "31": 6, "": 12}


def test_an_officer_sees_his_own_rulings_by_name_and_an_office_none(site: Site) -> None:
    lived(site, 1, 400)
    own, office = new_principal("officer", "a"), new_principal("office", "tangerang")
    everybody = read_statistics(front_of(site), AUDITOR).officers
    seen = read_statistics(front_of(site), own).officers
    assert {one.officer for one in seen} == {"", own.name}
    [merged] = read_statistics(front_of(site), office).officers
    assert merged.officer == "" and merged.rulings == sum(one.rulings for one in everybody)
    assert merged.reversed == sum(one.reversed for one in everybody)


def test_a_period_that_ends_before_it_begins_is_refused(site: Site) -> None:
    with pytest.raises(Poison) as refused:
        read_statistics(front_of(site), AUDITOR, since=dt.date(2024, 1, 2), until=dt.date(2024, 1, 2))
    assert [one.field for one in refused.value.errors] == ["until"]
    assert read_statistics(front_of(site), AUDITOR).counts  # of an empty store, too
