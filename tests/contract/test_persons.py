"""Who is one person: several memberships, NIKs that were entered wrong and corrected, and how far that leads."""

import pytest

from pipeline.audit.invariants import check
from pipeline.claims.limits import MOST_MEMBERSHIPS_OF_A_PERSON
from pipeline.store.tables import paid_lines
from tests.support import events as e
from tests.support.site import Site


def test_members_registered_with_their_neighbours_niks_are_not_one_person(site: Site) -> None:
    """Each former NIK leads to the next member, whose former NIK leads to the next, through the whole list."""
    numbers = [f"200000{at:05}" for at in range(40)]
    niks = [f"36710101018{at:05}" for at in range(41)]
    site.run(*(told for number, nik in zip(numbers, niks, strict=False) for told in e.member(number, nik)))
    right = zip(numbers, niks[1:], strict=True)
    site.run(*(e.registered(number, nik, time="2020-01-01T08:00:00") for number, nik in right))
    for claim_id, number in (("K1", numbers[-1]), ("K2", numbers[20])):
        site.run(e.accident(claim_id, number=number), e.wage("2024-07", 5_000_000, number))
    assert [one[:3] for one in site.decisions()] == [("K1", 1, "APPROVED"), ("K2", 1, "APPROVED")]
    assert site.data("claims.decisions")[-1]["read"]["members"] == [f"{numbers[20]}@5"]
    assert check(site.store) == []


def test_what_was_paid_under_a_former_nik_of_another_membership_is_not_paid_again(site: Site) -> None:
    """The other membership is found by NIK alone, and the claim that was paid is kept under neither of its names."""
    wrong, first, second = "3671010101800099", "20000000077", "20000000088"
    change = [{"line": "stmb", "amount": 1_000_000, "reason": "dilihat"}]
    site.run(*e.member(), *e.member(first, wrong), e.accident("K1", number=None, member={"nik": wrong}))
    moved = [e.registered(first, time="2024-07-08T08:00:00"), *e.member(second)]
    again = e.accident("K2", number=second, time="2024-07-09T08:00:00")
    site.run(*moved, again)
    site.run(e.review("K2", 1, "change", "2024-07-10T10:00:00", changes=change))
    assert site.refusals() == [(15, "LINE_PAID_ALREADY")]
    assert check(site.store) == []


@pytest.mark.parametrize("size", [7, 1000])
def test_the_101st_membership_of_one_nik_is_refused(site: Site, size: int) -> None:
    """A decision names each membership it looked at: of a hundred thousand it was longer than a broker takes."""
    numbers = [f"200000{at:05}" for at in range(MOST_MEMBERSHIPS_OF_A_PERSON + 2)]
    site.run(*(e.registered(number) for number in numbers), size=size)
    last = MOST_MEMBERSHIPS_OF_A_PERSON
    assert site.refusals() == [(last, "MEMBERSHIPS_TOO_MANY"), (last + 1, "MEMBERSHIPS_TOO_MANY")]
    again, corrected = e.registered(numbers[0]), e.registered(numbers[1], "3671010101800099")
    site.run(again, corrected, e.registered(numbers[-1]), e.registered(numbers[-2]), size=size)
    assert [offset for offset, _ in site.refusals()] == [last, last + 1, last + 5]
    assert e.NIK.encode() not in b"".join(message.value for message in site.published)
    assert check(site.store) == []


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("person", "20000000099", "to another person than it pays"),
        ("event_date", "2024-07-06", "for another day or programme than it pays"),
        ("program", "JKM", "for another day or programme than it pays"),
    ],
)
def test_a_paid_line_that_was_moved_by_hand_is_named(site: Site, column: str, value: str, said: str) -> None:
    """Under another person or day it would let the same accident be paid a second time."""
    site.run(*e.member(), e.accident("K1"), e.wage("2024-07", 5_000_000))
    assert check(site.store) == [] and site.rows("SELECT count(*) FROM paid_lines") != [(0,)]
    with site.store.engine.begin() as connection:
        connection.execute(paid_lines.update().values({column: value}))
    assert [str(one) for one in check(site.store)] == [f"invariant 3: claim K1 is noted as paid {said}"]
