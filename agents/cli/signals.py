"""`santunan signals`: what an officer or an auditor may want to look at."""

from typing import TYPE_CHECKING, Any, Final

import typer

from agents.cli.coverage import Sender, opened
from agents.cli.options import Json, Language

if TYPE_CHECKING:
    from pipeline.operations.signals import Signals

_CLAIMS_SHOWN: Final = 10


def add_to(cli: typer.Typer) -> None:
    cli.command("signals")(signals)


def signals(sender: Sender = None, lang: Language = "id", json: Json = False) -> None:
    """Show what may be worth a look.

    Certificates, deaths and rulings beyond those of peers, events soon after cover began, one accident from many
    clinics, wages that jumped; each with its claims. They decide nothing. Those about officers are for auditors.

    Without a sign-in, `--as` says as whom: officer:siti, or auditor:ani.

    \b
    Examples:
      santunan signals --as auditor:ani
      santunan signals --as officer:siti --lang en --json
    """
    from agents.terminal import print_json
    from pipeline.operations.signals import list_signals

    with opened(sender) as (front, principal):
        found = list_signals(front, principal)
    if json:
        print_json(found.signals)
    else:
        _show(found, lang)


def _show(found: "Signals", lang: Any) -> None:
    from pipeline.explain import day
    from pipeline.explain.signals import signal_sentences, signal_title, signals_text
    from schemas.clock import JAKARTA
    from schemas.values import source_who

    for one in found.signals:
        subject = source_who(one.subject) if one.subject.startswith("urn:") else one.subject
        print(f"{signal_title(one.rule, lang)} ({signals_text(lang, 'rule', since=day(one.since, lang))})")
        for sentence in signal_sentences(one.rule, subject, one.facts, lang):
            print(f"  {sentence}")
        claims, rest = ", ".join(one.claims[:_CLAIMS_SHOWN]), len(one.claims) - _CLAIMS_SHOWN
        if rest > 0:
            claims += " " + signals_text(lang, "more", count=rest)
        print("  " + signals_text(lang, "evidence", claims=claims))
    if not found.signals:
        print(signals_text(lang, "nothing"))
    days = {name: day(at.astimezone(JAKARTA).date(), lang) for name, at in (("at", found.at), ("since", found.since))}
    print(signals_text(lang, "looked", **days))
    print(signals_text(lang, "note"))
