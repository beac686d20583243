"""`santunan restore`: a backup put in the place of the store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.store.backup import Contents

_POSTGRESQL = """\
PostgreSQL restores its own backups, so nothing was changed. In this order:
  1. stop all workers
  2. put the present database aside and make an empty one, as a user who may do that:
     psql --dbname=postgres -c {rename} -c {create}
  3. pg_restore --no-owner --exit-on-error --single-transaction --dbname="$SANTUNAN_DATABASE_URL" {file}
  4. santunan restore --check
  5. santunan worker --catch-up\
"""


def add_to(cli: typer.Typer) -> None:
    cli.command("restore")(restore)


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A backup.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the store as it is now; changes nothing.")] = False,
    json: Json = False,
) -> None:
    """Put a backup in the place of the embedded store.

    The backup is checked first; the present file is put aside, never deleted. Stop the worker and everything else that
    uses the file before. Readers with a position file notice that the log is another one. For PostgreSQL: prints which
    commands restore a backup; exit code 1, since nothing was restored.

    \b
    Examples:
      santunan restore /mnt/backups/santunan-monday.db
      santunan restore --check
    """
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED

    if check == (file is not None):
        raise typer.BadParameter("give the FILE of a backup, or --check alone")
    settings = read_settings()
    if file is None:
        _check(settings, as_json=json)
        return
    if settings.is_embedded:
        _put_back(file, settings, as_json=json)
        return
    print(_commands(file, settings))
    raise typer.Exit(EXIT_REFUSED)


def _put_back(file: Path, settings: "Settings", *, as_json: bool) -> None:
    from agents.cli.store import breaches_of_copy, shown_progress
    from agents.terminal import complain, print_json
    from pipeline.errors import NotReady
    from pipeline.store.backup import put_back

    def check(copy: Path, contents: "Contents") -> None:
        try:
            breaches = breaches_of_copy(copy, contents, settings)
        except NotReady as error:
            raise NotReady(f"{str(error).replace(str(copy), str(file))}; nothing was changed") from None
        if breaches:
            raise NotReady(f"{file} is not sound ({'; '.join(breaches)}): take another backup; nothing was changed")

    if not file.is_file():
        raise typer.BadParameter(f"{file} is no file; give the path of a backup")
    with shown_progress("restoring") as report:
        done = put_back(file, settings.embedded_file, check=check, report=report)
    found, aside = done.contents, done.aside
    if as_json:
        document = {"file": str(settings.embedded_file), "put_aside": str(aside) if aside else None, "lost": done.lost}
        print_json([{**document, "revision": found.revision, "log": found.identity, "records": found.records}])
    else:
        print(f"{settings.embedded_file}: {found.records:,} records, as in {file}.")
    if aside is not None:
        complain(f"The file of before is {aside}.")
    if done.lost:
        complain(f"It has {done.lost:,} more records; events that came after the backup must be submitted again.")


def _check(settings: "Settings", *, as_json: bool) -> None:
    from agents.cli.store import breaches_of
    from agents.terminal import print_json
    from pipeline.errors import EXIT_REFUSED

    found = breaches_of(settings)
    if as_json:
        print_json([{"faults": found}])
    else:
        print(
            "\n".join(found) if found else "The store is sound; `santunan doctor --deep` decides everything again, too."
        )
    if found:
        raise typer.Exit(EXIT_REFUSED)


def _commands(file: Path, settings: "Settings") -> str:
    import shlex
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(settings.database_url)
    name, owner = unquote(parts.path.lstrip("/")), unquote(parts.username or "")
    rename = f'ALTER DATABASE "{name}" RENAME TO "{name}_before"'
    create = f'CREATE DATABASE "{name}"' + (f' OWNER "{owner}"' if owner else "")
    return _POSTGRESQL.format(file=shlex.quote(str(file)), rename=shlex.quote(rename), create=shlex.quote(create))
