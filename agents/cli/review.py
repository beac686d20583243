"""`santunan review`: shows what waits on a claim, and submits an officer's decision on it."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agents.cli.options import ClaimId, Language
from agents.terminal import text_width

if TYPE_CHECKING:
    from pipeline.queries.claim import ClaimStatus

Verdict = Annotated[
    Literal["approve", "reject", "change", "documents", "reassess"] | None,
    typer.Option("--verdict", help="What you decide; without it, what waits is shown."),
]


def add_to(cli: typer.Typer) -> None:
    cli.command("review")(review)


def review(
    claim: ClaimId,
    verdict: Verdict = None,
    officer: Annotated[str | None, typer.Option("--as", metavar="OFFICER", help="Who you are: klaim-01.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in a sentence; kept with the claim.")] = None,
    answer: Annotated[
        list[str] | None, typer.Option("--answer", metavar="CODE", help="A code you approve; by default all open ones.")
    ] = None,
    line: Annotated[
        list[str] | None, typer.Option("--line", metavar="LINE=RUPIAH", help="With change: a line and its amount.")
    ] = None,
    paper: Annotated[
        list[str] | None, typer.Option("--paper", metavar="NAME", help="With documents: a paper you ask for.")
    ] = None,
    child: Annotated[
        list[int] | None,
        typer.Option("--child", metavar="PLACE", min=1, help="With approve: a child the scholarship is for, from 1."),
    ] = None,
    revision: Annotated[
        int | None, typer.Option("--revision", min=1, help="The revision you read; by default the latest.")
    ] = None,
    lang: Language = "id",
) -> None:
    """Show what waits on a claim, or decide on it as an officer.

    A review made on an older revision is refused with what changed. Above the officer's limit a second officer must
    say the same. --as is no proof of who you are: two names of one person pass as two persons here.

    \b
    Examples:
      santunan review JKK-2024-0007
      santunan review JKK-2024-0007 --verdict approve --as klaim-01 \\
        --reason "seen by the medical advisor"
      santunan review JKM-2024-0012 --verdict approve --child 1 --child 3 \\
        --as klaim-01 --reason "the family's choice"
      santunan review JKM-2024-0011 --verdict change --line funeral=10000000 \\
        --as klaim-02 --reason "receipt"
      santunan review JKK-2025-0003 --verdict documents --paper police_report \\
        --as klaim-01 --reason "unclear"
    """
    from agents.cli.store import opened_store
    from agents.clients.review import review_event
    from pipeline.queries.claim import status_of

    with opened_store() as store:
        found = status_of(store, claim)
    if verdict is None:
        _show_waiting(found, lang)
        return
    officer, reason = _require_complete(verdict, officer, reason, line, paper)
    reviewed = revision or found.decision.revision
    event = review_event(
        found.decision,
        officer=officer,
        revision=reviewed,
        verdict="request_documents" if verdict == "documents" else verdict,
        answers=answer or (),
        changes=[_change(one) for one in line or ()],
        documents=paper or (),
        children=child or (),
        reason=reason,
    )
    _submit(event, reviewed)


def _submit(event: dict[str, Any], reviewed: int) -> None:
    from agents.clients.review import submit_review
    from agents.settings import read_settings
    from schemas.events import Refused
    from schemas.values import source_who

    claim, officer = event["data"]["claim_id"], source_who(event["source"])
    try:
        submit_review(read_settings(), event)
    except Refused as refused:
        raise typer.BadParameter("; ".join(_as_typed(one.field, one.message) for one in refused.errors)) from None
    print(f"Submitted on revision {reviewed} of {claim}, as {officer}: the name is taken on trust, and proves nothing.")
    print(f"`santunan explain {claim}` shows what follows,")
    print("and `santunan dead-letters list` whether it was refused.")


def _require_complete(
    verdict: str, officer: str | None, reason: str | None, line: list[str] | None, paper: list[str] | None
) -> tuple[str, str]:
    if not officer or not reason:
        raise typer.BadParameter("say who you are with --as and why with --reason")
    if (verdict == "change") != bool(line):
        raise typer.BadParameter("--verdict change and --line go together: --verdict change --line funeral=10000000")
    if (verdict == "documents") != bool(paper):
        raise typer.BadParameter("--verdict documents and --paper go together: --verdict documents --paper visum")
    return officer, reason


def _show_waiting(found: "ClaimStatus", lang: Literal["id", "en"]) -> None:
    from pipeline.explain import explain, render_text, short

    explanation = explain(
        found.decision,
        lang,
        payments=found.payments,
        open_codes=found.open_codes,
        officer_reason=found.officer_reason,
    )
    print(render_text(explanation, text_width()))
    claim = found.decision.claim_id
    if not found.open_codes:
        print(f"Nothing on {claim} waits for an officer.")
        return
    print("Waits for an officer:")
    for code in found.open_codes:
        print(f"  - {short(code, lang)} ({code})")
    print("Answer with:")
    for verdict in ("approve", "reject", "change --line …", "documents --paper …"):
        print(f"  santunan review {claim} --verdict {verdict} --as … --reason …")


def _change(written: str) -> tuple[str, int]:
    from schemas.values import MAX_RUPIAH

    name, separator, amount = written.partition("=")
    if not separator or not amount.isdecimal() or len(amount) > len(str(MAX_RUPIAH)):
        raise typer.BadParameter(f"{written}: write a line and whole rupiah, such as funeral=10000000")
    return name, int(amount)


def _as_typed(field: str, message: str) -> str:
    """What is wrong with a field of the event, said of the option that it was made of."""
    if field == "source":
        return "--as: write small letters, digits and . _ - only, such as klaim-01"
    name = field.removeprefix("data.").partition(".")[0]
    option = {"answers": "answer", "changes": "line", "documents": "paper", "children": "child"}.get(name, name)
    return f"--{option}: {message}"
