"""Copies of an embedded file: made while a worker runs, examined, and put back.

A copy is made beside its place under another name and moved there when it is whole, so nothing half-done is ever found
under the name that was asked for. Never imports Faust or Kafka.
"""

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pipeline.errors import NotReady, Transient
from pipeline.store import revisions
from pipeline.store.connect import only_one_at_a_time
from pipeline.store.embedded_log import new_identity
from pipeline.store.engines import BUSY_SECONDS
from pipeline.store.worker_lock import hold

PAGES_AT_ONCE: Final = 1024  # between two calls of `report`, and so between two moments at which Ctrl-C is heard
BESIDE: Final = ("-wal", "-shm", "-journal")
_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

Reporter = Callable[[int, int], None]  # pages copied, pages in all


@dataclass(frozen=True, slots=True)
class Contents:
    """`identity`: of the log; None: of an older version, which had none. `records`: of all topics."""

    revision: str
    identity: str | None
    records: int


Check = Callable[[Path, Contents], None]  # of a whole copy; raises where it is not good


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: where the file of before lies; None: there was none. `lost`: how many records it has that the backup has
    not; None: it cannot be read."""

    contents: Contents
    aside: Path | None
    lost: int | None


def back_up(file: Path, target: Path, *, is_replacing: bool, check: Check, report: Reporter) -> Contents:
    """Copy `file` as it is at this moment to `target`, and examine the copy. Raises NotReady, Transient."""
    _refuse_place(target, file, is_replacing=is_replacing)
    with _draft(target) as draft:
        try:
            with _translated(file, target), contextlib.closing(_connect(file, "mode=ro")) as source:
                source.execute("BEGIN")  # one snapshot for all steps, however much is written meanwhile
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                _copy(source, draft, report)
            contents = _examined(draft)
        except _Damaged as damage:
            raise NotReady(f"{file} is damaged ({damage}): no backup was made, keep the last one") from None
        check(draft, contents)
        _refuse_place(target, file, is_replacing=is_replacing)
        _finish(draft, target)
    return contents


def examine(file: Path) -> Contents:
    """Read a whole backup, and every page of it. Raises NotReady where it is none of ours, or damaged."""
    beside = Path(f"{file}-wal")
    if beside.exists() and beside.stat().st_size:
        raise NotReady(f"{file} is in use, as {beside.name} shows, so it is no backup: make one with `santunan backup`")
    try:
        return _examined(file)
    except _Damaged as damage:
        raise NotReady(f"{file} is damaged ({damage}): take another backup; nothing was changed") from None


def put_back(backup: Path, file: Path, *, check: Check, report: Reporter) -> Restored:
    """Make `file` what `backup` is, under a new identity of its log; the file of before is put aside.

    Raises NotReady where a worker or another program uses the file, or the backup is not good; Transient where the disk
    is full. Nothing has changed then.
    """
    if backup.exists() and file.exists() and backup.samefile(file):
        raise NotReady(f"{backup} is the database itself; name a backup")
    contents = examine(backup)
    if contents.revision > revisions.HEAD:
        revisions.refuse_other_revision(contents.revision, str(backup))
    lock = hold(file)
    try:
        with only_one_at_a_time(file), _draft(file) as draft:
            with contextlib.closing(_connect(backup, "mode=ro&immutable=1")) as source, _translated(backup, file):
                _copy(source, draft, report)
            check(draft, contents)
            if contents.identity is not None:
                contents = _renewed(contents, draft)
            return _put_in_place(draft, file, contents, report)
    finally:
        os.close(lock)


def _examined(file: Path) -> Contents:
    """Raises _Damaged."""
    try:
        with contextlib.closing(_connect(file, "mode=ro&immutable=1")) as connection:
            [(said,)] = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if said != "ok":
                raise _Damaged(_first_line(said))
            return _contents(connection, file)
    except sqlite3.Error as error:
        if _name(error).startswith("SQLITE_CANTOPEN"):
            raise NotReady(f"{file} cannot be read; check its owner and its permissions") from None
        raise _Damaged(_first_line(error)) from None


def _put_in_place(draft: Path, file: Path, contents: Contents, report: Reporter) -> Restored:
    if not file.exists() or file.stat().st_size == 0:
        _finish(draft, file)
        return Restored(contents, None, None)
    aside = _free_name(file)
    try:
        with _translated(draft, file), contextlib.closing(_connect(file, "mode=rw", wait=1)) as present:
            require_alone(present, file)
            with _draft(aside) as kept:
                _copy(present, kept, report)
                _finish(kept, aside)
            lost = max(0, _contents(present, file).records - contents.records)
            # Into the file itself, in one transaction: whoever opens it finds the one or the other. Ctrl-C may come
            # when it is committed already, so the file put aside stays then.
            with contextlib.closing(_connect(draft, "mode=ro&immutable=1")) as source:
                source.backup(present, pages=PAGES_AT_ONCE, progress=_progress(report))
    except (NotReady, Transient):
        aside.unlink(missing_ok=True)
        raise
    except _Damaged:
        aside.unlink(missing_ok=True)
        for ending in ("", *BESIDE):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{file}{ending}", f"{aside}{ending}")
        _finish(draft, file)
        return Restored(contents, aside, None)
    return Restored(contents, aside, lost)


class _Damaged(Exception):
    """A file cannot be read to its end; says what SQLite says."""


def require_alone(present: sqlite3.Connection, file: Path) -> None:
    """Nobody else has the file open, until this connection ends. Raises NotReady."""
    try:
        present.execute("PRAGMA locking_mode = EXCLUSIVE")
        present.execute("BEGIN IMMEDIATE")
        present.execute("SELECT count(*) FROM sqlite_master").fetchone()
        present.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if not _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise
        raise NotReady(
            f"{file} is open in another program, such as `santunan decisions --follow` or `santunan submit`: end that "
            "one first; nothing was changed"
        ) from None


def _renewed(contents: Contents, draft: Path) -> Contents:
    identity = new_identity()
    with contextlib.closing(_connect(draft, "mode=rw")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # nothing beside it; WAL comes back below
        connection.execute("UPDATE log_identity SET id = ?", (identity,))
        connection.execute("PRAGMA journal_mode = WAL")
    return Contents(contents.revision, identity, contents.records)


def _contents(connection: sqlite3.Connection, file: Path) -> Contents:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "log"} <= tables:
        raise NotReady(f"{file} is the database of another program; name a backup that `santunan backup` made")
    [(revision,)] = connection.execute("SELECT version_num FROM alembic_version")
    [(records,)] = connection.execute("SELECT coalesce(max(seq), 0) FROM log")
    found = connection.execute("SELECT id FROM log_identity").fetchone() if "log_identity" in tables else None
    return Contents(revision, found[0] if found else None, records)


def _copy(source: sqlite3.Connection, draft: Path, report: Reporter) -> None:
    with contextlib.closing(_connect(draft, "mode=rw")) as target:
        target.execute("PRAGMA synchronous = OFF")  # it is synced once, when it is whole
        target.execute("PRAGMA journal_mode = OFF")
        source.backup(target, pages=PAGES_AT_ONCE, progress=_progress(report), sleep=0)


def _progress(report: Reporter) -> Callable[[int, int, int], None]:
    return lambda _status, remaining, total: report(total - remaining, total)


def _connect(file: Path, query: str, *, wait: float = BUSY_SECONDS) -> sqlite3.Connection:
    uri = f"file:{quote(str(file))}?{query}"
    return sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)


def _refuse_place(target: Path, file: Path, *, is_replacing: bool) -> None:
    if target.is_dir():
        raise NotReady(f"{target} is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise NotReady(f"the folder {target.parent} does not exist; make it, or give another place")
    if not os.path.lexists(target):
        return
    own = [Path(f"{file}{ending}") for ending in ("", *BESIDE)]
    if any(one.exists() and target.exists() and target.samefile(one) for one in own):
        raise NotReady(f"{target} is the database itself; give the backup another name")
    if not is_replacing:
        raise NotReady(f"{target} exists, and a backup is not written over: give another name, or --force")


@contextlib.contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """An empty file of this user alone, beside `target`; gone when the block is left, unless it was moved."""
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".new", dir=target.parent)  # 0600
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for ending in ("", *BESIDE):
            Path(f"{name}{ending}").unlink(missing_ok=True)


def _finish(draft: Path, target: Path) -> None:
    """Move the whole file to its place, so that it survives a power failure there."""
    for place in (draft, target.parent):
        if place == target.parent:
            draft.replace(target)
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _free_name(file: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside, number = file.with_name(f"{file.name}.before-{stamp}"), 1
    while aside.exists():
        aside, number = file.with_name(f"{file.name}.before-{stamp}-{number}"), number + 1
    return aside


@contextlib.contextmanager
def _translated(source: Path, target: Path) -> Iterator[None]:
    """Raises Transient or NotReady in place of SQLite's errors, _Damaged where a file cannot be read."""
    try:
        yield
    except sqlite3.Error as error:
        name, said = _name(error), _first_line(error)
        if name.startswith(_DAMAGE):
            raise _Damaged(said) from None
        if name.startswith("SQLITE_READONLY"):
            raise NotReady(f"{target} cannot be written ({said}); check its owner and its permissions") from None
        if name.startswith("SQLITE_FULL"):
            raise Transient(
                f"the disk of {target.parent} is full: nothing was changed; make room and try again"
            ) from None
        raise Transient(f"{source} could not be copied to {target} ({said}); nothing was changed, try again") from None


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or ""


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [""])[0]
