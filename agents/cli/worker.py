"""`santunan worker`: reads events, decides, publishes, and says each day that has passed."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from agents.settings import Settings

NO_SUPERVISE: Final = "Run the worker in this process; for compose and systemd, which start it again themselves."
ACCEPT_UNKNOWN: Final = "Make dead letters of events of unknown type, whatever their number, and go on."
_PROCESSES: Final = "How many processes work side by side; only over Kafka."
_ACCEPT_GAP: Final = "Go on at this offset without those before it, which the broker no longer has; may be repeated."
_ACCEPT_BROKER: Final = "Go on with the broker of this code, though the database was filled from another one."


_CATCH_UP: Final = "First decide again what a database of an older day lacks and the topics hold; only over Kafka."


def add_to(cli: typer.Typer) -> None:
    cli.command("worker")(worker)


def worker(
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise", help=NO_SUPERVISE)] = True,
    processes: Annotated[int, typer.Option(min=1, metavar="N", help=_PROCESSES)] = 1,
    accept_unknown: Annotated[bool, typer.Option("--accept-unknown", help=ACCEPT_UNKNOWN)] = False,
    accept_gap: Annotated[list[str] | None, typer.Option(metavar="TOPIC/PARTITION/OFFSET", help=_ACCEPT_GAP)] = None,
    accept_broker: Annotated[str | None, typer.Option(metavar="CODE", help=_ACCEPT_BROKER)] = None,
    catch_up: Annotated[bool, typer.Option("--catch-up", help=_CATCH_UP)] = False,
) -> None:
    """One worker: reads events, decides, publishes.

    One of the workers says each day that has passed, so that deadlines are noticed.

    Started again where that helps (status 75). Ctrl-C or SIGTERM: it finishes what it has in hand and leaves
    within ten seconds.

    One process decides on one core: where more waits than it can do, start about one a core. Each takes its share
    of the partition numbers; more processes than numbers stand by. Each is started again by itself; where one
    cannot run, all leave.

    A worker never skips what the broker lost: it ends, and says what is missing and how to go on. What is accepted
    is kept in the database with the day and the user, and `santunan doctor --deep` lists it.

    \b
    Examples:
      santunan worker
      santunan worker --processes 4
      santunan worker --no-supervise
      santunan worker --accept-gap claims.accidents/3/1200
    """
    work(
        supervise=supervise,
        processes=processes,
        accept_unknown=accept_unknown,
        gaps=accept_gap or (),
        code=accept_broker,
        catches_up=catch_up,
    )


def work(
    *,
    supervise: bool,
    processes: int = 1,
    accept_unknown: bool = False,
    gaps: Sequence[str] = (),
    code: str | None = None,
    catches_up: bool = False,
    beside: Sequence[str] = (),
) -> None:
    """`beside`: commands that run as processes of their own, under the same supervisor."""
    from agents.settings import read_settings
    from pipeline.law.book import Book

    if processes > 1 and not supervise:
        raise typer.BadParameter("--no-supervise is one process: leave --processes out, and start it several times")
    settings = read_settings()  # a wrong setting is reported once, not by each child
    if processes > 1 and settings.is_embedded:
        raise typer.BadParameter("one file has one worker process: --processes is for workers on a Kafka broker")
    Book.load()
    if accept_unknown:
        os.environ["SANTUNAN_ACCEPT_UNKNOWN"] = "1"  # the worker's processes read it; none of them is started yet
    if gaps or code is not None or catches_up:
        from agents.cli.acceptance import accept, catch_up

        accept(settings, gaps, code)
        if catches_up:
            catch_up(settings)
    if supervise:
        from agents.terminal import complain
        from agents.worker.supervisor import Part, worker_parts
        from agents.worker.supervisor import supervise as keep_running

        where = settings.embedded_file if settings.is_embedded else settings.kafka_bootstrap
        several = f", {processes} processes" if processes > 1 else ""
        complain(f"worker of group {settings.group} on {where}{several}; Ctrl-C stops it")
        environments = [_own(settings, number) for number in range(processes)] if processes > 1 else [{}]
        others = [Part(f"The {name}", [sys.executable, "-m", "agents.cli", name]) for name in beside]
        raise typer.Exit(keep_running([*worker_parts(environments), *others]))
    from agents.worker.__main__ import main

    main()


def _own(settings: "Settings", number: int) -> dict[str, str]:
    """Variables that must differ between processes; `number` counts them from 0."""
    from agents.worker.logs import PROCESS_VARIABLE

    own = {PROCESS_VARIABLE: str(number + 1)}
    if settings.instance_id is not None:
        own["SANTUNAN_INSTANCE_ID"] = f"{settings.instance_id}-{number + 1}"
    if settings.health_address is not None:
        host, _, port = settings.health_address.rpartition(":")
        own["SANTUNAN_HEALTH_ADDRESS"] = f"{host}:{int(port) + number}"
    return own
