"""`santunan dossier`: all of one claim with its proofs, as one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import ClaimId

if TYPE_CHECKING:
    from agents.settings import Settings
    from pipeline.access.principals import Principal
    from pipeline.operations.front_office import FrontOffice

_HERE = "auditor:here"  # who is at the machine of an embedded store


def add_to(cli: typer.Typer) -> None:
    cli.command("dossier")(dossier)


def dossier(
    claim: ClaimId,
    to: Annotated[Path, typer.Option("-o", "--to", metavar="FILE", help="The zip file that is written.")],
    reason: Annotated[
        str | None, typer.Option("--full", metavar="REASON", help="With personal data; the reason is put on record.")
    ] = None,
) -> None:
    """All of a claim with its proofs, as a zip file.

    Decisions, letters, the law that was used, and the proofs, which are checked without this program: index.html in it
    says how. Without --full it has no personal data. That it was made is put on record.

    \b
    Examples:
      santunan dossier JKK-2024-0007 -o dossier.zip
      santunan dossier JKK-2024-0007 -o dossier.zip --full "asked for by the court"
    """
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED, NotReady, Poison
    from pipeline.operations.dossier import read_dossier
    from pipeline.private_files import write_private

    try:
        import io

        from agents.web.dossiers import write_dossier
    except ImportError:
        raise NotReady("a dossier needs the package's extra: pip install 'santunan[gateway]'") from None
    with _opened(read_settings()) as (front, principal):
        try:
            found = read_dossier(front, principal, claim, reason)
        except Poison as refused:
            typer.echo("".join(f"--full: {one.message}\n" for one in refused.errors), nl=False, err=True)
            raise typer.Exit(EXIT_REFUSED) from None
        made = io.BytesIO()
        write_dossier(found, made)
    try:
        write_private(to, made.getvalue())
    except OSError as error:
        raise NotReady(f"{to} cannot be written ({error.strerror}); give another path") from None
    proved = found.proved
    signed = proved.entries - proved.unsigned
    print(f"{to}: {len(made.getvalue()):,} bytes; {signed} of {proved.entries} events and outputs are proved.")
    if proved.unsigned or not found.keys:
        print("`santunan ledger sign` signs the rest, as a running worker does once a minute.")


@contextmanager
def _opened(settings: "Settings") -> "Iterator[tuple[FrontOffice, Principal]]":
    """As who signed in; else on the embedded store as an auditor at this machine."""
    from dataclasses import replace
    from functools import partial

    from agents.cli.identity import read_login
    from agents.cli.submission import named_front, signed_in_front
    from agents.papers import open_papers
    from agents.stores import open_access
    from pipeline.operations.paper_room import PaperRoom
    from pipeline.store.ledger_key import known_public_keys
    from pipeline.store.paper_book import PaperBook

    is_signed_in = read_login(settings) is not None
    opened = signed_in_front(settings) if is_signed_in else named_front(settings, _HERE, confirm=False)
    with opened as (front, principal), open_access(settings) as book:
        files = open_papers(settings)
        room = None if files is None else PaperRoom(files, PaperBook(book), book.write)
        keys = partial(known_public_keys, settings.ledger_key)
        yield replace(front, papers=room, ledger_keys=keys), principal
