"""`santunan migrate`: the tables of the store at another revision, or their NIKs under another key."""

from pathlib import Path
from typing import Annotated

import typer


def add_to(cli: typer.Typer) -> None:
    cli.command("migrate")(migrate)


def migrate(
    to: Annotated[str, typer.Option("--to", help="A revision; by default the newest.")] = "head",
    nik_key: Annotated[
        bool, typer.Option("--nik-key", help="Write the NIKs of the store with the key of SANTUNAN_NIK_KEY_FILE.")
    ] = False,
    old_nik_key: Annotated[
        Path | None,
        typer.Option("--old-nik-key", help="File with the key they are written with now.", show_default=False),
    ] = None,
) -> None:
    """Bring the tables of the store to this version. An embedded file does that by itself.

    With --nik-key: write the columns that hold NIKs with the key of SANTUNAN_NIK_KEY_FILE; where that is not set, take
    the key out. Stop all that uses the store before, and make a backup. Interrupted, the same command goes on.

    \b
    Examples:
      santunan migrate
      SANTUNAN_DATABASE_URL=postgresql://santunan@db/santunan santunan migrate
      santunan migrate --nik-key
      santunan migrate --nik-key --old-nik-key old.key
    """
    from agents.key_files import nik_key_of
    from agents.settings import read_settings
    from pipeline.store import migrate as move

    if nik_key:
        if to != "head":
            raise typer.BadParameter("give --to or --nik-key, not both")
        _rewrite(old_nik_key)
        return
    if old_nik_key is not None:
        raise typer.BadParameter("--old-nik-key goes with --nik-key")
    settings = read_settings()
    print(f"The tables are at revision {move(settings.database_url, to, nik_key=nik_key_of(settings))}.")


def _rewrite(old_file: Path | None) -> None:
    from agents.key_files import nik_key_of, read_nik_key
    from agents.settings import read_settings
    from agents.terminal import progress
    from pipeline.store.nik_rewriting import rewrite

    settings = read_settings()
    old, new = read_nik_key(old_file, "--old-nik-key"), nik_key_of(settings)
    with progress("writing NIKs") as bar:
        seen = 0

        def report(values: int, in_all: int) -> None:
            nonlocal seen
            bar.advance(values - seen, total=in_all)
            seen = values

        changed = rewrite(settings.database_url, old, new, report)
    how = "readable" if new is None else "under the key of SANTUNAN_NIK_KEY_FILE"
    print(f"All NIKs in the columns of the store are {how}; {changed:,} values were written anew.")
