"""The book of access on both engines: principals, keys, passwords, and records that nobody changes."""

import datetime as dt
from collections.abc import Iterator

import pytest

from pipeline.access.principals import BadPrincipal, new_principal
from pipeline.credentials import WeakPassword, is_password
from pipeline.store.access_book import AccessBook, AuditRecord, UnknownAccess, open_access
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
YEAR = NOW + dt.timedelta(days=365)
SECOND = dt.timedelta(seconds=1)
CLINIC = new_principal("clinic", "plkk-0012")
HAND = "machine:budi"


@pytest.fixture
def book(site: Site) -> Iterator[AccessBook]:
    with open_access(site.url) as opened:
        opened.add(CLINIC, HAND, NOW)
        yield opened


def test_a_key_opens_for_its_principal_until_the_second_it_ends(book: AccessBook) -> None:
    key_id, key = book.make_key(CLINIC.name, "front desk", YEAR, HAND, NOW)
    for clock, refusal in ((NOW, None), (YEAR - SECOND, None), (YEAR, "EXPIRED"), (YEAR + SECOND, "EXPIRED")):
        used = book.use_key(key, clock)
        assert used is not None and (used.key_id, used.principal, used.refusal) == (key_id, CLINIC, refusal)


def test_only_the_hash_of_a_key_is_kept(book: AccessBook, site: Site) -> None:
    _, key = book.make_key(CLINIC.name, "", YEAR, HAND, NOW)
    kept = repr([site.rows(f"SELECT * FROM {table}") for table in ("api_keys", "audit_records")])  # noqa: S608
    assert key not in kept and key.removeprefix("stn_") not in kept


def test_a_key_that_was_never_made_opens_nothing(book: AccessBook) -> None:
    assert book.use_key("stn_" + "a" * 43, NOW) is None and book.use_key("no key", NOW) is None


def test_a_revoked_key_and_a_disabled_principal_are_refused_at_once(book: AccessBook) -> None:
    first_id, first = book.make_key(CLINIC.name, "", YEAR, HAND, NOW)
    _, second = book.make_key(CLINIC.name, "", YEAR, HAND, NOW)
    book.revoke_key(first_id, HAND, NOW)
    assert [one.refusal for key in (first, second) if (one := book.use_key(key, NOW))] == ["REVOKED", None]
    book.disable(CLINIC.name, HAND, NOW)
    assert [one.refusal for key in (first, second) if (one := book.use_key(key, NOW))] == ["DISABLED", "DISABLED"]
    with pytest.raises(UnknownAccess, match="disabled"):
        book.make_key(CLINIC.name, "", YEAR, HAND, NOW)


def test_one_read_of_a_file_says_at_once_whose_key_it_is(book: AccessBook, site: Site) -> None:
    """Over PostgreSQL it says nothing, for the server may be slow; nor where the use of the key is to be noted."""
    quick = CLINIC if site.store.is_embedded else None
    key_id, key = book.make_key(CLINIC.name, "", YEAR, HAND, NOW)
    assert book.valid_key(key, NOW) is None and book.valid_key("stn_" + "a" * 43, NOW) is None
    assert book.valid_key("no key", NOW) is None
    book.use_key(key, NOW)
    hour = dt.timedelta(hours=1)
    assert [book.valid_key(key, NOW + after) for after in (hour, hour + SECOND)] == [quick, None]
    short_id, short = book.make_key(CLINIC.name, "", NOW + 2 * SECOND, HAND, NOW)
    book.use_key(short, NOW)
    assert [book.valid_key(short, NOW + seconds * SECOND) for seconds in (1, 2)] == [quick, None], short_id
    book.revoke_key(short_id, HAND, NOW)
    assert book.valid_key(short, NOW) is None
    assert book.valid_key(key, NOW) == quick
    book.disable(CLINIC.name, HAND, NOW)
    assert book.valid_key(key, NOW) is None, key_id


@pytest.mark.parametrize(("minutes", "kept"), [(59, 0), (60, 0), (61, 61)])
def test_the_last_use_of_a_key_is_kept_to_the_hour(book: AccessBook, minutes: int, kept: int) -> None:
    _, key = book.make_key(CLINIC.name, "", YEAR, HAND, NOW)
    book.use_key(key, NOW)
    book.use_key(key, NOW + dt.timedelta(minutes=minutes))
    assert book.keys(CLINIC.name)[0].last_used_at == NOW + dt.timedelta(minutes=kept)


def test_a_name_is_given_once_and_roles_are_kept_apart(book: AccessBook) -> None:
    with pytest.raises(BadPrincipal, match="exists"):
        book.add(CLINIC, HAND, NOW)
    book.add(new_principal("officer", "siti"), HAND, NOW)
    office = new_principal("office", "siti")
    with pytest.raises(BadPrincipal, match="at once"):
        book.add(office, HAND, NOW)
    book.disable("urn:santunan:officer:siti", HAND, NOW)
    book.add(office, HAND, NOW)
    assert [one.principal.kind for one in book.accounts() if one.disabled_at is None] == ["clinic", "office"]


def test_all_names_of_a_person_are_found_disabled_ones_too(book: AccessBook) -> None:
    for who, person in (("siti", None), ("siti-2", "siti"), ("budi", None)):
        book.add(new_principal("officer", who, person), HAND, NOW)
    book.disable("urn:santunan:officer:siti", HAND, NOW)
    both = {"urn:santunan:officer:siti", "urn:santunan:officer:siti-2"}
    assert book.names_of_person("urn:santunan:officer:siti-2") == both
    assert book.names_of_person(CLINIC.name) == {CLINIC.name}


def test_what_is_not_there_is_named_with_the_command_that_lists(book: AccessBook) -> None:
    nobody = "urn:santunan:clinic:nobody"
    for ask in (
        lambda: book.disable(nobody, HAND, NOW),
        lambda: book.make_key(nobody, "", YEAR, HAND, NOW),
        lambda: book.revoke_key("none", HAND, NOW),
        lambda: book.set_password(nobody, "empat kucing naik", HAND, NOW),
        lambda: book.account(nobody),
    ):
        with pytest.raises(UnknownAccess, match="santunan access list"):
            ask()


def test_a_password_is_kept_as_a_hash_and_replaced(book: AccessBook, site: Site) -> None:
    for password in ("empat kucing naik", "lima kucing turun"):
        book.set_password(CLINIC.name, password, HAND, NOW)
        [(stored,)] = site.rows("SELECT hash FROM passwords")
        assert is_password(stored, password)
    with pytest.raises(WeakPassword):
        book.set_password(CLINIC.name, "short", HAND, NOW)


def test_each_change_is_recorded_with_who_did_it(book: AccessBook) -> None:
    key_id, _ = book.make_key(CLINIC.name, "", YEAR, HAND, NOW)
    book.set_password(CLINIC.name, "empat kucing naik", HAND, NOW)
    book.revoke_key(key_id, HAND, NOW)
    book.disable(CLINIC.name, HAND, NOW)
    key = f"{CLINIC.name} {key_id}"
    assert [(one.who, one.action, one.subject, one.clock) for one in book.records(10)] == [
        (HAND, "access.add", CLINIC.name, NOW),
        (HAND, "access.key", key, NOW),
        (HAND, "access.password", CLINIC.name, NOW),
        (HAND, "access.revoke", key, NOW),
        (HAND, "access.disable", CLINIC.name, NOW),
    ]
    assert [one.action for one in book.records(1)] == ["access.disable"], "the newest"


@pytest.mark.parametrize("change", ["UPDATE audit_records SET who = 'x'", "DELETE FROM audit_records"])
def test_nobody_changes_an_audit_record(book: AccessBook, site: Site, change: str) -> None:
    book.write(AuditRecord(NOW, CLINIC.name, "key.refused", None, "refused", "127.0.0.1", "REVOKED"))
    before = book.records(10)
    with pytest.raises(Exception, match="never changed"):
        site.change([change])
    assert book.records(10) == before
