"""The key that columns with NIKs are written with: a row names it, and each opening of a store compares.

Never imports Faust or Kafka.
"""

from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from pipeline.errors import NotReady
from pipeline.nik_key import SETTING, NikKey
from pipeline.store.tables import nik_keys

REWRITE: Final = "`santunan migrate --nik-key`"


NotedKey = tuple[str, bool]  # fingerprint; empty: readable. And whether all columns are written with it


def noted_key(connection: Connection) -> NotedKey:
    found: Any = connection.execute(select(nik_keys)).first()
    return ("", True) if found is None else (found.fingerprint, found.is_whole)


def note_key(connection: Connection, key: NikKey | None, *, is_whole: bool = True) -> None:
    connection.execute(delete(nik_keys))
    if key is not None or not is_whole:
        connection.execute(insert(nik_keys), {"fingerprint": fingerprint_of(key), "is_whole": is_whole})


def require_key(noted: NotedKey, key: NikKey | None, name: str) -> None:
    """Raises NotReady unless all columns are written with this key. `name`: of the database."""
    fingerprint, is_whole = noted
    if not is_whole:
        raise NotReady(f"writing the NIKs of {name} with another key was interrupted: {REWRITE} goes on")
    if fingerprint == fingerprint_of(key):
        return
    if key is None:
        raise NotReady(f"{name} holds NIKs under a key: set {SETTING} to the file with that key")
    if not fingerprint:
        raise NotReady(
            f"{name} holds NIKs without a key, and {SETTING} is set: stop all that use it, make a backup and run "
            f"{REWRITE}; or unset it"
        )
    raise NotReady(
        f"{name} holds NIKs under another key: set {SETTING} to the file with that key. To replace the key, stop all "
        f"that use the database and run {REWRITE} with --old-nik-key"
    )


def fingerprint_of(key: NikKey | None) -> str:
    return key.fingerprint if key is not None else ""
