"""`santunan run`, `santunan worker`, `santunan tick`: what keeps running, and the clock it runs by."""

import datetime as dt
from typing import Annotated

import typer

_NO_SUPERVISE = "Run the worker in this process; for compose and systemd, which start it again themselves."


def add_to(cli: typer.Typer) -> None:
    cli.command("run")(run)
    cli.command("worker")(worker)
    cli.command("tick")(tick)


def worker(
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise", help=_NO_SUPERVISE)] = True,
) -> None:
    """One worker: reads events, decides, publishes.

    Started again where that helps (status 75). Ctrl-C or SIGTERM: it finishes what it has in hand and leaves
    within ten seconds.

    \b
    Examples:
      santunan worker
      santunan worker --no-supervise
    """
    _work(supervise=supervise)


def run(
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise", help=_NO_SUPERVISE)] = True,
) -> None:
    """Everything on this machine: a worker and the daily clock.

    On the embedded file, unless another broker is set.

    \b
    Examples:
      santunan run
      santunan run &  santunan submit claims.jsonl && santunan decisions --follow
    """
    from agents.cli.clock import start_clock

    start_clock()
    _work(supervise=supervise)


def _work(*, supervise: bool) -> None:
    from agents.settings import read_settings
    from pipeline.rules.book import Book

    settings = read_settings()  # what is wrong with them is said here, once, and not by each child that starts
    Book.load()
    if supervise:
        from agents.cli.screen import complain
        from agents.supervisor import supervise as keep_running
        from agents.supervisor import worker_command

        where = settings.embedded_file if settings.is_embedded else settings.kafka_bootstrap
        complain(f"worker of group {settings.group} on {where}; Ctrl-C stops it")
        raise typer.Exit(keep_running(worker_command()))
    from agents.worker import main

    main()


def tick(
    day: Annotated[
        dt.datetime | None,
        typer.Argument(formats=["%Y-%m-%d"], help="The day that is over; by default yesterday in Jakarta."),
    ] = None,
) -> None:
    """Say that a day has passed, so that deadlines are looked at.

    Claims whose clock ran out are assessed again. `santunan run` does this by itself. Twice for one day does no harm.

    \b
    Examples:
      santunan tick
      santunan tick 2026-11-20
    """
    from agents.cli.clock import say_day_passed, yesterday

    passed = day.date() if day else yesterday()
    say_day_passed(passed)
    print(f"{passed} has passed.")
