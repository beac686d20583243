"""`santunan services` (Kafka and PostgreSQL from packages, to try with) and `santunan topics`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json
from agents.terminal import print_json

if TYPE_CHECKING:
    from agents.services.servers import Services

_DEFAULT_PLACE = Path(".santunan") / "services"
Place = Annotated[Path, typer.Option("--in", metavar="DIR", help="Where their data, ports and logs are kept.")]

services = typer.Typer(
    help="Kafka and PostgreSQL to try with, without Docker.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
topics = typer.Typer(help="The topics on a Kafka cluster.", no_args_is_help=True, rich_markup_mode=None)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(services, name="services")
    cli.add_typer(topics, name="topics")


@services.command("up")
def up(place: Place = _DEFAULT_PLACE, json: Json = False) -> None:
    """Start both servers on this machine. They stay when this command has ended.

    One broker and one copy of everything: for trying and testing. Needs the extra `services`.

    \b
    Examples:
      santunan services up
      eval "$(santunan services up)" && santunan topics create
    """
    from agents.services import servers
    from agents.terminal import complain

    started = servers.up(place, complain)
    _show_settings(started, as_json=json)


@services.command("down")
def down(place: Place = _DEFAULT_PLACE) -> None:
    """Stop both; their data stays.

    \b
    Example:
      santunan services down
    """
    from agents.services import servers

    servers.down(place)


@services.command("status")
def status(place: Place = _DEFAULT_PLACE, json: Json = False) -> None:
    """Whether they run, and where they listen. Exit code 1 if one of them does not run.

    \b
    Example:
      santunan services status
    """
    from agents.services import servers
    from agents.terminal import complain
    from pipeline.errors import EXIT_REFUSED

    found = servers.status(place)
    for name, pid in (("Kafka", found.kafka_pid), ("PostgreSQL", found.postgresql_pid)):
        complain(f"{name}: " + (f"runs (process {pid})" if pid else "does not run; `santunan services up` starts it"))
    if found.services is not None and found.is_up:
        _show_settings(found.services, as_json=json)
        return
    raise typer.Exit(EXIT_REFUSED)


def _show_settings(started: "Services", *, as_json: bool) -> None:
    settings = {"SANTUNAN_BROKER_URL": started.broker_url, "SANTUNAN_DATABASE_URL": started.database_url}
    if as_json:
        print_json([settings])
        return
    for name, value in settings.items():
        print(f"export {name}={value}")


@topics.command("create")
def create(json: Json = False) -> None:
    """Make the topics that are not there. Each with its partitions, copies and retention; changes none that exist.

    \b
    Example:
      SANTUNAN_BROKER_URL=kafka+chunks://broker:9092 santunan topics create
    """
    from agents.kafka.topics import create as create_topics
    from agents.settings import read_settings

    made = create_topics(read_settings())
    if json:
        print_json([{"created": made}])
        return
    print(f"made: {', '.join(made)}" if made else "All topics are there.")


@topics.command("check")
def check(json: Json = False) -> None:
    """Whether the topics are as declared. Looks at partitions, copies, timestamps, retention. Exit code 1 if not.

    \b
    Example:
      santunan topics check
    """
    from agents.kafka.topics import check as check_topics
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED

    faults = check_topics(read_settings())
    if json:
        print_json([{"faults": faults}])
    else:
        print("\n".join(faults) if faults else "All topics are as declared.")
    if faults:
        raise typer.Exit(EXIT_REFUSED)
