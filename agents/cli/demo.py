"""`santunan demo`: runs the real pipeline over a made-up portfolio, and shows the results."""

from typing import Annotated

import typer

from agents.cli.options import Json
from agents.terminal import console, print_json


def add_to(cli: typer.Typer) -> None:
    cli.command("demo")(demo)


def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew, even if it was done before.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Another portfolio.")] = None,
    json: Json = False,
) -> None:
    """Seven years of 200 workers, decided while you watch.

    Their businesses and cooperatives are in Tangerang, and invented.

    Makes the events from a seed, submits them, runs a real worker over them on a file of its own (.santunan/demo),
    and shows decisions with reasons, rupiah, a referral, and one decision explained line by line in Indonesian and
    English. A second time it shows the same at once.

    \b
    Examples:
      santunan demo
      santunan demo --fresh
      santunan demo --json
    """
    from agents.demo import SEED
    from agents.demo.run import done_before, identity, read_back, run
    from agents.demo.summary import show, summary

    wanted = SEED if seed is None else seed
    noted = None if fresh else done_before(identity(wanted))
    is_repeated = noted is not None
    if noted is None:
        noted = run(wanted, console(stderr=True))
    shown = read_back(noted)
    if json:
        print_json([{**summary(shown), "is_repeated": is_repeated}])
        return
    show(shown, is_repeated=is_repeated)
