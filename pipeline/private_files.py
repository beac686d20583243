"""Files and folders that hold personal data or a password: readable by their owner alone, and never reached by a link.

A link that somebody else made could lead what is written to another place, and a file of another user could hold
whatever that user wants to be believed. Only the last part of a path counts: a disk may well be reached through links.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from pipeline.errors import NotReady

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
_BEYOND_OWNER: Final = stat.S_IRWXG | stat.S_IRWXO


def open_private(path: Path | str, flags: int) -> int:
    """A descriptor of a regular file of this user; what `flags` make or write has mode 0600 then.

    Raises NotReady where the path is a link, no file, or another user's; OSError as `os.open`.
    """
    require_own(path)
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, FILE_MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:  # made since it was looked at
            raise _link(path) from None
        raise
    try:
        found = os.fstat(descriptor)
        _require_own(path, found, stat.S_ISREG)
        if flags & (os.O_WRONLY | os.O_RDWR) and found.st_mode & _BEYOND_OWNER:
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~_BEYOND_OWNER)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_private(path: Path, data: bytes) -> None:
    """Replace the whole content."""
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(data)


def read_private(path: Path) -> bytes:
    """Raises FileNotFoundError, and as `open_private`."""
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        return file.read()


def require_own(path: Path | str) -> None:
    """Raises NotReady where there is something at this path that is no regular file of this user."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    _require_own(path, found, stat.S_ISREG)


def close_to_others(path: Path) -> None:
    """Take the rights of all others away, without opening the file: SQLite would lose its locks when it is closed.

    Raises as `require_own`.
    """
    require_own(path)
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _BEYOND_OWNER:
            path.chmod(mode & ~_BEYOND_OWNER)


def make_folders(path: Path) -> None:
    """Make what is missing of this path, for this user alone; the folders that are there stay as they are.

    Raises OSError.
    """
    if not path.is_dir():
        make_folders(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def own_folder(path: Path) -> None:
    """Make a folder that is closed to others, or close one that is there; those above it stay as they are.

    One whose group may pass through it, and not look, is left so: the system user of a server may need to.

    Raises NotReady where it is a link, no folder, or another user's.
    """
    make_folders(path)
    found = os.lstat(path)
    _require_own(path, found, stat.S_ISDIR)
    if found.st_mode & (_BEYOND_OWNER & ~stat.S_IXGRP):
        path.chmod(FOLDER_MODE)


def _require_own(path: Path | str, found: os.stat_result, is_kind: Callable[[int], bool]) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise _link(path)
    if not is_kind(found.st_mode):
        raise NotReady(f"{path} is no {'file' if is_kind is stat.S_ISREG else 'folder'}; give another path")
    if found.st_uid != os.geteuid():
        raise NotReady(
            f"{path} belongs to another user ({_name(found.st_uid)}), who could change what is in it; run this as that "
            "user, or give another path"
        )


def _link(path: Path | str) -> NotReady:
    return NotReady(f"{path} is a link, which could lead elsewhere tomorrow; give the path of what it leads to")


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
