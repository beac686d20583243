"""`santunan tick`: says that a day has passed."""

import datetime as dt
from typing import Annotated

import typer

from agents.cli.options import DAY


def add_to(cli: typer.Typer) -> None:
    cli.command("tick")(tick)


def tick(
    day: Annotated[
        dt.date | None,
        typer.Argument(**DAY, help="The day that is over; by default yesterday in Jakarta."),
    ] = None,
) -> None:
    """Say that a day has passed, so that deadlines are looked at.

    Claims whose clock ran out are assessed again. A worker does this by itself. Twice for one day does no harm.

    \b
    Examples:
      santunan tick
      santunan tick 2026-11-20
    """
    from agents.clock import say_days_passed, yesterday
    from agents.settings import read_settings

    settings = read_settings()
    if settings.is_embedded:
        from agents.stores import open_reader

        # Raises NotReady: without a store no claim waits, so it is most likely a wrong place.
        open_reader(settings).close()
    passed = day or yesterday()
    say_days_passed(settings, [passed])
    print(f"{passed} has passed.")
