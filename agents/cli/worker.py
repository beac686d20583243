"""`santunan run`, `santunan worker`, `santunan tick`: what keeps running, and the clock it runs by."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import DAY

if TYPE_CHECKING:
    from agents.settings import Settings

_NO_SUPERVISE = "Run the worker in this process; for compose and systemd, which start it again themselves."
_PROCESSES = "How many processes work side by side; only over Kafka."


def add_to(cli: typer.Typer) -> None:
    cli.command("run")(run)
    cli.command("worker")(worker)
    cli.command("tick")(tick)


def worker(
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise", help=_NO_SUPERVISE)] = True,
    processes: Annotated[int, typer.Option(min=1, metavar="N", help=_PROCESSES)] = 1,
) -> None:
    """One worker: reads events, decides, publishes.

    Started again where that helps (status 75). Ctrl-C or SIGTERM: it finishes what it has in hand and leaves
    within ten seconds.

    One process decides on one core: where more waits than it can do, start about one a core. Each takes its share
    of the partition numbers; more processes than numbers stand by. Each is started again by itself; where one
    cannot run, all leave.

    \b
    Examples:
      santunan worker
      santunan worker --processes 4
      santunan worker --no-supervise
    """
    _work(supervise=supervise, processes=processes)


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
    from agents.clock import start_clock

    start_clock()
    _work(supervise=supervise)


def _work(*, supervise: bool, processes: int = 1) -> None:
    from agents.settings import read_settings
    from pipeline.law.book import Book

    if processes > 1 and not supervise:
        raise typer.BadParameter("--no-supervise is one process: leave --processes out, and start it several times")
    settings = read_settings()  # what is wrong with them is said here, once, and not by each child that starts
    if processes > 1 and settings.is_embedded:
        raise typer.BadParameter("one file has one worker process: --processes is for workers on a Kafka broker")
    Book.load()
    if supervise:
        from agents.terminal import complain
        from agents.worker.supervisor import supervise as keep_running
        from agents.worker.supervisor import worker_command

        where = settings.embedded_file if settings.is_embedded else settings.kafka_bootstrap
        several = f", {processes} processes" if processes > 1 else ""
        complain(f"worker of group {settings.group} on {where}{several}; Ctrl-C stops it")
        environments = [_own(settings, number) for number in range(processes)] if processes > 1 else [{}]
        raise typer.Exit(keep_running(worker_command(), environments))
    from agents.worker.__main__ import main

    main()


def _own(settings: "Settings", number: int) -> dict[str, str]:
    """Variables of what only one process may have, for the one of this number (from 0) of several."""
    from agents.worker.logs import PROCESS_VARIABLE

    own = {PROCESS_VARIABLE: str(number + 1)}
    if settings.instance_id is not None:
        own["SANTUNAN_INSTANCE_ID"] = f"{settings.instance_id}-{number + 1}"
    if settings.health_address is not None:
        host, _, port = settings.health_address.rpartition(":")
        own["SANTUNAN_HEALTH_ADDRESS"] = f"{host}:{int(port) + number}"
    return own


def tick(
    day: Annotated[
        dt.date | None,
        typer.Argument(**DAY, help="The day that is over; by default yesterday in Jakarta."),
    ] = None,
) -> None:
    """Say that a day has passed, so that deadlines are looked at.

    Claims whose clock ran out are assessed again. `santunan run` does this by itself. Twice for one day does no harm.

    \b
    Examples:
      santunan tick
      santunan tick 2026-11-20
    """
    from agents.clock import say_day_passed, yesterday
    from agents.settings import read_settings

    settings = read_settings()
    if settings.is_embedded:
        from pipeline.store import open_reader

        open_reader(settings.database_url).close()  # where nothing is there, no claim waits: a wrong place, most likely
    passed = day or yesterday()
    say_day_passed(passed)
    print(f"{passed} has passed.")
