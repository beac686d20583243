"""The summary of the demo: counts, rupiah, a referral, an explanation, the papers that are missing.

Reads decisions as they were published; decides nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from agents.demo.place import EVENTS, STORE_URL
from agents.terminal import OUTCOME_STYLES, console, rupiah, table

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.decisions import Decision, Payout, Refusal

_REASONS_SHOWN: Final = 6  # of each outcome; the rest in one line
_SECTIONS_SHOWN: Final = ("more", "missing", "amounts", "payment", "checks")
_OUTCOMES: Final = ("APPROVED", "REFERRED", "PENDING", "REJECTED")


@dataclass(frozen=True, slots=True)
class Shown:
    """The published events, and how many seconds they took."""

    decisions: Sequence["Decision"]
    payouts: Sequence["Payout"]
    refusals: Sequence["Refusal"]
    events: int
    seconds: float

    @property
    def latest(self) -> dict[str, "Decision"]:
        """The latest decision of each claim."""
        return {decision.claim_id: decision for decision in self.decisions}


def summary(shown: Shown) -> dict[str, Any]:
    """The same in figures, for other programs."""
    latest = shown.latest.values()
    referral, pending, explained = chosen(shown)
    return {
        "events": shown.events,
        "seconds": round(shown.seconds, 2),
        "decisions": len(shown.decisions),
        "claims": len(latest),
        "outcomes": dict(Counter(one.outcome for one in latest)),
        "reasons": dict(Counter(f"{one.outcome} {one.reason_codes[0]}" for one in latest)),
        "rupiah": {program: sum(one.total for one in latest if one.program == program) for program in ("JKK", "JKM")},
        "refused": dict(Counter(one.reason for one in shown.refusals)),
        "referral": referral.claim_id,
        "pending": pending.claim_id,
        "explained": explained.claim_id,
    }


def show(shown: Shown, protected: Sequence[str], *, is_repeated: bool) -> None:
    """`protected`: how many are, a sentence a day."""
    screen = console()
    width = min(screen.width, 100)
    screen.width = width
    referral, pending, explained = chosen(shown)
    _head(screen, shown, is_repeated=is_repeated)
    _outcomes(screen, shown)
    _money(screen, shown)
    _protected(screen, protected)
    _referral(screen, referral)
    _explained(screen, explained, width)
    _pending(screen, pending)
    _next(screen, referral, explained)
    _doors(screen)


def chosen(shown: Shown) -> tuple["Decision", "Decision", "Decision"]:
    """The referral, the pending claim and the approved one that are shown in full; the newest that show most."""
    newest = sorted(shown.latest.values(), key=lambda one: (one.decided_at, one.claim_id), reverse=True)
    referred = [one for one in newest if one.outcome == "REFERRED"]
    pending = [one for one in newest if one.outcome == "PENDING" and one.missing]
    from_a_clinic = [one for one in pending if one.program == "JKK"]
    approved = [one for one in newest if one.outcome == "APPROVED" and one.program == "JKK" and len(one.benefits) == 2]
    capped = [one for one in approved if "BEN_CAPPED" in one.reason_codes]
    with_money = [one for one in referred if one.indicative_total]
    return (with_money or referred)[0], (from_a_clinic or pending)[0], (capped or approved)[0]


def _title(screen: "Console", text: str) -> None:
    screen.print()
    screen.rule(f"[bold]{text}", align="left", characters="─")


def _head(screen: "Console", shown: Shown, *, is_repeated: bool) -> None:
    screen.print("[bold]Santunan[/bold]: 200 workers of small businesses and cooperatives in Tangerang,")
    screen.print("enrolled in November 2019; their accidents and deaths until November 2026.")
    screen.print("All people and businesses are invented.")
    screen.print()
    if is_repeated:
        screen.print("This was done already; `santunan demo --fresh` starts anew. What came out:")
    rate = shown.events / shown.seconds if shown.seconds else 0
    screen.print(
        f"{shown.events:,} events led to {len(shown.decisions):,} decisions on {len(shown.latest):,} claims "
        f"in {shown.seconds:.1f} s ({rate:,.0f} events/s)."
    )
    screen.print(f"{len(shown.refusals)} events were refused; each is kept as a dead letter with its reason:")
    for reason, count in Counter(refusal.reason for refusal in shown.refusals).most_common():
        screen.print(f"  {count} × {_words(reason)} [dim]{reason}[/]")


def _outcomes(screen: "Console", shown: Shown) -> None:
    from pipeline.explain import outcome_name

    _title(screen, "What was decided")
    latest = list(shown.latest.values())
    grid = table("outcome and main reason", "claims", right=("claims",))
    for outcome in _OUTCOMES:
        found = [one for one in latest if one.outcome == outcome]
        style = OUTCOME_STYLES[outcome]
        grid.add_row(f"[{style}]{outcome}[/] ({outcome_name(outcome, 'id')})", f"[bold]{len(found)}[/]")
        reasons = Counter(_main_reason(one) for one in found).most_common()
        for reason, count in reasons[:_REASONS_SHOWN]:
            grid.add_row(f"  {_words(reason)} [dim]{reason}[/]", str(count))
        rest = reasons[_REASONS_SHOWN:]
        if rest:
            grid.add_row(f"  [dim]{len(rest)} other reasons[/]", str(sum(count for _, count in rest)))
    screen.print(grid)


def _main_reason(decision: "Decision") -> str:
    """The first flag of an approval, else the main code."""
    codes = decision.reason_codes
    return codes[1] if decision.outcome == "APPROVED" and len(codes) > 1 else codes[0]


def _money(screen: "Console", shown: Shown) -> None:
    from pipeline.explain import line_name

    _title(screen, "What is paid")
    grid = table("program", "for", "claims", "rupiah", right=("claims", "rupiah"))
    for program in ("JKK", "JKM"):
        found = [one for one in shown.latest.values() if one.program == program and one.total]
        total = rupiah(sum(one.total for one in found))
        grid.add_row(f"[bold]{program}[/]", "", f"[bold]{len(found)}[/]", f"[bold]{total}[/]")
        sums: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for line in (line for decision in found for line in decision.benefits):
            sums[line.line] += line.amount
            counts[line.line] += 1
        for name, amount in sums.most_common():
            grid.add_row("", line_name(name, "en"), str(counts[name]), rupiah(amount))
    screen.print(grid)
    recovered = sum(payout.amount for payout in shown.payouts if payout.direction == "recover")
    paid = sum(payout.amount for payout in shown.payouts if payout.direction == "pay")
    screen.print(f"{len(shown.payouts):,} payouts were ordered: {rupiah(paid)} to pay, {rupiah(recovered)} to recover.")


def _protected(screen: "Console", said: Sequence[str]) -> None:
    _title(screen, "Who is protected, of all whom the office knows")
    for one in said:
        screen.print(one, highlight=False)


def _referral(screen: "Console", decision: "Decision") -> None:
    _title(screen, "A claim that waits for an officer")
    screen.print(
        f"[bold]{decision.claim_id}[/], {decision.program}, revision {decision.revision}, "
        f"event of {decision.event_date}"
    )
    for code in decision.reason_codes:
        screen.print(f"  - {_words(code)} [dim]({code})[/]")
    if decision.indicative_total:
        screen.print(f"  If it is approved as it stands: about {rupiah(decision.indicative_total)}.")


def _explained(screen: "Console", decision: "Decision", width: int) -> None:
    from pipeline.explain import Language, explain, render_text

    languages: tuple[tuple[Language, str], ...] = (
        ("id", "One decision, line by line: Bahasa Indonesia"),
        ("en", "The same in English"),
    )
    for language, title in languages:
        _title(screen, title)
        explanation = explain(decision, language)
        explanation = replace(
            explanation, record=tuple(one for one in explanation.record if one.key in _SECTIONS_SHOWN)
        )
        screen.print(render_text(explanation, width), markup=False)
    screen.print(f"[dim]How to appeal, and what the markers mean: santunan explain {decision.claim_id}[/]")


def _pending(screen: "Console", decision: "Decision") -> None:
    from pipeline.explain import paper_name

    _title(screen, "What a clinic must still send")
    screen.print(f"[bold]{decision.claim_id}[/] is pending; nothing else is needed than:")
    for paper in decision.missing:
        screen.print(f"  - {paper_name(paper, 'id')} / {paper_name(paper, 'en')}")
    screen.print("as one event more for the same claim:")
    screen.print_json(evidence(decision), indent=2)


def evidence(decision: "Decision") -> str:
    """The data of the event that would finish this claim."""
    import json

    data: dict[str, Any] = {"claim_id": decision.claim_id, "documents": list(decision.missing)}
    if decision.key != decision.claim_id:
        data["member_number"] = decision.key
    return json.dumps(data)


def _next(screen: "Console", referral: "Decision", explained: "Decision") -> None:
    _title(screen, "Try next")
    program = _program()
    commands: Iterable[str] = (
        f"export SANTUNAN_DATABASE_URL={STORE_URL}",
        f"{program} explain {referral.claim_id} --lang en",
        f"{program} replay",
        f"{program} assess {EVENTS} | head -n 1",
    )
    for command in commands:
        screen.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)


def _program() -> str:
    """How to call this program from here: by its name, or by its path where a shell would not find it."""
    import shutil
    import sys
    from pathlib import Path

    path = Path(sys.argv[0])
    return "santunan" if shutil.which("santunan") or path.name != "santunan" else str(path)


def _words(code: str) -> str:
    from pipeline.explain import short

    return short(code, "en")


def _doors(screen: "Console") -> None:
    """The console on this data, for a person of each role."""
    import datetime as dt

    from agents.demo.doors import links

    _title(screen, "In a browser")
    screen.print(f"  SANTUNAN_DATABASE_URL={STORE_URL} {_program()} run", markup=False, highlight=False, soft_wrap=True)
    screen.print("Then open a link on this machine; each signs in once, within 24 hours, without a password:")
    for role, link in links(dt.datetime.now(dt.UTC)).items():
        screen.print(f"  {role}\n    {link}", soft_wrap=True, highlight=False)
