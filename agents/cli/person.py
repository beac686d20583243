"""`santunan access person`: what is kept about a person, where, since when, until when, and who looked at it."""

import datetime as dt
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import STANDARD_INPUT, Json, Language
from agents.terminal import plain, print_json, text_width

if TYPE_CHECKING:
    from pipeline.operations.personal_data import PersonKept
    from pipeline.store.access_rows import AuditRecord

_MOST_BYTES = 1_000  # of a file that holds one NIK and one name
_MOST_SHOWN = 20


def person(
    reason: Annotated[str, typer.Option("--reason", help="Why you ask, in one sentence without a NIK; on record.")],
    member: Annotated[str | None, typer.Option("--member", metavar="NUMBER", help="Membership number (KPJ).")] = None,
    nik_file: Annotated[
        Path | None,
        typer.Option("--nik-file", metavar="FILE", help="A file: NIK, in the next line a name; - is standard input."),
    ] = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Print what is kept about a person.

    For a person who asks (UU PDP): in which table or topic, how much, since when, until when by which rule, and each
    look that is on record; not the data itself. Also where events of others name the person, as an heir or a child.
    This look is on record, too. NIK and name are read from a file or typed, for arguments are in the list of processes.

    \b
    Examples:
      santunan access person --member 19110000014 --reason "asked by the member"
      santunan access person --nik-file - --reason "asked by the member" < nik.txt
    """
    from agents.cli.identity import machine_user, signed_in
    from agents.cli.store import opened_store
    from agents.cli.submission import front_over
    from agents.settings import read_settings
    from agents.stores import open_access
    from pipeline.access.principals import new_principal
    from pipeline.errors import Poison
    from pipeline.operations.personal_data import read_kept

    if member is not None and nik_file is not None:
        raise typer.BadParameter("--member does not go with --nik-file")
    if member is not None and len(member) == 16:
        raise typer.BadParameter("a NIK is no argument, for it would be in the list of processes: --nik-file FILE")
    settings = read_settings()
    asked, name = (member, None) if member is not None else _nik_and_name(nik_file)
    with opened_store() as store, open_access(settings) as book:
        found = signed_in(settings, book)

        def note(record: "AuditRecord") -> None:
            book.write(record if found is not None else replace(record, who=machine_user()))

        front = replace(front_over(settings, store, book), put_on_record=note)
        try:
            kept = read_kept(front, found or new_principal("operator", "here"), asked, reason, lang, name)
        except Poison as refused:
            raise typer.BadParameter("; ".join(f"{one.field}: {one.message}" for one in refused.errors)) from None
    if json:
        print_json([kept])
    else:
        _show(kept, lang)


def _nik_and_name(file: Path | None) -> tuple[str, str | None]:
    """The name: of one who is in no registration, such as an heir."""
    if file is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("give --member NUMBER, or --nik-file FILE; - is standard input")
        typed: str = typer.prompt("NIK", hide_input=True)
        name: str = typer.prompt("Nama, name (or nothing)", default="", show_default=False)
        return typed.strip(), name.strip() or None
    try:
        with sys.stdin.buffer if file == STANDARD_INPUT else file.open("rb") as stream:
            lines = stream.read(_MOST_BYTES).decode(errors="replace").strip().splitlines() or [""]
            return lines[0].strip(), " ".join(lines[1].split()) or None if len(lines) > 1 else None
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None


def _show(found: "PersonKept", lang: Language) -> None:
    from pipeline.explain import day as written_day
    from pipeline.explain.kept import kept_text
    from schemas.clock import JAKARTA

    def written(at: dt.datetime) -> str:
        return written_day(at.astimezone(JAKARTA).date(), lang)

    if not (found.memberships or found.claims or found.tables or found.mentions):
        print(kept_text(lang, "nobody"))
    else:
        counts = {"memberships": len(found.memberships), "claims": len(found.claims), "niks": found.niks}
        print(kept_text(lang, "person", **counts))
        for name in (*found.memberships, *found.claims):
            print(f"  {name}")
        print(kept_text(lang, "kept"))
    for one in found.tables:
        said = kept_text(lang, "rows", rows=f"{one.kept.rows:,}", where=one.kept.where)
        if one.kept.since is not None:
            said += f", {kept_text(lang, 'since', day=written(one.kept.since))}"
        print(f"  {plain(said)}")
        for line in (one.what, kept_text(lang, "until", rule=one.until)):
            print(textwrap.fill(line, max(text_width(), 40), initial_indent="    ", subsequent_indent="    "))
    if found.mentions:
        print(kept_text(lang, "mentions"))
    for mention in found.mentions:
        said = kept_text(
            lang, "by_name" if mention.is_by_name else "by_nik", rows=f"{mention.rows:,}", where=mention.where
        )
        for line in (
            said,
            *([kept_text(lang, "in_claims", claims=", ".join(mention.claims))] if mention.claims else ()),
        ):
            print(textwrap.fill(plain(line), max(text_width(), 40), initial_indent="  ", subsequent_indent="    "))
    print(textwrap.fill(kept_text(lang, "unseen"), max(text_width(), 40), break_on_hyphens=False))
    print(kept_text(lang, "readings"))
    for look in found.readings[:_MOST_SHOWN]:
        reason = f"  “{look.reason}”" if look.reason else ""
        print(plain(f"  {written(look.at)}  {look.who}  {look.action}  {look.subject}{reason}"))
    if len(found.readings) > _MOST_SHOWN:
        print(kept_text(lang, "more", count=len(found.readings) - _MOST_SHOWN))
