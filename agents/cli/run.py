"""`santunan run`: everything on this machine."""

from typing import Annotated, Final

import typer

from agents.cli.worker import ACCEPT_UNKNOWN, work

NO_SUPERVISE: Final = "Run the worker alone, in this process; for systemd, which starts it again itself."
NO_GATEWAY: Final = "Without the gateway and webhooks, so nothing answers over HTTP."


def add_to(cli: typer.Typer) -> None:
    cli.command("run")(run)


def run(
    gateway: Annotated[bool, typer.Option("--gateway/--no-gateway", help=NO_GATEWAY)] = True,
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise", help=NO_SUPERVISE)] = True,
    accept_unknown: Annotated[bool, typer.Option("--accept-unknown", help=ACCEPT_UNKNOWN)] = False,
) -> None:
    """Everything on this machine: worker, gateway and webhooks.

    On the embedded file, unless another broker is set. The gateway answers over HTTP at SANTUNAN_WEB_ADDRESS, by
    default 127.0.0.1:8080; another process posts decisions to webhooks. Each is started again by itself; where one
    cannot run, all leave. Ctrl-C stops all.

    \b
    Examples:
      santunan run
      santunan run --no-gateway
      santunan run &  santunan submit claims.jsonl && santunan decisions --follow
    """
    from agents.cli.gateway import require_installed

    names = ["gateway", "webhooks"] if gateway and supervise else []
    if names:
        require_installed("install it, or start without it: santunan run --no-gateway")
    work(supervise=supervise, accept_unknown=accept_unknown, beside=names)
