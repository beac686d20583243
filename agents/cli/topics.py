"""`santunan topics`: the topics on a Kafka cluster, made and checked."""

import typer

from agents.cli.options import Json
from agents.terminal import print_json

topics = typer.Typer(help="The topics on a Kafka cluster.", no_args_is_help=True, rich_markup_mode=None)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(topics, name="topics")


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
