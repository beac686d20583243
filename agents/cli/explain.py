"""`santunan explain`: why a claim was decided as it was."""

import sys

import typer

from agents.cli.options import ClaimId, Json, Language
from agents.terminal import print_json, text_width


def add_to(cli: typer.Typer) -> None:
    cli.command("explain")(explain)


def explain(claim: ClaimId, lang: Language = "id", json: Json = False) -> None:
    """A claim's decision: a letter, then line by line.

    A letter for the family: the result, the sum, why, what to do, how to object.
    Then each check, each rupiah, each article.

    \b
    Examples:
      santunan explain JKK-2024-0007
      santunan explain JKK-2024-0007 --lang en
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
    if json:
        print_json([explanation])
        return
    sys.stdout.write(render_text(explanation, text_width()))
