"""Checks of `santunan doctor --deploy`: all that must be right before Santunan meets a network.

Each looks at one thing and says what is wrong with it and what mends it; no fault is no sentence. None shows a secret.
"""

import datetime as dt
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.store.access_book import AccessBook

BACKUP_AGE: Final = dt.timedelta(hours=26)  # one a day, and two hours for making it
_LOOPBACK: Final = ("127.", "localhost", "[::1]")
_BEYOND_OWNER: Final = stat.S_IRWXG | stat.S_IRWXO
_BACKUPS: Final = (b"SQLite format 3\0", b"PGDMP")  # of `santunan backup`, and of `pg_dump --format=custom`
Check = Callable[["Settings"], list[str]]


def broker(settings: "Settings") -> list[str]:
    """Claims and the broker's password cross the network in the clear without TLS."""
    if settings.is_embedded:
        return []
    found = []
    if not settings.kafka_security_protocol.endswith("SSL"):
        found.append(
            f"Kafka is spoken to by {settings.kafka_security_protocol}, which everybody on the way can read: set "
            "SANTUNAN_KAFKA_SECURITY_PROTOCOL=SASL_SSL"
        )
    if not settings.kafka_security_protocol.startswith("SASL"):
        found.append(
            "Kafka does not learn who writes a topic: set SANTUNAN_KAFKA_SECURITY_PROTOCOL=SASL_SSL, kafka_user and "
            "kafka_password, and give rights by `santunan topics create --acl`"
        )
    return found


def attestation(settings: "Settings") -> list[str]:
    """Over Kafka others write to the broker as well: a worker must know what came by a door of ours."""
    from agents.key_files import attester_of
    from pipeline.errors import NotReady

    try:
        if attester_of(settings) is None and not settings.is_embedded:
            return [
                "a worker believes whoever can write a topic: `openssl rand -hex 32` into a file, and name it as "
                "SANTUNAN_ATTESTATION_KEY_FILE for gateways and operators first, then for workers"
            ]
    except NotReady as error:
        return [str(error)]
    return []


def sealing(settings: "Settings") -> list[str]:
    """A copy of the database must not hold the second factors of officers readable."""
    from agents.key_files import sealer_of
    from pipeline.errors import NotReady

    try:
        if sealer_of(settings) is None and not settings.is_embedded:
            return [
                "second factors and webhook secrets are readable in the database: `openssl rand -hex 32` into a file, "
                "name it SANTUNAN_SECRETS_KEY_FILE, then `santunan access seal`"
            ]
    except NotReady as error:
        return [str(error)]
    return []


def niks(settings: "Settings") -> list[str]:
    """A copy of the database must not give its members by their NIKs."""
    from agents.key_files import nik_key_of
    from pipeline.errors import NotReady

    try:
        if nik_key_of(settings) is None and not settings.is_embedded:
            return [
                "columns of the database hold NIKs readable: `openssl rand -hex 32` into a file, name it "
                "SANTUNAN_NIK_KEY_FILE everywhere, stop all and run `santunan migrate --nik-key`"
            ]
    except NotReady as error:
        return [str(error)]
    return []


def passwords(settings: "Settings") -> list[str]:
    """Passwords of the database and the broker that are tried first."""
    from pipeline.credentials import WeakPassword, require_strong

    parts = urlsplit(settings.database_url)
    kafka = settings.kafka_password.get_secret_value() if settings.kafka_password is not None else None
    given = {
        "SANTUNAN_DATABASE_URL": (parts.password and unquote(parts.password), parts.username or ""),
        "SANTUNAN_KAFKA_PASSWORD": (kafka, settings.kafka_user or ""),
    }
    found = []
    for name, (password, who) in given.items():
        try:
            if password is not None:
                require_strong(password, who)
        except WeakPassword:
            found.append(f"the password in {name} is short, or among the first that are tried: `openssl rand -hex 24`")
    return found


def files(settings: "Settings") -> list[str]:
    """Files with secrets or personal data that other users of this machine can read."""
    found = []
    for path in _private_files(settings):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _BEYOND_OWNER:
            found.append(f"{path} has mode {mode:04o}, so others can read it: chmod {mode & 0o700:o} {path}")
    return found


def _private_files(settings: "Settings") -> Iterator[Path]:
    from agents.settings import SETTINGS_FILE

    named = [
        settings.attestation_key_file,
        settings.secrets_key_file,
        settings.nik_key_file,
        settings.login_file,
        settings.oidc_client_secret_file,
        settings.papers_s3_credentials,
    ]
    named += [settings.papers_place, settings.backup_folder]
    if settings.is_embedded:
        named += [Path(f"{settings.embedded_file}{end}") for end in ("", "-wal", "-shm")]
    if settings.backup_folder is not None and settings.backup_folder.is_dir():
        named += sorted(settings.backup_folder.iterdir())
    own = Path(SETTINGS_FILE)
    if own.exists() and "password" in own.read_text(encoding="utf-8"):
        named.append(own)
    yield from (path for path in named if path is not None and path.exists())


def backup(settings: "Settings") -> list[str]:
    """Whether the newest file of the folder is a backup, young, and on another disk than the store."""
    folder = settings.backup_folder
    if folder is None:
        return ["no backup is known: set SANTUNAN_BACKUP_FOLDER to where backups are put, and make one each day"]
    if not folder.is_dir():
        return [f"{folder} is no folder: mount the disk of the backups, or correct SANTUNAN_BACKUP_FOLDER"]
    whole = [path for path in folder.iterdir() if path.is_file() and _is_backup(path)]
    if not whole:
        return [f"{folder} holds no backup: make one with `santunan backup`, or `pg_dump --format=custom`"]
    found = []
    newest = max(path.stat().st_mtime for path in whole)
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromtimestamp(newest, dt.UTC)
    if age > BACKUP_AGE:
        hours = age.total_seconds() // 3600
        found.append(
            f"the newest backup in {folder} is {hours:.0f} hours old: make one each day, and look why none came"
        )
    is_there = settings.is_embedded and settings.embedded_file.exists()
    if is_there and folder.stat().st_dev == settings.embedded_file.stat().st_dev:
        found.append(f"{folder} is on the disk of the store, and goes with it: put backups on another disk")
    return found


def _is_backup(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16).startswith(_BACKUPS)


def gateway(settings: "Settings") -> list[str]:
    """Passwords and claims need TLS before the gateway, and browsers must keep cookies for TLS alone."""
    found = []
    url = settings.web_url or ""
    if not url.startswith("https:"):
        found.append(
            "cookies are not Secure: put a proxy with TLS before the gateway, and set "
            "SANTUNAN_WEB_URL=https://HOST as browsers visit it"
        )
        if not settings.web_address.startswith(_LOOPBACK):
            found.append(
                f"the gateway listens on {settings.web_address}, beyond this machine, without TLS: set "
                "SANTUNAN_WEB_ADDRESS=127.0.0.1:8080 behind a proxy on this machine, or SANTUNAN_WEB_URL=https://HOST"
            )
    return found


def identity_provider(settings: "Settings") -> list[str]:
    """Whether the provider answers as it is set, and its table leads to principals that may act."""
    if settings.oidc_issuer is None:
        return []
    import asyncio

    from agents.web.identity_provider import TokenRefused, open_provider
    from pipeline.errors import SantunanError

    found = []
    try:
        provider = open_provider(settings)
        assert provider is not None
        asyncio.run(provider.examine())
    except TokenRefused as refused:
        found.append(
            f"the document of {settings.oidc_issuer} is not to be believed ({refused.reason}): write "
            "SANTUNAN_OIDC_ISSUER exactly as the provider names itself, and have it give https addresses and keys"
        )
    except SantunanError as error:
        found.append(str(error))
    if settings.oidc_client_secret_file is None:
        found.append("the provider knows the gateway by no secret: set SANTUNAN_OIDC_CLIENT_SECRET_FILE")
    return found + _strangers(settings)


def _strangers(settings: "Settings") -> list[str]:
    from pipeline.operations.sign_in import full_name

    def look(book: "AccessBook") -> list[str]:
        acting = {one.principal.name for one in book.accounts() if one.disabled_at is None}
        missing = sorted({name for name in settings.oidc_principals.values() if full_name(name) not in acting})
        return [
            f"oidc_principals names {name}, who may not act: `santunan access add`, or take it out" for name in missing
        ]

    return _in_book(settings, look)


def demo_links(settings: "Settings") -> list[str]:
    """Links of the demo, and sessions that came of them, need no second factor."""
    from pipeline.store.link_book import LinkBook
    from pipeline.store.sign_in_book import SignInBook

    def look(book: "AccessBook") -> list[str]:
        now = dt.datetime.now(dt.UTC)
        names = sorted({one.principal.name for one in SignInBook(book).sessions(now) if one.way == "DEMO"})
        found = [f"{name} came in by a link of the demo: `santunan access end {name}`" for name in names]
        if count := LinkBook(book).count_demo(now):
            found.append(
                f"{count} links of the demo can still be used: they end within a day, and `santunan access disable` of "
                "whom they are for ends them at once"
            )
        return found

    return _in_book(settings, look)


def _in_book(settings: "Settings", look: "Callable[[AccessBook], list[str]]") -> list[str]:
    """Where there is no store yet, there is nobody in it."""
    from agents.stores import open_access
    from pipeline.errors import SantunanError

    if settings.is_embedded and not settings.embedded_file.exists():
        return []
    try:
        with open_access(settings) as book:
            return look(book)
    except SantunanError as error:
        return [str(error)]


def database(settings: "Settings") -> Mapping[str, list[str]]:
    """By part; nothing of an embedded store, which is a file."""
    if settings.is_embedded:
        return {}
    from agents.cli.store import opened_store
    from pipeline.errors import SantunanError
    from pipeline.queries.database_rights import findings

    try:
        with opened_store() as store:
            return findings(store, lambda: dt.datetime.now(dt.UTC))
    except SantunanError as error:
        return {"rights in the database": [str(error)]}


CHECKS: Final[Mapping[str, Check]] = {
    "connection to Kafka": broker,
    "attestation": attestation,
    "secrets in the database": sealing,
    "NIKs in the database": niks,
    "passwords": passwords,
    "private files": files,
    "backup": backup,
    "TLS of the gateway": gateway,
    "identity provider": identity_provider,
    "demo": demo_links,
}


def examine(settings: "Settings") -> dict[str, list[str]]:
    """What is wrong, by what was examined; an empty list: nothing."""
    return {**{part: check(settings) for part, check in CHECKS.items()}, **database(settings)}
