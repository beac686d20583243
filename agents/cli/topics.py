"""`santunan topics`: the topics on a Kafka cluster, made and checked."""

from typing import Annotated

import typer

from agents.cli.options import Json
from agents.terminal import print_json

topics = typer.Typer(help="The topics on a Kafka cluster.", no_args_is_help=True, rich_markup_mode=None)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(topics, name="topics")


@topics.command("create")
def create(
    acl: Annotated[bool, typer.Option("--acl", help="Also give the rights that are missing, as a super user.")] = False,
    json: Json = False,
) -> None:
    """Make the topics that are not there. Each with its partitions, copies and retention; changes none that exist.

    \b
    Examples:
      SANTUNAN_BROKER_URL=kafka+chunks://broker:9092 santunan topics create
      santunan topics create --acl
    """
    from agents.kafka.topics import create as create_topics
    from agents.kafka.topics import create_access_list
    from agents.settings import read_settings

    settings = read_settings()
    made = create_topics(settings)
    given = create_access_list(settings) if acl else []
    if json:
        print_json([{"created": made, "rights": given}])
        return
    print(f"made: {', '.join(made)}" if made else "All topics are there.")
    if acl:
        print("\n".join(given) if given else "All rights are there.")


@topics.command("check")
def check(json: Json = False) -> None:
    """Whether the topics are as declared. Exit code 1 if not.

    Looks at partitions, copies, timestamps, retention, and at rights where the broker has an authorizer.

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
