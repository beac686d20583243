"""The lock that admits one worker to an embedded file. A restore takes it, too. Never imports Faust or Kafka."""

import contextlib
import fcntl
import os
from pathlib import Path

from pipeline.errors import NotReady
from pipeline.private_files import make_folders, open_private


def hold(file: Path) -> int:
    """Lock `file` for one worker, until the process ends, however it ends. Raises NotReady where one has it."""
    try:
        make_folders(file.parent)
        descriptor = open_private(f"{file}.worker", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise NotReady(f"{error.filename}: {error.strerror}; set database_url to a place that can be written") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise NotReady(
            f"{file} already has a worker (process {holder or 'unknown'}): stop that one first, "
            "or give this one another database_url"
        ) from None
    os.ftruncate(descriptor, 0)
    with contextlib.suppress(OSError):  # a full disk: only the lock counts; the process id is for the sentence above
        os.write(descriptor, str(os.getpid()).encode())
    return descriptor
