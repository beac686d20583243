"""Reads the revision of a database's tables, and migrates it to another.

Alembic is imported only where something must change: opening a store asks one row. Never imports Faust or Kafka.
"""

import re
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from pipeline.errors import NotReady

HEAD: Final = "0018"  # the newest file in `migrations/versions`; a test holds that they agree
_REVISION: Final = re.compile(r"[0-9]{4}")
_SCRIPTS: Final = Path(__file__).parent / "migrations"


def revision_of(connection: Connection) -> str | None:
    """None: the database has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def move(connection: Connection, to: str = "head") -> None:
    """Up or down to a revision, inside the caller's transaction. `base`: no tables at all. Raises NotReady.

    A revision is written out: of `-1`, or a part of a name, Alembic would make another one.
    """
    from alembic import command
    from alembic.util import CommandError

    target = HEAD if to == "head" else to
    if target != "base" and not _REVISION.fullmatch(target):
        raise NotReady(f"{to!r} is no revision of the tables; the newest revision is {HEAD}")
    found = revision_of(connection)
    try:
        if target != "base" and (found is None or target >= found):
            command.upgrade(_configuration(connection), target)
        else:
            command.downgrade(_configuration(connection), target)
    except CommandError as error:
        raise NotReady(f"the tables cannot be brought to {to} ({error}); the newest revision is {HEAD}") from None


def refuse_other_revision(found: str | None, name: str) -> None:
    """Raises NotReady unless the tables are those that this version reads and writes. `name`: of the database."""
    if found is None:
        raise NotReady(f"{name} has no tables yet: run `santunan migrate`")
    if found < HEAD:
        raise NotReady(
            f"{name} has tables of an older version (revision {found}, this version needs {HEAD}): stop the workers, "
            "make a backup, run `santunan migrate`"
        )
    if found > HEAD:
        raise NotReady(
            f"{name} has tables of a newer version (revision {found}, this version knows {HEAD}): install that version"
        )


def _configuration(connection: Connection) -> Any:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    return configuration
