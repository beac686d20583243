"""Second factors and webhook secrets in the database, sealed, on both engines: they work, and cannot be read there."""

import datetime as dt

import pyotp
import pytest

from pipeline.access.principals import new_principal
from pipeline.errors import NotReady
from pipeline.operations.sign_in import renew_factor, sign_in
from pipeline.sealing import MARK, Sealer
from pipeline.store.access_book import open_access
from pipeline.store.sign_in_book import SignInBook
from pipeline.store.webhook_book import open_webhooks, passes_of
from pipeline.store.webhook_outbox import NewPost, Outbox
from tests.support.site import Site

NOW = dt.datetime(2026, 8, 1, 8, tzinfo=dt.UTC)
OFFICER, CLINIC = new_principal("officer", "siti"), new_principal("clinic", "plkk-0012")
PASSWORD, HAND = "empat kucing naik", "machine:budi"  # noqa: S105
OLD, NEW = Sealer([b"a" * 64]), Sealer([b"b" * 64, b"a" * 64])


def stored(site: Site) -> list[bytes]:
    columns = ("secret FROM second_factors", "secret FROM webhooks", "previous_secret FROM webhooks")
    rows = [row for column in columns for row in site.rows(f"SELECT {column}")]  # noqa: S608
    return [bytes(row[0]) for row in rows if row[0] is not None]


def code_works(site: Site, sealer: Sealer | None, secret: str, at: dt.datetime) -> bool:
    with open_access(site.url, sealer) as access:
        code = pyotp.TOTP(secret).at(at)
        return bool(sign_in(SignInBook(access), at, name=OFFICER.name, password=PASSWORD, code=code).token)


def signing_keys(site: Site, sealer: Sealer | None, at: dt.datetime) -> tuple[bytes, ...]:
    """What the courier would sign the next post with."""
    outbox = Outbox(site.store.engine, passes_of(site.url), site.store, sealer)
    [leased] = outbox.lease(at, at + dt.timedelta(seconds=5), 1, limit=1, most_waiting=5)
    outbox.add(leased, [NewPost(f"msg-{at}", "d1", b"{}")], "", None, at)
    post = outbox.next(leased, None, at, at + dt.timedelta(seconds=5))
    outbox.release(leased, at)
    assert post is not None
    return post.secrets


def made(site: Site, sealer: Sealer | None) -> tuple[str, bytes, bytes]:
    """The secrets of a person and of a webhook, and the webhook's before."""
    with open_access(site.url, sealer) as access, open_webhooks(site.url, sealer) as hooks:
        for one in (OFFICER, CLINIC):
            access.add(one, HAND, NOW)
        access.set_password(OFFICER.name, PASSWORD, HAND, NOW)
        factor = renew_factor(SignInBook(access), NOW, name=OFFICER.name, hand=HAND)
        registered = hooks.register(CLINIC.name, "https://x.example/hook", "", NOW, most=5)
        assert registered is not None
        again = hooks.rotate(CLINIC.name, registered[0], NOW)
        assert again is not None
    return factor.secret, again, registered[1]


def test_with_a_key_nothing_can_be_read_and_everything_works(site: Site) -> None:
    secret, hook, former = made(site, OLD)
    found = stored(site)
    assert len(found) == 3 and all(one.startswith(MARK) for one in found)
    assert not any(plain in one for plain in (secret.encode(), hook, former) for one in found)
    assert code_works(site, OLD, secret, NOW)
    assert signing_keys(site, OLD, NOW) == (hook, former)
    for sealer in (None, Sealer([b"c" * 64])):
        with pytest.raises(NotReady, match="SANTUNAN_SECRETS_KEY_FILE"):
            code_works(site, sealer, secret, NOW + dt.timedelta(minutes=1))


def test_a_store_of_before_is_sealed_and_a_key_replaced(site: Site) -> None:
    secret, hook, former = made(site, None)
    assert [one.startswith(MARK) for one in stored(site)] == [False] * 3
    minute = dt.timedelta(minutes=1)
    assert code_works(site, OLD, secret, NOW), "readable ones go on"
    for step, sealer in enumerate((OLD, NEW), 1):
        with open_access(site.url, sealer) as access, open_webhooks(site.url, sealer) as hooks:
            assert (SignInBook(access).seal_factors(HAND, NOW), hooks.seal_secrets(HAND, NOW)) == (1, 1)
            assert [(one.action, one.subject) for one in access.records(2)] == [
                ("access.seal", "second_factors"),
                ("access.seal", "webhooks"),
            ]
        assert all(one.startswith(MARK) for one in stored(site))
        assert code_works(site, sealer, secret, NOW + step * minute)
        assert signing_keys(site, sealer, NOW + step * minute) == (hook, former)
    alone = Sealer([b"b" * 64])  # the former key is not needed any more
    assert code_works(site, alone, secret, NOW + 3 * minute)
    with open_access(site.url) as access, open_webhooks(site.url) as hooks:
        for work in (SignInBook(access).seal_factors, hooks.seal_secrets):
            with pytest.raises(NotReady, match="no key is set"):
                work(HAND, NOW)
