"""`santunan services`: Kafka and PostgreSQL from packages, to try with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json
from agents.terminal import complain, print_json

if TYPE_CHECKING:
    from agents.services.servers import Services

_DEFAULT_PLACE = Path(".santunan") / "services"
_HELP = "Where their data, ports and logs are kept."
Place = Annotated[Path, typer.Option("--in", metavar="DIR", help=_HELP)]
KnownPlace = Annotated[
    Path | None,
    typer.Option("--in", metavar="DIR", help=f"{_HELP} By default {_DEFAULT_PLACE}, else where they were started."),
]

services = typer.Typer(
    help="Kafka and PostgreSQL to try with, without Docker.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(services, name="services")


@services.command("up")
def up(
    place: Place = _DEFAULT_PLACE,
    secured: Annotated[
        bool, typer.Option("--secured", help="With TLS, passwords, an authorizer and database roles.")
    ] = False,
    json: Json = False,
) -> None:
    """Start both servers on this machine. They stay when this command has ended.

    One broker and one copy of everything: for trying and testing. Needs the extra `services`.

    \b
    Examples:
      santunan services up
      eval "$(santunan services up)" && santunan topics create
      santunan services up --secured --in secured

    With --secured the variables are a worker's; admin.env, operator.env and others beside it hold those of the rest.
    """
    from agents.services import last_directory, servers

    started = servers.up(place, complain, is_secured=secured)
    try:
        last_directory.remember(place)
    except OSError as error:
        complain(f"From other folders, give --in {place.absolute()}: {error.filename}: {error.strerror}")
    _show_settings(started, as_json=json)


@services.command("down")
def down(place: KnownPlace = None) -> None:
    """Stop both; their data stays.

    \b
    Example:
      santunan services down
    """
    from agents.services import servers

    servers.down(_chosen(place))


@services.command("status")
def status(place: KnownPlace = None, json: Json = False) -> None:
    """Whether they run, and where they listen. Exit code 1 if one of them does not run.

    \b
    Example:
      santunan services status
    """
    from agents.services import servers
    from pipeline.errors import EXIT_REFUSED

    found = servers.status(_chosen(place))
    for name, pid in (("Kafka", found.kafka_pid), ("PostgreSQL", found.postgresql_pid)):
        complain(f"{name}: " + (f"runs (process {pid})" if pid else "does not run; `santunan services up` starts it"))
    if found.services is not None and found.is_up:
        _show_settings(found.services, as_json=json)
        return
    raise typer.Exit(EXIT_REFUSED)


def _chosen(place: Path | None) -> Path:
    """The folder that is meant, which it says: the given one, else this folder's, else the last one started."""
    from agents.services import last_directory

    chosen = place or _DEFAULT_PLACE
    if place is None and not chosen.is_dir():
        chosen = last_directory.recall() or chosen
    complain(f"Servers in {chosen.absolute()}:")
    return chosen


def _show_settings(started: "Services", *, as_json: bool) -> None:
    settings = started.settings
    if as_json:
        print_json([settings])
        return
    for name, value in settings.items():
        print(f"export {name}={value}")
