"""`santunan explain`: why a claim was decided as it was."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import ClaimId, Json, Language
from agents.terminal import print_json, text_width

if TYPE_CHECKING:
    from pipeline.explain import Explanation


def add_to(cli: typer.Typer) -> None:
    cli.command("explain")(explain)


def explain(
    claim: ClaimId,
    lang: Language = "id",
    json: Json = False,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write it to this file as PDF; it is not printed then.")
    ] = None,
) -> None:
    """A claim's decision: a letter, then line by line.

    A letter for the family: the result, the sum, why, what to do, how to object.
    Then each check, each rupiah, each article.

    \b
    Examples:
      santunan explain JKK-2024-0007
      santunan explain JKK-2024-0007 --lang en
      santunan explain JKK-2024-0007 --pdf letter.pdf
    """
    from agents.cli.store import opened_store
    from pipeline.explain import explain as explanation_of
    from pipeline.explain import render_text
    from pipeline.queries.claim import status_of

    with opened_store() as store:
        found = status_of(store, claim)
    explanation = explanation_of(
        found.decision,
        lang,
        payments=found.payments,
        open_codes=found.open_codes,
        officer_reason=found.officer_reason,
    )
    if pdf is not None:
        _write(pdf, explanation)
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
