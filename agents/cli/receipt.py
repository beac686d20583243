"""`santunan receipt`: the proof of one event, to be checked by anybody."""

from pathlib import Path
from typing import Annotated

import typer

group = typer.Typer(help="Receipts: the proof of one event.", no_args_is_help=True, rich_markup_mode=None)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(group, name="receipt")


@group.command("export")
def export(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="SHA-256 of the event as it was sent, in hex.")],
) -> None:
    """Print the receipt of an event that was applied. It holds no personal data.

    \b
    Example:
      santunan receipt export "$(sha256sum < event.json | cut -c -64)" > receipt.json
    """
    from agents.cli.store import opened_store
    from agents.terminal import print_json
    from pipeline.queries.receipts import receipt_of

    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        wanted = b""
    if len(wanted) != 32:
        raise typer.BadParameter("a SHA-256 has 64 letters from 0 to f: `sha256sum < FILE` prints it")
    with opened_store() as store:
        print_json([receipt_of(store, wanted)])


@group.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt.")],
    key: Annotated[Path, typer.Option("--key", metavar="PUB", help="File with the public key, or keys.")],
    event: Annotated[
        Path | None, typer.Option("--event", metavar="FILE", help="The event, byte for byte as it was sent.")
    ] = None,
) -> None:
    """Check a receipt, without store and network. Exit code 1 if it proves nothing.

    The code is one file that runs without this program: pipeline/ledger/verifier.py.

    \b
    Example:
      santunan receipt verify receipt.json --key ledger.pub --event event.json
    """
    from pipeline.ledger.verifier import main

    given = [str(file), "--key", str(key), *(["--event", str(event)] if event is not None else [])]
    raise typer.Exit(main(given))
