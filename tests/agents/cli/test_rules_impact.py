"""`santunan rules impact`: which stored claims would end otherwise, with their sum, in one table with a total."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.audit.replay import replay
from pipeline.law.book import Book
from tests.support import events as e
from tests.support.command_line import WIDTH, Ran, santunan
from tests.support.site import Site

OTHER = "20000000022"
Try = Callable[..., Ran]


def funeral(folder: Path, amount: int) -> Path:
    """A file of its own: what the law says of funerals in later years is no matter here."""
    file = folder / "funeral.yaml"
    file.write_text(
        "description: Funeral cost\nunit: rupiah\nvalues:\n"
        f'  2015-07-01: {{value: {amount}, reference: "a draft", marker: DESIGN}}\nchecked_on: 2026-11-22\n'
    )
    return file


def officer_limit(folder: Path, amount: int) -> Path:
    file = folder / "officer_limit.yaml"
    file.write_text(funeral(folder, amount).read_text())
    return file


def pay(site: Site, claim_id: str, day: str) -> None:
    ordered = site.rows(f"SELECT revision, payee, amount FROM payouts WHERE claim_id = '{claim_id}'")  # noqa: S608
    site.run(*(e.settled(f"{claim_id}.r{revision}.{payee}", amount, day) for revision, payee, amount in ordered))


def filled(site: Site) -> Site:
    """M1 is approved by the table, and paid so late that it is compensated; M2 waits for an officer, who approves."""
    site.run(*e.member(), *e.member(OTHER, "3671010101800002"), e.death("M1"), e.death("M2", number=OTHER, heirs=None))
    changes = [{"line": "jkm_death", "amount": 1_000_000, "reason": "seen"}]
    site.run(e.review("M2", 1, "change", "2024-07-09T08:00:00", changes=changes))
    pay(site, "M1", "2024-10-01")
    pay(site, "M2", "2024-07-10")
    return site


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    site = filled(Site(f"sqlite:///{tmp_path_factory.mktemp('impact')}/santunan.db", partitions=1))
    assert site.refusals() == []
    yield site.url
    site.close()


@pytest.fixture
def ask(url: str) -> Try:
    return lambda *arguments: santunan("rules", "impact", *arguments, SANTUNAN_DATABASE_URL=url)


def lines(ran: Ran) -> list[list[str]]:
    assert ran.status == 0, ran.err
    assert max(len(line.rstrip()) for line in ran.out.splitlines()) <= WIDTH
    return [line.split() for line in ran.out.splitlines() if line.strip()]


def test_a_raised_funeral_is_money_for_families(ask: Try, tmp_path: Path) -> None:
    told = lines(ask(str(funeral(tmp_path, 12_000_000))))
    assert ["M1", "APPROVED", "Rp76.860.000", "APPROVED", "Rp80.520.000", "+Rp3.660.000"] in told
    assert ["total", "Rp99.860.000", "Rp105.520.000", "+Rp5.660.000"] in told  # late payment is compensated in both
    assert not [line for line in told if "left" in line or "open" in line]


def test_a_lowered_funeral_is_money_that_families_lose(ask: Try, tmp_path: Path) -> None:
    told = lines(ask(str(funeral(tmp_path, 9_000_000))))
    assert ["M2", "APPROVED", "Rp23.000.000", "APPROVED", "Rp22.000.000", "-Rp1.000.000"] in told


def test_what_was_left_out_and_what_would_wait_are_rows(ask: Try, tmp_path: Path) -> None:
    """With a lower limit the change waits for a second officer, so what was paid on it is no payout."""
    told = lines(ask(str(officer_limit(tmp_path, 500_000))))
    assert ["M2", "*", "APPROVED", "Rp23.000.000", "REFERRED", "Rp42.000.000", "+Rp19.000.000"] in told
    assert ["of", "it", "open", "1", "not", "decided", "yet", "+Rp19.000.000"] in told
    assert ["*", "left", "out", "1", "event", "PAYOUT_UNKNOWN", "not", "counted"] in told


def test_json_has_all_that_the_table_has(ask: Try, tmp_path: Path) -> None:
    (found,) = ask(str(officer_limit(tmp_path, 500_000)), "--json").rows
    assert found["left_out"] == [{"claim_id": "M2", "reason": "PAYOUT_UNKNOWN", "events": 1}]
    sums = {"total": 23_000_000, "new_total": 42_000_000, "difference": 19_000_000}
    assert found | sums | {"waiting": 1, "open_difference": 19_000_000} == found
    (one,) = found["differences"]
    assert one | sums | {"claim_id": "M2", "left_out": 1, "is_of_other_rules": False} == one


def test_without_a_file_the_law_of_this_version_is_tried(ask: Try) -> None:
    assert ask().out == "2 claims decided again; 0 would end otherwise.\n"


def test_many_claims_are_one_row_with_their_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.cli.impact._MOST_SHOWN", 1)
    site = filled(Site(f"sqlite:///{tmp_path}/santunan.db", partitions=1))
    ran = santunan("rules", "impact", str(funeral(tmp_path, 12_000_000)), SANTUNAN_DATABASE_URL=site.url)
    site.close()
    assert ["1", "more", "--json", "lists", "all", "+Rp2.000.000"] in lines(ran)
    assert "+Rp5.660.000" in ran.out


def test_what_an_older_book_decided_stays_and_is_named(tmp_path: Path) -> None:
    """Stored by a book of a lower funeral: replay takes it as it is, impact says what the law of today would pay."""
    older = Book.load(instead=funeral(tmp_path, 8_000_000))
    site = filled(Site(f"sqlite:///{tmp_path}/santunan.db", partitions=1, book=older))
    decided = site.decisions()
    again = replay(site.store)
    ran = santunan("rules", "impact", SANTUNAN_DATABASE_URL=site.url)
    site.run(e.day_passed("2024-12-31"))  # the worker of today goes on: it decides nothing of this again
    assert (again.differences, again.others) == ((), len(decided)) and site.decisions() == decided
    site.close()
    assert ["total", "Rp94.200.000", "Rp99.860.000", "+Rp5.660.000"] in lines(ran)
    assert "2 were decided by other rules than today's" in ran.out
