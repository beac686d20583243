"""`santunan schemas`: every event type, and its published JSON Schema."""

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.options import Json
from agents.terminal import console, print_json, table


def add_to(cli: typer.Typer) -> None:
    cli.command("schemas")(show_schemas)


def show_schemas(
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write one JSON Schema a type into this directory.")
    ] = None,
    asyncapi: Annotated[
        Path | None, typer.Option("--asyncapi", metavar="FILE", help="Write the AsyncAPI 3 document of all topics.")
    ] = None,
    json: Json = False,
) -> None:
    """Every event type: where it goes and who may write it.

    \b
    Examples:
      santunan schemas
      santunan schemas --json
      santunan schemas --write schemas/json
      santunan schemas --asyncapi schemas/asyncapi.json
    """
    from pipeline.errors import NotReady
    from schemas.asyncapi import write_asyncapi
    from schemas.contract import ContractBroken, event_types, write_schemas

    if asyncapi is not None:
        write_asyncapi(asyncapi)
        if json:
            print_json([{"written": 1, "file": str(asyncapi)}])
        else:
            print(f"AsyncAPI document written to {asyncapi}")
        return
    if write is not None:
        try:
            count = write_schemas(write)
        except ContractBroken as broken:
            raise NotReady(str(broken)) from None
        if json:
            print_json([{"written": count, "directory": str(write)}])
        else:
            print(f"{count} schemas written to {write}")
        return
    kinds = event_types()
    if json:
        print_json(kinds)
        return
    shown = table("type", "topic", "written by", whole=("type", "topic"))
    for kind in kinds:
        shown.add_row(kind.type, "\n".join(kind.topics), ", ".join(kind.writers))
    console().print(shown)
