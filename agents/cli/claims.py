"""`santunan decisions`, `explain`, `referrals`, `review`: what was decided, why, and what an officer says to it."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agents.cli.options import ClaimId, Json, Language
from agents.terminal import OUTCOME_STYLES, complain, console, print_json, rupiah, text_width

if TYPE_CHECKING:
    from agents.clients import Published
    from pipeline.queries.claim import ClaimStatus

Outcome = Annotated[
    Literal["APPROVED", "REJECTED", "REFERRED", "PENDING"] | None, typer.Option("--outcome", help="Only these.")
]
Verdict = Annotated[
    Literal["approve", "reject", "change", "documents", "reassess"] | None,
    typer.Option("--verdict", help="What you decide; without it, what waits is shown."),
]


def add_to(cli: typer.Typer) -> None:
    for name, command in (("decisions", decisions), ("explain", explain), ("referrals", referrals), ("review", review)):
        cli.command(name)(command)


def decisions(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new ones until Ctrl-C.")] = False,
    claim: Annotated[str | None, typer.Option("--claim", metavar="CLAIM", help="Of one claim.")] = None,
    outcome: Outcome = None,
    position: Annotated[
        Path | None, typer.Option("--position", metavar="FILE", help="Go on where this file says, and keep it there.")
    ] = None,
    json: Json = False,
) -> None:
    """Every decision that was published, in order.

    With --json, the published events themselves.

    \b
    Examples:
      santunan decisions
      santunan decisions --follow --outcome REFERRED
      santunan decisions --json --position seen.json | my-program
    """
    from schemas import topics

    shown = _published(topics.DECISIONS, follow=follow, position=position)
    wanted = (
        (document, one)
        for document, one in shown
        if (claim is None or document["data"]["claim_id"] == claim)
        and (outcome is None or document["data"]["outcome"] == outcome)
    )
    if json:
        for _, one in wanted:
            sys.stdout.buffer.write(one.value + b"\n")
            if follow:
                sys.stdout.buffer.flush()
        return
    screen = console()
    is_empty = True
    for document, _ in wanted:
        screen.print(_one_line(document["data"]), soft_wrap=True)
        is_empty = False
    if is_empty and position is None:
        complain("There is no such decision; `santunan doctor` says what waits, and where it was looked for.")


def _published(topic: str, *, follow: bool, position: Path | None) -> Iterator[tuple[Any, "Published"]]:
    import orjson

    from agents.clients import open_feed
    from agents.settings import read_settings

    with open_feed(read_settings(), (topic,), position_file=position) as feed:
        for one in feed.read(follow=follow):
            yield orjson.loads(one.value), one


def _one_line(decision: Any) -> str:
    outcome = decision["outcome"]
    style = OUTCOME_STYLES[outcome]
    money = rupiah(decision["total"]) if decision["total"] else ""
    return (
        f"{decision['decided_at'][:10]}  {decision['claim_id']}  r{decision['revision']}  "
        f"[{style}]{outcome:8}[/]  {', '.join(decision['reason_codes'])}  {money}"
    ).rstrip()


def explain(claim: ClaimId, lang: Language = "id", json: Json = False) -> None:
    """Why a claim was decided as it was, line by line.

    Each check, each rupiah, each article, what is missing, how to appeal.

    \b
    Examples:
      santunan explain JKK-2024-0007
      santunan explain JKK-2024-0007 --lang en
    """
    from agents.cli.store import opened_store
    from pipeline.explain import explain as told
    from pipeline.explain import render_text
    from pipeline.queries.claim import status_of

    with opened_store() as store:
        found = status_of(store, claim)
    explanation = told(found.decision, lang, payments=found.payments, open_codes=found.open_codes)
    if json:
        print_json([explanation])
        return
    sys.stdout.write(render_text(explanation, text_width()))


def referrals(json: Json = False) -> None:
    """The claims that wait for an officer, the oldest first.

    \b
    Examples:
      santunan referrals
      santunan referrals --json
    """
    from pipeline.explain import short
    from schemas import topics

    waiting: dict[str, Any] = {}
    for document, _ in _published(topics.REFERRALS, follow=False, position=None):
        referral = document["data"]
        if referral["state"] == "opened":
            waiting[referral["referral_id"]] = referral | {"since": document["time"][:10]}
        else:
            waiting.pop(referral["referral_id"], None)
    if json:
        print_json(waiting.values())
        return
    if not waiting:
        print("Nothing waits for an officer.")
        return
    screen = console()
    for referral in waiting.values():  # no table: it would break a claim's id that somebody copies from it
        money = referral["indicative_total"]
        about = f"  about {rupiah(money)}" if money else ""
        screen.print(f"{referral['since']}  [bold]{referral['claim_id']}[/]{about}", soft_wrap=True)
        for code in referral["codes"]:
            screen.print(f"    {short(code, 'en')} [dim]{code}[/]")
    print(f"{len(waiting)} waiting. `santunan review CLAIM` shows one and how to answer.")


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
    revision: Annotated[
        int | None, typer.Option("--revision", min=1, help="The revision you read; by default the latest.")
    ] = None,
    lang: Language = "id",
) -> None:
    """Show what waits on a claim, or decide on it as an officer.

    A review made on an older revision is refused with what changed. Above the officer's limit a second officer must
    say the same.

    \b
    Examples:
      santunan review JKK-2024-0007
      santunan review JKK-2024-0007 --verdict approve --as klaim-01 \\
        --reason "seen by the medical advisor"
      santunan review JKM-2024-0011 --verdict change --line funeral=10000000 \\
        --as klaim-02 --reason "receipt"
      santunan review JKK-2025-0003 --verdict documents --paper police_report \\
        --as klaim-01 --reason "unclear"
    """
    from agents.cli.store import opened_store
    from pipeline.queries.claim import status_of

    with opened_store() as store:
        found = status_of(store, claim)
    if verdict is None:
        _show_waiting(found, lang)
        return
    if not officer or not reason:
        raise typer.BadParameter("say who you are with --as and why with --reason")
    if (verdict == "change") != bool(line):
        raise typer.BadParameter("--verdict change and --line go together: --verdict change --line funeral=10000000")
    if (verdict == "documents") != bool(paper):
        raise typer.BadParameter("--verdict documents and --paper go together: --verdict documents --paper visum")
    data: dict[str, Any] = {
        "claim_id": claim,
        "revision": revision or found.decision.revision,
        "verdict": "request_documents" if verdict == "documents" else verdict,
        "answers": answer or [],
        "changes": [_change(one, reason) for one in line or ()],
        "documents": paper or [],
        "reason": reason,
    }
    if found.decision.key != claim:
        data["member_number"] = found.decision.key
    _send_review(data, officer)
    print(f"Submitted on revision {data['revision']} of {claim}.")
    print(f"`santunan explain {claim}` shows what follows,")
    print("and `santunan dead-letters list` whether it was refused.")


def _show_waiting(found: "ClaimStatus", lang: Literal["id", "en"]) -> None:
    from pipeline.explain import explain as told
    from pipeline.explain import render_text, short

    explanation = told(found.decision, lang, payments=found.payments, open_codes=found.open_codes)
    sys.stdout.write(render_text(explanation, text_width()))
    claim = found.decision.claim_id
    if not found.open_codes:
        print(f"\nNothing on {claim} waits for an officer.")
        return
    print("\nWaits for an officer:")
    for code in found.open_codes:
        print(f"  - {short(code, lang)} ({code})")
    print("Answer with:")
    for verdict in ("approve", "reject", "change --line …", "documents --paper …"):
        print(f"  santunan review {claim} --verdict {verdict} --as … --reason …")


def _change(written: str, reason: str) -> dict[str, Any]:
    from schemas.values import MAX_RUPIAH

    name, separator, amount = written.partition("=")
    if not separator or not amount.isdecimal() or len(amount) > len(str(MAX_RUPIAH)):
        raise typer.BadParameter(f"{written}: write a line and whole rupiah, such as funeral=10000000")
    return {"line": name, "amount": int(amount), "reason": reason}


def _send_review(data: dict[str, Any], officer: str) -> None:
    import datetime as dt
    import uuid

    import orjson

    from agents.clients import open_submitter
    from agents.settings import read_settings
    from schemas.events import Refused

    document = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"urn:santunan:officer:{officer}",
        "type": "santunan.claim.reviewed.v1",
        "time": dt.datetime.now(dt.UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    with open_submitter(read_settings()) as submitter:
        try:
            _drain(submitter.submit([orjson.dumps(document)]))
        except Refused as refused:
            raise typer.BadParameter("; ".join(_as_typed(one.field, one.message) for one in refused.errors)) from None


def _as_typed(field: str, message: str) -> str:
    """What is wrong with a field of the event, said of the option that it was made of."""
    if field == "source":
        return "--as: write small letters, digits and . _ - only, such as klaim-01"
    name = field.removeprefix("data.").partition(".")[0]
    option = {"answers": "answer", "changes": "line", "documents": "paper"}.get(name, name)
    return f"--{option}: {message}"


def _drain(receipts: Iterable[Any]) -> None:
    for _ in receipts:
        pass
