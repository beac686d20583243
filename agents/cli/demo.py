"""`santunan demo`: runs the real pipeline over a made-up portfolio, and shows the results."""

from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json
from agents.terminal import console, print_json

if TYPE_CHECKING:
    from pipeline.operations.coverage_picture import Picture


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
    and shows decisions with reasons, rupiah, a referral, one decision explained line by line in Indonesian and
    English, and how many of the 3,000 workers whom the office knows are protected. A second time it shows the same at
    once.

    \b
    Examples:
      santunan demo
      santunan demo --fresh
      santunan demo --json
    """
    from agents.demo import SEED
    from agents.demo.run import done_before, identity, read_back, run
    from agents.demo.summary import show, summary
    from agents.imports.coverage_tables import sentences

    wanted = SEED if seed is None else seed
    noted = None if fresh else done_before(identity(wanted))
    is_repeated = noted is not None
    if noted is None:
        noted = run(wanted, console(stderr=True))
    shown = read_back(noted)
    pictures = _pictures()
    if json:
        covered = {
            str(one.day): {name: getattr(one.total, name) for name in ("known", "registered", "covered")}
            for one in pictures
        }
        print_json([{**summary(shown), "covered": covered, "is_repeated": is_repeated}])
        return
    first, last = (list(sentences(one, "en")) for one in pictures)
    show(shown, [first[0], last[0], last[-1]], is_repeated=is_repeated)


def _pictures() -> "tuple[Picture, Picture]":
    """Who is protected, on the day of the office's list and at the end of the story; the list is kept first, if it is
    not yet."""
    from agents.cli.submission import front_over
    from agents.demo.office import LISTED_ON
    from agents.demo.place import KNOWN_LIST, settings
    from agents.demo.writer import END
    from agents.imports.reader import read_sheet
    from agents.stores import open_access, open_reader
    from pipeline.access.principals import new_principal
    from pipeline.operations.coverage_picture import read_coverage
    from pipeline.operations.known_workers import KNOWN_COLUMNS, import_known

    place, office = settings(), new_principal("office", "tangerang")
    store = open_reader(place)
    try:
        with open_access(place) as book:
            front = front_over(place, store, book)
            if read_coverage(front, office, day=LISTED_ON).total.known == 0:
                with read_sheet(KNOWN_LIST.read_bytes(), KNOWN_COLUMNS) as sheet:
                    import_known(front, office, sheet, listed_on=LISTED_ON, confirm=True)
            return read_coverage(front, office, day=LISTED_ON), read_coverage(front, office, day=END.date())
    finally:
        store.close()
