"""Two workers on PostgreSQL, of whom one waits for a person whom the other has locked, and then must not decide on
what it read before. Whose claim or membership it is may be what changed."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from pipeline.invariants import check
from pipeline.record import Chunk
from pipeline.store.postgresql import PostgresqlUnitOfWork
from pipeline.store.queries import Concerned
from schemas import topics
from tests import events as e
from tests.contract.site import Site

MakeDatabase = Callable[..., str]

NEW_NIK = "3671010101800099"
OTHER, OTHER_NIK = "20000000077", "3671010101800077"


@pytest.fixture
def site(new_database: MakeDatabase) -> Iterator[Site]:
    made = Site(new_database())
    yield made
    made.close()


@pytest.fixture
def let_come_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[Chunk], None]:
    """This chunk is stored when the next turn has read, and has locked nobody yet."""
    lock_and_read = PostgresqlUnitOfWork.lock_and_read

    def let(chunk: Chunk) -> None:
        def wait(self: PostgresqlUnitOfWork, *about: Sequence[str]) -> Concerned:
            monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", lock_and_read)
            site.process(chunk)
            return lock_and_read(self, *about)

        monkeypatch.setattr(PostgresqlUnitOfWork, "lock_and_read", wait)

    return let


def test_a_member_who_is_registered_under_another_nik_meanwhile_is_paid_under_it(
    site: Site, let_come_first: Callable[[Chunk], None]
) -> None:
    site.run(*e.member(), e.accident(documents=["ktp"]))
    site.send(e.registered(nik=NEW_NIK, time="2024-07-08T08:00:00"))
    site.send(e.evidence("K1", "2024-07-09T10:00:00", documents=e.JKK_PAPERS), partition=1)
    let_come_first(site.chunk(5, 6))
    site.process(site.chunk(0, 1, partition=1))
    assert site.rows("SELECT person, claim_id FROM paid_lines") == [(NEW_NIK, "K1")]
    assert site.data(topics.DECISIONS)[-1]["read"]["members"] == [f"{e.NUMBER}@5"]
    assert check(site.store) == []


def test_a_claim_that_is_moved_to_another_member_meanwhile_does_not_keep_the_first_from_being_paid(
    site: Site, let_come_first: Callable[[Chunk], None]
) -> None:
    """The first claim is read whole, since a fact about the first member comes with the second claim."""
    site.run(*e.member(), *e.member(OTHER, OTHER_NIK), e.accident("K1"))
    site.send(e.evidence("K1", "2024-08-01T08:00:00", member={"member_number": OTHER}))
    site.send(e.wage("2024-06", 5_000_000), topic=topics.MEMBERS, partition=1)
    site.send(e.accident("K2", time="2024-08-03T08:00:00"), partition=1)
    let_come_first(site.chunk(9, 10))
    site.process(site.chunk(0, 1, topics.MEMBERS, partition=1), site.chunk(0, 1, partition=1))
    assert [one[:3] for one in site.decisions()[1:]] == [("K1", 2, "APPROVED"), ("K2", 1, "APPROVED")]
    assert check(site.store) == []
