"""Papers as files of one user alone. A paper is under its name only when all of it is on disk."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from agents.papers.scanner import Scanner
from pipeline.errors import NotReady, Transient
from pipeline.private_files import open_private, own_folder

PART_BYTES: Final = 64 * 1024
HEAD_BYTES: Final = 8  # enough to know the kind of a paper
LEFT_SECONDS: Final = 3600.0  # no upload takes so long


class Draft:
    """A file without a name that counts, until it is kept. To be closed, whatever happened."""

    def __init__(self, place: "PaperFolder") -> None:
        self._place = place
        descriptor, name = tempfile.mkstemp(prefix="draft-", dir=place.folder)  # mode 0600
        self.path = Path(name)
        self._file: BinaryIO = os.fdopen(descriptor, "w+b")
        self._hash = hashlib.sha256()
        self.size = 0
        self.head = b""

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def write(self, part: bytes) -> None:
        """Raises Transient where the disk is full."""
        try:
            self._file.write(part)
        except OSError as error:
            raise Transient(f"a paper cannot be written ({error.strerror}): make room and send it again") from None
        self._hash.update(part)
        self.size += len(part)
        self.head = (self.head + part[:HEAD_BYTES])[:HEAD_BYTES]

    def is_safe(self) -> bool:
        self._file.flush()
        return self._place.scanner.passes(self.path)

    def keep(self, media_type: str) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._place.take(self, media_type)
        except OSError as error:
            raise Transient(f"a paper cannot be written ({error.strerror}): make room and send it again") from None

    def close(self) -> None:
        with suppress(OSError):  # what could not be written, on a full disk, is not wanted any more
            self._file.close()
        self.path.unlink(missing_ok=True)


class PaperFolder:
    """Raises NotReady where the folder is a link, or another user's."""

    def __init__(self, folder: Path, scanner: Scanner) -> None:
        own_folder(folder)
        self.folder = folder
        self.scanner = scanner
        for left in folder.glob("draft-*"):  # of a process that was killed; another gateway's is younger
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - LEFT_SECONDS:
                    left.unlink()

    def begin(self) -> Draft:
        try:
            return Draft(self)
        except OSError as error:
            raise Transient(f"a paper cannot be written ({error.strerror}): make room and send it again") from None

    def take(self, draft: Draft, media_type: str) -> None:
        """Give it its name, which is on disk afterwards. The same paper again replaces itself. Raises OSError."""
        file = self.file_of(draft.digest)
        own_folder(file.parent)
        os.replace(draft.path, file)
        for folder in (file.parent, self.folder):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, sha256: str) -> Iterator[bytes]:
        """Opened before the first part is asked for."""
        try:
            descriptor = open_private(self.file_of(sha256), os.O_RDONLY)
        except FileNotFoundError:
            raise NotReady(
                f"the paper {sha256[:12]}… is no longer in its folder; put the backup of papers back"
            ) from None
        return _parts(os.fdopen(descriptor, "rb"))

    def file_of(self, sha256: str) -> Path:
        """Two letters a folder, so that none has too many files."""
        return self.folder / sha256[:2] / sha256


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(PART_BYTES):
            yield part
