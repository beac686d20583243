"""`santunan review`: shows what waits on a claim, and submits an officer's decision on it.

Who signed in acts as that person, over the store or a gateway. On the embedded store the user of the machine may rule
under any officer's name, which is on record; elsewhere nobody rules without having signed in.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from agents.cli.options import ClaimId, Language
from agents.cli.ruling import submit_at_gateway, submit_on_trust, submit_signed_in
from agents.terminal import plain, text_width

if TYPE_CHECKING:
    from agents.cli.identity import Login
    from agents.settings import Settings

Verdict = Annotated[
    Literal["approve", "reject", "change", "documents", "reassess"] | None,
    typer.Option("--verdict", help="What you decide; without it, what waits is shown."),
]


def add_to(cli: typer.Typer) -> None:
    cli.command("review")(review)


def review(
    claim: ClaimId,
    verdict: Verdict = None,
    officer: Annotated[
        str | None, typer.Option("--as", metavar="OFFICER", help="Who you are, without a sign-in: klaim-01.")
    ] = None,
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
    say the same. After `santunan login` you act as yourself. Without it, on the embedded store alone, --as names
    you; it is no proof of who you are: two names of one person pass as two persons here.

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
    from agents.cli.identity import read_login
    from agents.clients.review import review_data
    from agents.settings import read_settings

    settings = read_settings()
    login = read_login(settings)
    found = _read(login, claim, lang)
    if verdict is None:
        _show_waiting(claim, found, lang)
        return
    officer, reason = _require_complete(verdict, officer, reason, line, paper, is_signed_in=login is not None)
    data = review_data(
        claim,
        found.member_number,
        revision=revision or found.revision,
        verdict="request_documents" if verdict == "documents" else verdict,
        answers=answer or (),
        changes=[_change(one) for one in line or ()],
        documents=paper or (),
        children=child or (),
        reason=reason,
    )
    _submit(settings, login, data, officer)


def _submit(settings: "Settings", login: "Login | None", data: dict[str, Any], officer: str) -> None:
    from agents.clients.review import review_event

    claim, proof = data["claim_id"], "who signed in"
    if login is None:
        submit_on_trust(settings, review_event(data, officer))
        proof = "the name is taken on trust, and proves nothing"
    else:
        officer = submit_signed_in(settings, data) if login.url is None else submit_at_gateway(login, data)
    print(f"Submitted on revision {data['revision']} of {claim}, as {officer}: {proof}.")
    print(f"`santunan explain {claim}` shows what follows,")
    print("and `santunan dead-letters list` whether it was refused.")


def _require_complete(
    verdict: str,
    officer: str | None,
    reason: str | None,
    line: list[str] | None,
    paper: list[str] | None,
    *,
    is_signed_in: bool,
) -> tuple[str, str]:
    if is_signed_in and officer:
        raise typer.BadParameter("you are signed in and act as yourself: leave --as out, or `santunan logout`")
    if not reason or not (officer or is_signed_in):
        raise typer.BadParameter("say who you are with --as, or sign in, and why with --reason")
    if (verdict == "change") != bool(line):
        raise typer.BadParameter("--verdict change and --line go together: --verdict change --line funeral=10000000")
    if (verdict == "documents") != bool(paper):
        raise typer.BadParameter("--verdict documents and --paper go together: --verdict documents --paper visum")
    return officer or "", reason


class _Read(NamedTuple):
    """A claim as this command needs it. `text`: decision and explanation in words."""

    revision: int
    member_number: str | None
    text: str
    open_codes: tuple[str, ...]


def _read(login: "Login | None", claim: str, lang: Literal["id", "en"]) -> _Read:
    if login is not None and login.url is not None:
        return _read_at_gateway(login, claim, lang)
    from agents.cli.store import opened_store
    from pipeline.explain import explain, render_text
    from pipeline.queries.claim import status_of

    with opened_store() as store:
        found = status_of(store, claim)
    explanation = explain(
        found.decision,
        lang,
        payments=found.payments,
        open_codes=found.open_codes,
        officer_reason=found.officer_reason,
    )
    decision = found.decision
    number = decision.key if decision.key != claim else None
    return _Read(decision.revision, number, render_text(explanation, text_width()), found.open_codes)


def _read_at_gateway(login: "Login", claim: str, lang: Literal["id", "en"]) -> _Read:
    from urllib.parse import quote

    from agents.clients.gateway import GatewayClient

    assert login.url is not None
    client, address = GatewayClient(login.url, login.credential), f"/v1/claims/{quote(claim, safe='')}"
    found = client.get(address).json
    text = client.get(f"{address}/explanation?lang={lang}", Accept="text/plain").body.decode()
    return _Read(found["revision"], None, plain(text), tuple(plain(one["code"]) for one in found["open"]))


def _show_waiting(claim: str, found: _Read, lang: Literal["id", "en"]) -> None:
    from pipeline.explain import short

    print(found.text)
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
