"""A store whose columns hold NIKs under a key says and decides what a store without one does, on both engines."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text, func, select, type_coerce

from pipeline.audit.invariants import check
from pipeline.errors import NotReady
from pipeline.nik_key import NikKey, is_nik, is_sealed
from pipeline.operations.coverage_keeping import coverage_book_of, keep
from pipeline.queries.claim import others_of_person
from pipeline.queries.coverage import members_of
from pipeline.queries.coverage_counts import counts_by_group
from pipeline.queries.history import kin_of
from pipeline.queries.known_workers import undecided_after
from pipeline.queries.registry import members_among, neighbours_of
from pipeline.queries.trail import claims_found
from pipeline.store import migrate, open_reader, open_store
from pipeline.store.coverage_rows import KnownWorker
from pipeline.store.nik_columns import KnownId, Nik
from pipeline.store.nik_note import noted_key
from pipeline.store.nik_rewriting import COLUMNS, rewrite
from pipeline.store.tables import cases, decisions, members, metadata, outputs, payouts
from tests.support import events as e
from tests.support.front import NOW, front_of
from tests.support.lives import Lives
from tests.support.site import Site

KEY, OTHER = NikKey(b"a" * 64), NikKey(b"b" * 64)
COMPARED = (*dict.fromkeys(one.table for one in COLUMNS), decisions, payouts, outputs)
DAY = dt.date(2026, 7, 1)
LISTED = "3671010101900077"  # known to an office, and no member
MakeUrl = Callable[..., str]


@pytest.fixture
def make_url(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> MakeUrl:
    """Addresses of stores that are not made yet."""
    numbers = iter(range(100))

    def make() -> str:
        if engine_name == "sqlite":
            return f"sqlite:///{tmp_path}/key-{next(numbers)}.db"
        url: str = request.getfixturevalue("new_database")(is_migrated=False)
        return url

    return make


@pytest.fixture
def opened(make_url: MakeUrl) -> Iterator[Callable[..., Site]]:
    """Makes a store with this key, or opens the one of `url`."""
    sites: list[Site] = []

    def make(key: NikKey | None, url: str = "") -> Site:
        place = url or make_url()
        if not url:
            migrate(place, nik_key=key)
        sites.append(Site(place, nik_key=key))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


def lived(site: Site, seed: int, *, size: int = 7, together: int = 2, length: int = 60) -> Site:
    """A whole history, a list of known workers, and the counts of coverage."""
    site.run(*[step.document for step in Lives(seed).run(length)], size=size, together=together)
    front = front_of(site)
    niks = sorted(all_niks(site))
    with coverage_book_of(front).writing() as writer:
        for at, nik in enumerate((niks[0], LISTED, None)):
            born = dt.date(1990, 1, 1 + at)
            one = KnownWorker(f"{at:064x}", nik, "Nama", born, "3671", "dagang", "Kop", "tangerang", DAY)
            writer.add_list(f"list-{at}", "tangerang", DAY, [one], "office:tangerang", NOW)
    keep(coverage_book_of(front), front.book)
    return site


def all_niks(site: Site) -> set[str]:
    with site.store.reader() as connection:
        return {one for one in connection.execute(select(members.c.nik)).scalars() if one}


def contents(site: Site) -> dict[str, list[Any]]:
    """All rows as programs read them."""
    with site.store.reader() as connection:
        found = {one.name: sorted(map(repr, connection.execute(select(one)))) for one in COMPARED}
    return found | {"published": [(one.topic, one.key, one.value) for one in site.published]}


def answers(site: Site) -> list[Any]:
    """What is found by a NIK, or by what a NIK leads to."""
    store, front = site.store, front_of(site)
    niks = sorted(all_niks(site))
    found: list[Any] = [members_of(store, nik=nik) for nik in niks]
    found += [claims_found(store, nik=nik) for nik in niks]
    found.append(sorted(one.number for one in members_among(store, [], niks)))
    found += [sorted(neighbours_of(store, [nik[:12]])) for nik in niks]
    with store.reader() as connection:
        claims = connection.execute(select(cases.c.claim_id).order_by(cases.c.claim_id)).scalars().all()
        found += [kin_of(connection, claim) for claim in claims]
    found += [others_of_person(store, claim) for claim in claims]
    book = coverage_book_of(front)
    found += [(one.id, one.nik) for one in undecided_after(book, "")]
    with book.reading() as connection:
        found.append(counts_by_group(connection, DAY))
    return found


def stored(site: Site) -> list[str]:
    """The columns that hold NIKs, as who reads the database sees them."""
    with site.store.reader() as connection:
        return [
            value for one in COLUMNS for value in connection.execute(select(type_coerce(one, Text))).scalars() if value
        ]


@pytest.mark.parametrize("seed", range(3))
def test_a_key_changes_no_byte_of_what_is_decided_and_read(seed: int, opened: Callable[..., Site]) -> None:
    plain, keyed = lived(opened(None), seed), lived(opened(KEY), seed)
    assert contents(plain) == contents(keyed) and len(contents(plain)["published"]) > 30
    assert answers(plain) == answers(keyed)
    assert check(keyed.store) == []


def test_what_was_paid_under_a_former_nik_is_found_under_a_key(opened: Callable[..., Site]) -> None:
    """The claim that was paid is kept under none of its names: only its lines are, by person."""
    site, wrong, first, second = opened(KEY), "3671010101800099", "20000000077", "20000000088"
    site.run(*e.member(), *e.member(first, wrong), e.accident("K1", number=None, member={"nik": wrong}))
    moved = [e.registered(first, time="2024-07-08T08:00:00"), *e.member(second)]
    site.run(*moved, e.accident("K2", number=second, time="2024-07-09T08:00:00"))
    change = [{"line": "stmb", "amount": 1_000_000, "reason": "dilihat"}]
    site.run(e.review("K2", 1, "change", "2024-07-10T10:00:00", changes=change))
    assert site.refusals() == [(15, "LINE_PAID_ALREADY")]


def test_no_table_but_those_of_events_holds_a_nik(opened: Callable[..., Site]) -> None:
    """Generic: a new column that holds one fails here until it is written under the key."""
    site = lived(opened(KEY), 1)
    niks = all_niks(site) | {LISTED}
    allowed = {"members.document", "ledger.raw", "log.value", "outputs.value", "dead_letters.original"}
    found = set()
    with site.store.reader() as connection:
        for table in metadata.sorted_tables:
            for column in table.c:
                values = connection.execute(select(type_coerce(column, Text) if is_text(column) else column)).scalars()
                for value in values:
                    text = value.decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                    if any(nik in text for nik in niks):
                        found.add(f"{table.name}.{column.name}")
    assert found <= allowed and "members.document" in found
    assert {one for one in stored(site) if is_nik(one)} == set()


def is_text(column: Any) -> bool:
    return isinstance(column.type, Text | Nik | KnownId)


def test_every_column_of_a_type_with_niks_is_written_anew() -> None:
    typed = {one for table in metadata.sorted_tables for one in table.c if isinstance(one.type, Nik | KnownId)}
    assert typed == set(COLUMNS)


def test_a_store_opens_with_its_own_key_alone(opened: Callable[..., Site]) -> None:
    plain, keyed = opened(None), opened(KEY)
    refusals = {
        (keyed.url, None): "under a key: set SANTUNAN_NIK_KEY_FILE",
        (keyed.url, OTHER): "under another key: set SANTUNAN_NIK_KEY_FILE",
        (plain.url, KEY): "without a key, and SANTUNAN_NIK_KEY_FILE is set",
    }
    for (url, key), message in refusals.items():
        for opening in (open_store, open_reader):
            with pytest.raises(NotReady, match=message):
                opening(url, nik_key=key)
    open_reader(keyed.url, nik_key=KEY).close()


def test_a_key_is_added_replaced_and_taken_out(opened: Callable[..., Site]) -> None:
    plain = lived(opened(None), 2)
    before, found = contents(plain), answers(plain)
    plain.close()
    seen: list[tuple[int, int]] = []
    for old, new in ((None, KEY), (KEY, OTHER), (OTHER, None)):
        assert rewrite(plain.url, old, new, lambda *one: seen.append(one)) > 20
        assert rewrite(plain.url, old, new, lambda *_: None) == 0
        site = opened(new, plain.url)
        assert answers(site) == found
        assert {name: rows for name, rows in contents(site).items() if name != "published"} == {
            name: rows for name, rows in before.items() if name != "published"
        }
        held = [one for one in stored(site) if is_nik(one)]
        assert bool(held) == (new is None)
        site.close()
    assert seen[-1][0] == seen[-1][1]


class Killed(Exception):
    pass


@pytest.mark.parametrize("at", [1, 3, 6])
def test_an_interrupted_rewriting_opens_for_nobody_and_goes_on(
    at: int, opened: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.store.nik_rewriting.AT_ONCE", 2)
    site = lived(opened(KEY), 3)
    found = answers(site)
    site.close()
    steps = iter(range(100_000))

    def killed(*_: int) -> None:
        if next(steps) == at * 3:
            raise Killed

    with pytest.raises(Killed):
        rewrite(site.url, KEY, OTHER, killed)
    for key in (None, KEY, OTHER):
        with pytest.raises(NotReady, match="interrupted: `santunan migrate --nik-key` goes on"):
            open_store(site.url, nik_key=key)
    with pytest.raises(NotReady, match="set SANTUNAN_NIK_KEY_FILE as it was then"):
        rewrite(site.url, OTHER, KEY, lambda *_: None)
    with pytest.raises(NotReady, match="--old-nik-key"):
        rewrite(site.url, None, OTHER, lambda *_: None)
    assert rewrite(site.url, KEY, OTHER, lambda *_: None) > 0
    assert answers(opened(OTHER, site.url)) == found


def test_a_wrong_key_before_changes_nothing(opened: Callable[..., Site]) -> None:
    site = lived(opened(KEY), 1)
    before = stored(site)
    site.close()
    for old in (None, OTHER):
        with pytest.raises(NotReady, match="--old-nik-key"):
            rewrite(site.url, old, NikKey(b"c" * 64), lambda *_: None)
    assert stored(opened(KEY, site.url)) == before


def test_nobody_else_may_use_the_store_while_it_is_written_anew(opened: Callable[..., Site]) -> None:
    site = opened(None)
    site.run(*e.member())
    with site.store.reader() as connection:
        connection.execute(select(func.count()).select_from(members))
        with pytest.raises(NotReady, match="open"):
            rewrite(site.url, None, KEY, lambda *_: None)
    with site.store.reader() as connection:
        assert noted_key(connection) == ("", True)


def test_tables_of_an_older_version_are_refused_a_store_with_a_key(opened: Callable[..., Site]) -> None:
    """It would take what the columns hold for NIKs."""
    site = opened(KEY)
    site.close()
    with pytest.raises(NotReady, match="take it out first"):
        migrate(site.url, "0016")
    assert is_sealed(KEY.stored(e.NIK), is_id=False)
