"""`santunan backup`: a copy of the store, made while a worker runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.store.backup import Contents

_POSTGRESQL = """\
PostgreSQL makes its own backups, so none was made. A consistent one, while workers run:
  pg_dump --format=custom --file={file} "$SANTUNAN_DATABASE_URL"
  pg_restore --list {file} > /dev/null
To reach the last commit after a failure, archive the write-ahead log or keep a synchronous standby as well.\
"""


def add_to(cli: typer.Typer) -> None:
    cli.command("backup")(backup)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.")] = False,
    json: Json = False,
) -> None:
    """Copy the embedded store to FILE, also while a worker runs.

    The copy is one moment of the store, checked before it gets its name, and readable by this user alone. It holds
    personal data. For PostgreSQL: prints which commands make a backup; exit code 1, since none was made.

    \b
    Examples:
      santunan backup /mnt/backups/santunan-monday.db
      santunan backup --force /mnt/backups/santunan.db
    """
    from agents.cli.store import breaches_of_copy, shown_progress
    from agents.settings import read_settings
    from agents.stores import open_reader
    from agents.terminal import complain, print_json
    from pipeline.errors import EXIT_REFUSED
    from pipeline.store.backup import back_up

    settings = read_settings()
    if not settings.is_embedded:
        import shlex

        print(_POSTGRESQL.format(file=shlex.quote(str(file))))
        raise typer.Exit(EXIT_REFUSED)
    open_reader(settings).close()  # raises NotReady where there is none, or of another version
    breaches: list[str] = []

    def check(copy: Path, contents: "Contents") -> None:
        breaches.extend(breaches_of_copy(copy, contents, settings))

    with shown_progress("copying") as report:
        made = back_up(settings.embedded_file, file, is_replacing=force, check=check, report=report)
    _note(settings)
    size = file.stat().st_size
    if json:
        found = {"revision": made.revision, "log": made.identity, "records": made.records, "faults": breaches}
        print_json([{"file": str(file), "bytes": size, **found}])
    else:
        print(f"{file}: {made.records:,} records, {size:,} bytes, checked.")
    if breaches:
        complain("The copy is whole, but the store is not sound: " + "; ".join(breaches))
        raise typer.Exit(EXIT_REFUSED)


def _note(settings: "Settings") -> None:
    """An audit record, by which operators see how old the last backup is."""
    from agents.cli.identity import machine_user, now
    from agents.stores import open_access
    from pipeline.operations.state import BACKUP
    from pipeline.store.access_rows import AuditRecord

    with open_access(settings) as book:
        book.write(AuditRecord(now(), machine_user(), BACKUP))
