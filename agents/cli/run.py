"""`santunan run`: everything on this machine."""

from typing import Annotated

import typer

from agents.cli.worker import ACCEPT_UNKNOWN, NO_SUPERVISE, work


def add_to(cli: typer.Typer) -> None:
    cli.command("run")(run)


def run(
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise", help=NO_SUPERVISE)] = True,
    accept_unknown: Annotated[bool, typer.Option("--accept-unknown", help=ACCEPT_UNKNOWN)] = False,
) -> None:
    """Everything on this machine: a worker and the daily clock.

    On the embedded file, unless another broker is set.

    \b
    Examples:
      santunan run
      santunan run &  santunan submit claims.jsonl && santunan decisions --follow
    """
    work(supervise=supervise, accept_unknown=accept_unknown)
