"""Principals: names, the persons behind them, and the roles that one person may not hold together."""

import pytest

from pipeline.access.principals import KINDS, BadPrincipal, Principal, new_principal, require_compatible

APART = ("office", "payments", "auditor", "operator")


def test_a_principal_is_named_by_its_kind_and_who() -> None:
    found = new_principal("clinic", "plkk-0012")
    assert (found.name, found.kind, found.who, found.person) == (
        "urn:santunan:clinic:plkk-0012",
        "clinic",
        "plkk-0012",
        None,
    )


@pytest.mark.parametrize("kind", ["office", "officer", "auditor", "operator"])
def test_those_who_are_always_a_person_are_the_person_of_their_name(kind: str) -> None:
    assert new_principal(kind, "siti").person == "siti"
    assert new_principal(kind, "siti-2", "siti").person == "siti"


def test_the_clock_is_no_principal() -> None:
    with pytest.raises(BadPrincipal, match="no kind"):
        new_principal("system", "clock")


@pytest.mark.parametrize("who", ["", "Siti", "a b", "-a", "a" * 65, "siti\n", "1234567890123456"])
def test_a_name_that_is_none_is_refused_and_not_repeated_as_a_nik(who: str) -> None:
    with pytest.raises(BadPrincipal) as refused:
        new_principal("clinic", who)
    assert "1234567890123456" not in str(refused.value)
    with pytest.raises(BadPrincipal):
        new_principal("officer", "good", who)


@pytest.mark.parametrize("who", ["a", "a" * 64, "123456789012345"])
def test_a_name_at_its_limits_is_taken(who: str) -> None:
    assert new_principal("clinic", who).who == who


@pytest.mark.parametrize("other", [kind for kind in KINDS if kind != "officer"])
def test_an_officer_holds_no_role_that_officers_are_kept_apart_from(other: str) -> None:
    officer, second = new_principal("officer", "siti"), new_principal(other, "siti-x", "siti")
    for first, then in ((officer, second), (second, officer)):
        if other in APART:
            with pytest.raises(BadPrincipal, match="at once"):
                require_compatible(then, [first])
        else:
            require_compatible(then, [first])
        require_compatible(then, [Principal(first.name, "budi")])


def test_two_ids_of_one_role_are_one_person() -> None:
    first, second = new_principal("officer", "siti"), new_principal("officer", "siti-2", "siti")
    require_compatible(second, [first, second])
    assert first.person == second.person
