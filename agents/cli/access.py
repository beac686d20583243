"""`santunan access`: who may act, with which keys, passwords, second factors and sessions, and what was done."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.options import Json
from agents.cli.person import person
from agents.terminal import print_json

if TYPE_CHECKING:
    from pipeline.store.access_book import AccessBook, Key
    from pipeline.store.access_rows import Account
    from pipeline.store.webhook_book import Webhook

Name = Annotated[str, typer.Argument(metavar="NAME", help="KIND:WHO, such as clinic:plkk-0012.")]
_NAMESPACE = "urn:santunan:"

group = typer.Typer(
    help="Who may act: principals, keys, passwords, sessions, log.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(cli: typer.Typer) -> None:
    group.command("person")(person)
    cli.add_typer(group, name="access")


@group.command("add")
def add(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="clinic, hospital, employer, cooperative, desk, office, officer, …")
    ],
    who: Annotated[str, typer.Argument(metavar="WHO", help="Its name; of an employer its number (NPP).")],
    person: Annotated[
        str | None, typer.Option("--person", help="Whose it is, where one person has several names.")
    ] = None,
) -> None:
    """Make a principal: somebody who may act, as the source of events.

    An employer or a cooperative is named by its number (NPP) in small letters, so that its own workers are known.
    Officers, offices, auditors and operators are persons: rules of two hands compare persons, and no officer is
    office, payments, auditor or operator besides.

    \b
    Examples:
      santunan access add clinic plkk-0012
      santunan access add officer siti-2 --person siti
    """
    from pipeline.access.principals import new_principal

    principal = new_principal(kind, who, person)
    with _opened() as book:
        book.add(principal, _hand(book), _now())
    print(f"{principal.name} may act from now on; `santunan access key {kind}:{who}` makes its key.")


@group.command("list")
def list_access(json: Json = False) -> None:
    """All principals, and how each gets in: keys, password, sessions.

    \b
    Example:
      santunan access list
    """
    with _opened() as book:
        found = [(account, book.keys(account.principal.name)) for account in book.accounts()]
        ways = {account.principal.name: _ways(book, account.principal.name) for account, _ in found}
    if json:
        print_json(
            {
                "name": account.principal.name,
                "person": account.principal.person,
                "disabled_at": account.disabled_at,
                "keys": keys,
                **ways[account.principal.name],
            }
            for account, keys in found
        )
        return
    if not found:
        print("Nobody may act yet; `santunan access add` makes a principal.")
    for account, keys in found:
        _show(account, keys, ways[account.principal.name])


def _ways(book: "AccessBook", name: str) -> "dict[str, Any]":
    """As `--json` prints them."""
    from dataclasses import asdict

    from pipeline.store.ways_in import ways_of

    return asdict(ways_of(book, name, _now()))


def _show(account: "Account", keys: "list[Key]", ways: "dict[str, Any]") -> None:
    of = f", of {account.principal.person}" if account.principal.person else ""
    print(f"{account.principal.name}{of}{', disabled ' + _day(account.disabled_at) if account.disabled_at else ''}")
    if ways["has_password"] or ways["second_factor"] != "none":
        secret = "password" if ways["has_password"] else "no password"
        print(f"  {secret}, second factor: {ways['second_factor']}, sessions: {ways['sessions']}")
    for key in keys:
        state = f"revoked {_day(key.revoked_at)}" if key.revoked_at else f"until {_day(key.expires_at)}"
        used = f"last used {_day(key.last_used_at)}" if key.last_used_at else "never used"
        print(f"  {key.id}  {state}, {used}  {key.label}")


@group.command("disable")
def disable(name: Name) -> None:
    """Let a principal act no more, from the next request on. What it sent stays.

    \b
    Example:
      santunan access disable clinic:plkk-0012
    """
    with _opened() as book:
        book.disable(_full(name), _hand(book), _now())
    print(f"{_full(name)} may not act any more.")


@group.command("key")
def key(
    name: Name,
    label: Annotated[str, typer.Option("--label", help="What it is for; shown in lists.")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How long it is valid.")] = 365,
) -> None:
    """Make an API key, and print it this once: only its hash is kept.

    \b
    Examples:
      santunan access key clinic:plkk-0012
      santunan access key clinic:plkk-0012 --label "front desk" --days 30
    """
    from agents.terminal import complain

    now = _now()
    with _opened() as book:
        key_id, token = book.make_key(_full(name), label, now + dt.timedelta(days=days), _hand(book), now)
    print(token)
    complain(f"Key {key_id} of {_full(name)}, for {days} days. It is not shown again; keep it like a password.")


@group.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `list` shows it.")]) -> None:
    """Let a key open nothing any more, from the next request on.

    \b
    Example:
      santunan access revoke 1f2e3d4c
    """
    with _opened() as book:
        book.revoke_key(key_id, _hand(book), _now())
    print(f"{key_id} is revoked.")


@group.command("password")
def password(name: Name) -> None:
    """Set the password of a person.

    It is asked for twice, or read from standard input.

    \b
    Example:
      santunan access password officer:siti
    """
    import sys

    given = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\r\n")
    )
    with _opened() as book:
        book.set_password(_full(name), given, _hand(book), _now())
    print(f"The password of {_full(name)} is set.")


@group.command("totp")
def totp(name: Name) -> None:
    """Set up a person's second factor, and print it this once.

    In place of one that is lost, too. Ends the person's sessions.

    \b
    Example:
      santunan access totp officer:siti
    """
    from agents.terminal import complain
    from pipeline.operations.sign_in import renew_factor
    from pipeline.store.sign_in_book import SignInBook

    with _opened() as book:
        made = renew_factor(SignInBook(book), _now(), name=_full(name), hand=_hand(book))
    print(made.uri)
    complain(f"Second factor of {_full(name)}. It is not shown again; give it to the person alone.")


@group.command("seal")
def seal() -> None:
    """Seal second factors and webhook secrets in the database.

    After the setting SANTUNAN_SECRETS_KEY_FILE is new, or its first key. Gateways, webhooks and operators get the key
    first.

    \b
    Example:
      santunan access seal
    """
    from agents.key_files import sealer_of
    from agents.settings import read_settings
    from agents.stores import open_webhooks
    from pipeline.store.sign_in_book import SignInBook

    settings = read_settings()
    with _opened() as book, open_webhooks(settings, sealer_of(settings)) as hooks:
        hand = _hand(book)
        factors, webhooks = SignInBook(book).seal_factors(hand, _now()), hooks.seal_secrets(hand, _now())
    print(f"Sealed: {factors} second factors, secrets of {webhooks} webhooks.")


@group.command("link")
def link(
    name: Name,
    demo: Annotated[
        bool, typer.Option("--demo", help="Signs in at once, without password, from this machine alone.")
    ] = False,
) -> None:
    """Print a link for one use that sets a person's password.

    A first or a forgotten one. It is good for 24 hours.

    \b
    Example:
      santunan access link officer:siti
    """
    from agents.settings import read_settings
    from agents.terminal import complain
    from pipeline.store.link_book import LinkBook

    with _opened() as book:
        token = LinkBook(book).make("demo" if demo else "password", _full(name), _hand(book), _now())
    print(f"{read_settings().public_url}/link/{token}")
    complain("For one use within 24 hours. Who has it first is that person: give it to nobody else.")


@group.command("sessions")
def sessions(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of this principal alone.")] = None,
    json: Json = False,
) -> None:
    """Who is signed in, since when, and until when at rest.

    \b
    Examples:
      santunan access sessions
      santunan access sessions officer:siti --json
    """
    from pipeline.store.sign_in_book import SignInBook

    with _opened() as book:
        found = SignInBook(book).sessions(_now(), _full(name) if name else None)
    if json:
        print_json(
            {"id": one.id, "name": one.principal.name, "created_at": one.created_at, "ends_at": one.ends_at}
            for one in found
        )
        return
    if not found:
        print("Nobody is signed in.")
    for one in found:
        print(f"{one.id}  {one.principal.name}  since {_minute(one.created_at)}, until {_minute(one.ends_at)}")


@group.command("end")
def end(name: Name) -> None:
    """End all sessions of a principal, from the next request on.

    \b
    Example:
      santunan access end officer:siti
    """
    from pipeline.store.sign_in_book import SignInBook

    with _opened() as book:
        count = SignInBook(book).end_all(_full(name), _hand(book), _now())
    print(f"{count} sessions of {_full(name)} ended.")


@group.command("log")
def log(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many of the newest.")] = 50,
    json: Json = False,
) -> None:
    """The audit records: who did what, when, and from where.

    \b
    Examples:
      santunan access log
      santunan access log --limit 1000 --json
    """
    with _opened() as book:
        found = book.records(limit)
    if json:
        print_json(found)
        return
    for one in found:
        rest = "  ".join(part for part in (one.subject, one.address, one.reason) if part)
        print(f"{one.clock.isoformat(' ', 'seconds')}  {one.who}  {one.action}  {one.result}  {rest}".rstrip())


@group.command("webhooks")
def webhooks(
    failed: Annotated[bool, typer.Option("--failed", help="Each post that was given up.")] = False,
    json: Json = False,
) -> None:
    """Addresses to which decisions are posted, and what failed there.

    An address is shown without its path, which may hold a secret of the receiver. Its owner retries by the API.

    \b
    Examples:
      santunan access webhooks
      santunan access webhooks --failed --json
    """
    from agents.settings import read_settings
    from agents.stores import open_webhooks

    with open_webhooks(read_settings()) as book:
        found = book.all()
        posts = [post for one in found if failed for post in book.every_failure(one.id)]
    if json:
        print_json(posts if failed else [_webhook_document(one) for one in found])
        return
    if not found:
        print("There is no webhook; a program registers one by POST /v1/webhooks.")
    for one in found if not failed else ():
        state = f"off since {_day(one.disabled_at)}" if one.disabled_at else f"{one.waiting} wait"
        print(f"{one.id}  {one.principal}  {one.host}  {state}, {one.failed} failed")
    for post in posts:
        print(f"{post.webhook}  {post.decision_id}  {post.attempts} attempts, {post.outcome}  {_day(post.failed_at)}")


def _webhook_document(one: "Webhook") -> dict[str, object]:
    names = ("id", "principal", "host", "created_at", "disabled_at", "waiting", "failed")
    return {name: getattr(one, name) for name in names}


@contextmanager
def _opened() -> "Iterator[AccessBook]":
    from agents.key_files import sealer_of
    from agents.settings import read_settings
    from agents.stores import open_access

    settings = read_settings()
    with open_access(settings, sealer_of(settings)) as book:
        yield book


def _full(name: str) -> str:
    return name if name.startswith(_NAMESPACE) else _NAMESPACE + name


def _hand(book: "AccessBook") -> str:
    from agents.cli.identity import operator_hand
    from agents.settings import read_settings

    return operator_hand(read_settings(), book)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _day(clock: dt.datetime) -> str:
    from schemas.clock import JAKARTA

    return clock.astimezone(JAKARTA).date().isoformat()


def _minute(clock: dt.datetime) -> str:
    from schemas.clock import JAKARTA

    return clock.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M")
