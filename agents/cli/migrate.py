"""`santunan migrate`: the tables of the store, at another revision."""

from typing import Annotated

import typer


def add_to(cli: typer.Typer) -> None:
    cli.command("migrate")(migrate)


def migrate(
    to: Annotated[str, typer.Option("--to", help="A revision; by default the newest.")] = "head",
) -> None:
    """Bring the tables of the store to this version. An embedded file does that by itself.

    \b
    Examples:
      santunan migrate
      SANTUNAN_DATABASE_URL=postgresql://santunan@db/santunan santunan migrate
    """
    from agents.settings import read_settings
    from pipeline.store import migrate as move

    print(f"The tables are at revision {move(read_settings().database_url, to)}.")
