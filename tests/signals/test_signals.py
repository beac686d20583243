"""Signals: on histories without an anomaly there are few, and each planted anomaly is found with its evidence."""

import datetime as dt
import random
from collections import Counter
from fractions import Fraction
from itertools import product
from math import comb
from typing import Any

import pytest

from pipeline.signals.chance import Group, Limits, beyond_peers, events_tail, share_tail
from pipeline.signals.facts import ClaimFacts, Material, RulingFacts, Signal
from pipeline.signals.rules import RULES, signals_in

TODAY = dt.date(2026, 8, 1)
CLINICS = [f"urn:santunan:clinic:c{at}" for at in range(20)]
DESKS = [f"urn:santunan:desk:d{at}" for at in range(8)]
OFFICERS = [f"urn:santunan:officer:o{at}" for at in range(8)]
EMPLOYERS = {f"NP{at:06}": size for at, size in enumerate([5, 20, 20, 50, 50, 100, 200, 400, 800, 1600] * 2)}


def claim(dice: random.Random, number: int, **change: Any) -> ClaimFacts:
    """One of an ordinary year: every clinic, desk and employer is like the others."""
    clinic = dice.choice(CLINICS)
    is_death = dice.random() < 0.1
    day = TODAY - dt.timedelta(days=dice.randrange(365))
    [employer] = dice.choices(list(EMPLOYERS), list(EMPLOYERS.values()))
    facts: dict[str, Any] = {
        "claim_id": f"K{number}",
        "person": f"p{number}",
        "event_date": day,
        "is_death": is_death,
        "opener": dice.choice(DESKS) if is_death else clinic,
        "clinics": () if is_death else (clinic,),
        "certifier": None if is_death else clinic,
        "days_unable": dice.choice((3, 7, 14, 30, 90)),
        "cover_began": day - dt.timedelta(days=dice.randrange(3 * 365)),
        "employer": employer,
    }
    return ClaimFacts(**(facts | change))


def year(seed: int, claims: int = 800) -> tuple[random.Random, list[ClaimFacts], list[RulingFacts]]:
    dice = random.Random(seed)
    rulings = [
        RulingFacts(dice.choice(OFFICERS), f"K{number}", dice.choices(("approve", "reject", "reassess"), (6, 3, 1))[0])
        for number in range(claims // 2)
    ]
    return dice, [claim(dice, number) for number in range(claims)], rulings


def found(claims: list[ClaimFacts], rulings: list[RulingFacts], name: str) -> list[Signal]:
    return [one for one in signals_in(Material(claims, rulings, EMPLOYERS), TODAY) if one.rule == name]


# --- without an anomaly


def test_years_without_an_anomaly_have_few_signals() -> None:
    years = 150
    per_year: Counter[str] = Counter()
    early = claims_of_all = 0
    for seed in range(years):
        _, claims, rulings = year(seed)
        claims_of_all += len(claims)
        signals = list(signals_in(Material(claims, rulings, EMPLOYERS), TODAY))
        early += sum(one.rule == "early_reports" for one in signals)
        per_year.update({one.rule for one in signals if "one_in" in one.facts})
    # At most one run in a hundred a comparison; what these years have is compared with a generous bound.
    assert all(per_year[rule.name] <= 0.04 * years for rule in RULES), per_year
    assert early / claims_of_all < 0.012, "8 of 1,095 days"
    assert not any(one.rule in ("many_clinics", "wages_doubled") for one in signals)


# --- planted


def test_a_clinic_that_certifies_too_long_is_found() -> None:
    dice, claims, rulings = year(1)
    planted = "urn:santunan:clinic:planted"
    claims += [claim(dice, 9000 + at, certifier=planted, is_death=False, days_unable=90) for at in range(12)]
    claims += [claim(dice, 9100 + at, certifier=planted, is_death=False, days_unable=5) for at in range(8)]
    [signal] = found(claims, rulings, "clinic_certificates")
    assert signal.subject == planted and signal.claims == tuple(f"K{9000 + at}" for at in range(12))
    assert (signal.facts["count"], signal.facts["of"]) == (12, 20) and int(signal.facts["one_in"]) > 2000


@pytest.mark.parametrize(("days", "is_found"), [(-1, False), (0, True), (7, True), (8, False)])
def test_an_event_within_days_after_cover_began_is_found(days: int, is_found: bool) -> None:
    began = dt.date(2026, 5, 1)
    planted = claim(random.Random(1), 1, cover_began=began, event_date=began + dt.timedelta(days=days))
    signals = found([planted], [], "early_reports")
    assert [(one.claims, one.facts["days"]) for one in signals] == ([(("K1",), days)] if is_found else [])


@pytest.mark.parametrize("clinics", [1, 2, 3, 5])
def test_one_accident_from_many_clinics_is_found(clinics: int) -> None:
    dice, claims, rulings = year(2)
    same = {"person": "p", "event_date": dt.date(2026, 5, 1), "is_death": False}
    claims += [claim(dice, 9000 + at, **same, clinics=(CLINICS[at],)) for at in range(clinics)]
    signals = found(claims, rulings, "many_clinics")
    assert [one.facts["clinics"] for one in signals] == ([clinics] if clinics >= 3 else [])
    assert all(one.claims == tuple(f"K{9000 + at}" for at in range(clinics)) for one in signals)


def test_an_employer_whose_workers_die_too_often_is_found() -> None:
    dice, claims, rulings = year(3)
    claims += [claim(dice, 9000 + at, is_death=True, employer="NP000001") for at in range(6)]
    [signal] = found(claims, rulings, "employer_deaths")
    assert signal.subject == "NP000001" and {f"K{9000 + at}" for at in range(6)} <= set(signal.claims)


def test_a_death_that_is_claimed_twice_counts_once() -> None:
    dice, claims, rulings = year(3)
    claims += [claim(dice, 9000 + at, is_death=True, employer="NP000001", person="one") for at in range(6)]
    assert found(claims, rulings, "employer_deaths") == []


def test_a_desk_whose_deaths_come_soon_after_cover_is_found() -> None:
    dice, claims, rulings = year(4)
    planted, day = "urn:santunan:desk:planted", dt.date(2026, 5, 1)
    soon = {"opener": planted, "is_death": True, "event_date": day}
    claims += [claim(dice, 9000 + at, **soon, cover_began=day - dt.timedelta(days=60 + at)) for at in range(9)]
    [signal] = found(claims, rulings, "desk_deaths")
    assert signal.subject == planted and len(signal.claims) == 9


@pytest.mark.parametrize(("wage", "is_found"), [(5_999_999, False), (6_000_000, True)])
def test_a_wage_that_doubled_is_found(wage: int, is_found: bool) -> None:
    planted = claim(random.Random(1), 1, wage_before=3_000_000, wage=wage)
    assert [one.claims for one in found([planted], [], "wages_doubled")] == ([("K1",)] if is_found else [])


@pytest.mark.parametrize("verdict", ["reject", "approve"])
def test_an_officer_far_from_the_others_is_found_for_auditors(verdict: str) -> None:
    _, claims, rulings = year(5)
    planted = "urn:santunan:officer:planted"
    rulings += [RulingFacts(planted, f"K{at}", verdict) for at in range(60)]
    [signal] = found(claims, rulings, "officer_rulings")
    assert signal.subject == planted and len(signal.claims) == 60
    assert next(one.audience for one in RULES if one.name == signal.rule) == "auditors"


# --- rules and chance


def test_a_rule_finds_nothing_before_its_day_and_gives_reasons() -> None:
    dice, claims, rulings = year(1)
    claims.append(claim(dice, 1, wage_before=1, wage=100))
    before = min(rule.versions[0].since for rule in RULES) - dt.timedelta(days=1)
    assert list(signals_in(Material(claims, rulings, EMPLOYERS), before)) == []
    for rule in RULES:
        days = [one.since for one in rule.versions]
        assert days == sorted(set(days))
        assert all(one.reason for version in rule.versions for one in version.thresholds.values())


def test_tails_are_those_of_counting_every_case() -> None:
    for total_of, total, of in product((6, 9), (0, 2, 4), (1, 3, 5)):
        for count in range(min(of, total) + 1):
            ways = sum(comb(total, one) * comb(total_of - total, of - one) for one in range(count, of + 1))
            assert abs(share_tail(count, of, total, total_of) - ways / comb(total_of, of)) < 1e-9
        for count in range(total + 1):
            share = Fraction(of, total_of)
            exact = sum(comb(total, one) * share**one * (1 - share) ** (total - one) for one in range(count, total + 1))
            assert abs(events_tail(count, of, total, total_of) - float(exact)) < 1e-9


def test_more_comparisons_need_a_larger_difference() -> None:
    one = Group("planted", 8, 20)
    limits = Limits(5, 10, 200)
    few = beyond_peers([one, *[Group(f"c{at}", 4, 40) for at in range(5)]], limits, is_share=True)
    many = beyond_peers([one, *[Group(f"c{at}", 1, 10) for at in range(60)]], limits, is_share=True)
    assert [finding.group for finding in few] == [one] and many == []


def test_who_is_far_off_does_not_make_the_others_look_so() -> None:
    limits = Limits(10, 20, 130)
    others = [Group(f"o{at}", 15, 50) for at in range(4)]
    assert [
        one.group.name for one in beyond_peers([*others, Group("planted", 95, 100)], limits, is_share=True, fewer=True)
    ] == ["planted"]
