"""Identity of who acts at the command line: a person who signed in, or the user of this machine.

`santunan login` keeps a key or a session in a file of its owner alone. It is asked for anew at each command.
"""

import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.access.principals import Principal
    from pipeline.store.access_book import AccessBook

_KEY_PREFIX = "stn_"


@dataclass(frozen=True, slots=True)
class Login:
    """`credential`: a key, a session's token, or of a gateway at `url` the cookie of a session."""

    credential: str
    url: str | None = None


def read_login(settings: "Settings") -> Login | None:
    """None: nobody is signed in here. Raises NotReady where the file is another user's, or damaged."""
    from pipeline.errors import NotReady
    from pipeline.private_files import read_private

    try:
        return Login(**json.loads(read_private(settings.login_file)))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise NotReady(f"{settings.login_file} cannot be read; sign in again with `santunan login`") from None


def write_login(settings: "Settings", login: Login) -> None:
    from pipeline.private_files import make_folders, write_private

    make_folders(settings.login_file.absolute().parent)
    write_private(settings.login_file, json.dumps(asdict(login)).encode())


def forget_login(settings: "Settings") -> None:
    with suppress(FileNotFoundError):
        settings.login_file.unlink()


def signed_in(settings: "Settings", book: "AccessBook") -> "Principal | None":
    """The principal of the key or session of the file, over the store; None: nobody is signed in.

    Raises NotReady where it is over, or of a gateway.
    """
    from pipeline.errors import NotReady

    login = read_login(settings)
    if login is None:
        return None
    if login.url is not None:
        raise NotReady(f"you are signed in to {login.url}, not to this store; `santunan logout`, or sign in here")
    found = principal_of(book, login.credential)
    if found is None:
        raise NotReady("the session is over, or the key is not valid any more: `santunan login`, or `santunan logout`")
    return found


def principal_of(book: "AccessBook", credential: str) -> "Principal | None":
    """None: the key or session opens nothing."""
    from pipeline.store.sign_in_book import SignInBook

    if credential.startswith(_KEY_PREFIX):
        used = book.use_key(credential, now())
        return used.principal if used is not None and used.refusal is None else None
    session = SignInBook(book).session(credential, now())
    return session.principal if session is not None else None


def operator_hand(settings: "Settings", book: "AccessBook") -> str:
    """Who acts, as an audit record names it: the operator who is signed in, or `machine:USER`.

    Raises Denied where somebody else is signed in; NotReady where the session is over.
    """
    from pipeline.access.roles import Denied

    found = signed_in(settings, book)
    if found is not None and found.kind != "operator":
        raise Denied("NOT_ALLOWED", "access: operators alone; sign in as one")
    return machine_user() if found is None else found.name


def machine_user() -> str:
    """Of who acts at the machine itself, without a credential."""
    import getpass

    return f"machine:{getpass.getuser()}"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
