"""`santunan login` and `santunan logout`: sign in to the store or a gateway, and act as that person from then on."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from agents.settings import Settings

Url = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="A gateway: https://HOST. Else the store of the settings.")
]


def add_to(cli: typer.Typer) -> None:
    cli.command("login")(login)
    cli.command("logout")(logout)


def login(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="KIND:WHO, such as officer:siti.")] = None,
    url: Url = None,
    key: Annotated[bool, typer.Option("--key", help="With an API key instead of a name and a password.")] = False,
) -> None:
    """Sign in: what you do from then on is done as you.

    Asks for the password and the code of the second factor, or reads them from standard input, a line each. Who needs a
    second factor and has none sets it up here; an empty code asks for a new secret. The session is kept in a file that
    only you can read.

    \b
    Examples:
      santunan login officer:siti
      santunan login officer:siti --url https://santunan.example
      santunan login --key --url https://santunan.example
    """
    from agents.cli.identity import Login, write_login
    from agents.cli.store import opened_store
    from agents.settings import read_settings

    if (name is None) != key:
        raise typer.BadParameter("give a NAME, or --key alone")
    settings = read_settings()
    if url is None:
        with opened_store():
            pass  # where there is no store, it is most likely a wrong place: none shall be made
    if key:
        credential, who = _with_key(settings, url)
    else:
        assert name is not None
        credential, who = _with_password(settings, url, name)
    write_login(settings, Login(credential, url))
    print(f"Signed in as {who}; `santunan logout` ends it.")


def logout() -> None:
    """End the session of `santunan login`.

    \b
    Example:
      santunan logout
    """
    from agents.cli.identity import forget_login, now, read_login
    from agents.clients.gateway import GatewayClient, GatewayRefused
    from agents.settings import read_settings
    from agents.stores import open_access
    from pipeline.store.sign_in_book import SignInBook

    settings = read_settings()
    found = read_login(settings)
    if found is None:
        print("Nobody is signed in here.")
        return
    if found.url is None:
        with open_access(settings) as book:
            SignInBook(book).end(found.credential, None, now())
    else:
        try:
            GatewayClient(found.url, found.credential).delete("/v1/session")
        except GatewayRefused as refused:
            if refused.code != "KEY_NEEDED":  # else the session is over already
                raise
    forget_login(settings)
    print("Signed out.")


def _with_key(settings: "Settings", url: str | None) -> tuple[str, str]:
    from agents.cli.identity import principal_of
    from agents.clients.gateway import GatewayClient
    from agents.stores import open_access
    from pipeline.errors import NotReady

    given = _asked("API key")
    if url is not None:
        return given, GatewayClient(url, given).get("/v1/session").json["name"]
    with open_access(settings) as book:
        principal = principal_of(book, given)
    if principal is None:
        raise NotReady("this key opens nothing; `santunan access list` shows which are valid")
    return given, principal.name


def _with_password(settings: "Settings", url: str | None, name: str) -> tuple[str, str]:
    """(credential, whose it is). Asks for a code where one is needed."""
    from agents.clients.gateway import GatewayRefused
    from pipeline.operations.sign_in import SignInRefused

    attempt = partial(_at_gateway, url) if url is not None else partial(_at_store, settings)
    password = _asked("Password")
    try:
        return attempt(name, password, None)
    except (GatewayRefused, SignInRefused) as refused:
        reason = refused.code if isinstance(refused, GatewayRefused) else refused.reason
        if reason not in ("CODE_NEEDED", "ENROLMENT_NEEDED"):
            raise
    code = "" if reason == "ENROLMENT_NEEDED" else _asked("Code")
    if not code:  # of a secret that was shown and is lost, a person has none either
        uri = _enrolled(settings, url, name, password)
        print(f"A second factor is needed. Put this into an authenticator; it is shown once:\n{uri}", file=sys.stderr)
        code = _asked("Code")
    return attempt(name, password, code)


def _at_store(settings: "Settings", name: str, password: str, code: str | None) -> tuple[str, str]:
    from agents.cli.identity import now
    from agents.key_files import sealer_of
    from agents.stores import open_access
    from pipeline.operations.sign_in import sign_in
    from pipeline.store.sign_in_book import SignInBook

    with open_access(settings, sealer_of(settings)) as book:
        found = sign_in(SignInBook(book), now(), name=name, password=password, code=code)
    _say_failures(found.failures)
    return found.token, found.principal.name


def _at_gateway(url: str, name: str, password: str, code: str | None) -> tuple[str, str]:
    from agents.clients.gateway import GatewayClient, GatewayRefused

    body: dict[str, Any] = {"name": name, "password": password, **({"code": code} if code is not None else {})}
    found = GatewayClient(url).post("/v1/session", body)
    if found.cookie is None:
        raise GatewayRefused("UNKNOWN", f"{url} gave no session; is this the address of the gateway?")
    _say_failures(found.json["failures"])
    return found.cookie, found.json["name"]


def _enrolled(settings: "Settings", url: str | None, name: str, password: str) -> str:
    from agents.cli.identity import now
    from agents.clients.gateway import GatewayClient
    from agents.key_files import sealer_of
    from agents.stores import open_access
    from pipeline.operations.sign_in import enrol
    from pipeline.store.sign_in_book import SignInBook

    if url is not None:
        return str(GatewayClient(url).post("/v1/second-factor", {"name": name, "password": password}).json["uri"])
    with open_access(settings, sealer_of(settings)) as book:
        return enrol(SignInBook(book), now(), name=name, password=password).uri


def _say_failures(failures: int) -> None:
    if failures:
        print(f"{failures} sign-ins in your name were refused since the last one; was that you?", file=sys.stderr)


def _asked(what: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=what != "Code"))
    return sys.stdin.readline().rstrip("\r\n")
