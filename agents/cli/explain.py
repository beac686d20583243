"""`santunan explain`: why a claim was decided as it was."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import ClaimId, Json, KnownOn, Language
from agents.terminal import print_json, text_width

if TYPE_CHECKING:
    from pipeline.explain import Explanation


def add_to(cli: typer.Typer) -> None:
    cli.command("explain")(explain)


def explain(
    claim: ClaimId,
    revision: Annotated[
        int | None, typer.Option("--revision", min=1, metavar="N", help="This decision, as it was made then.")
    ] = None,
    known_on: KnownOn = None,
    lang: Language = "id",
    json: Json = False,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write it to this file as PDF; it is not printed then.")
    ] = None,
) -> None:
    """A claim's decision: a letter, then line by line.

    A letter for the family: the result, the sum, why, what to do, how to object.
    Then each check, each rupiah, each article. With --revision or --known-on, the decision of then, unchanged.

    \b
    Examples:
      santunan explain JKK-2024-0007
      santunan explain JKK-2024-0007 --revision 1
      santunan explain JKK-2024-0007 --known-on 2024-07-31
      santunan explain JKK-2024-0007 --lang en
      santunan explain JKK-2024-0007 --pdf letter.pdf
    """
    from agents.cli.store import opened_store
    from agents.settings import read_settings
    from pipeline.explain import explain as explanation_of
    from pipeline.explain import render_text, sealed
    from pipeline.queries.claim import status_of
    from pipeline.queries.letter_codes import code_of_decision

    if revision is not None and known_on is not None:
        raise typer.BadParameter("--revision does not go with --known-on")
    with opened_store() as store:
        if revision is None and known_on is None:
            found = status_of(store, claim)
        else:
            from pipeline.audit.known import status_known
            from pipeline.law.book import Book

            found = status_known(store, claim, Book.load(), revision=revision, known_on=known_on)
        code = code_of_decision(store, claim, found.decision.revision) if pdf is not None else None
    explanation = explanation_of(
        found.decision,
        lang,
        payments=found.payments,
        open_codes=found.open_codes,
        officer_reason=found.officer_reason,
        place=read_settings().letter_place,
    )
    if pdf is not None:
        _write(pdf, sealed(explanation, None if code is None else code.written()))
        return
    if json:
        print_json([explanation])
        return
    sys.stdout.write(render_text(explanation, text_width()))


def _write(file: Path, explanation: "Explanation") -> None:
    """Readable by this user alone, for it says why and what a person is paid."""
    from agents.letters import letter_pdf
    from pipeline.errors import NotReady
    from pipeline.private_files import write_private

    made = letter_pdf(explanation, with_record=True)
    try:
        write_private(file, made)
    except OSError as error:
        raise NotReady(f"{file} cannot be written ({error.strerror}); give another path") from None
    print(f"{file}: {len(made):,} bytes")
