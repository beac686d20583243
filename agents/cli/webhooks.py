"""`santunan webhooks`: posts decisions to the addresses that principals have registered."""

import typer


def add_to(cli: typer.Typer) -> None:
    cli.command("webhooks")(webhooks)


def webhooks() -> None:
    """Post decisions to webhooks until Ctrl-C or SIGTERM.

    It is a process of its own, beside the gateway, and several may run. What it cannot post it tries again for three
    days; `santunan access webhooks` lists what failed.

    \b
    Example:
      santunan webhooks
    """
    from agents.settings import read_settings
    from agents.terminal import complain
    from agents.webhooks.serving import serve
    from agents.worker.ending import leave_with_supervisor

    settings = read_settings()
    leave_with_supervisor()
    complain("posting decisions to webhooks; Ctrl-C stops it")
    serve(settings)
