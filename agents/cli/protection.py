"""`santunan protection`: the members of a cooperative or an employer, and what is to be paid for them until when."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.coverage import On, Sender, opened, sheet_bytes
from agents.cli.options import Json, Language
from agents.terminal import print_json

if TYPE_CHECKING:
    from pipeline.operations.protection import Protection


def add_to(cli: typer.Typer) -> None:
    cli.command("protection")(protection)


def protection(
    on: On = None,
    cooperative: Annotated[
        str | None,
        typer.Option("--cooperative", metavar="NAME", help="One cooperative or employer, as the picture names it."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write the members with their messages: .csv, .xlsx or .parquet."),
    ] = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Own members: who is covered, who is about to lapse.

    With what is to be paid, until when, and a message to send.

    A cooperative or an employer sees its own members alone. The amounts are for all programs.

    \b
    Examples:
      santunan protection --as cooperative:maju
      santunan protection --as cooperative:maju --to anggota-terlindungi.xlsx
    """
    from pipeline.operations.protection import list_protection

    with opened(sender) as (front, principal):
        found = list_protection(front, principal, day=on, cooperative=cooperative, language=lang)
    if to is not None:
        from pipeline.explain.coverage import coverage_text
        from pipeline.private_files import write_private

        write_private(to, _file(to, found, lang))  # names and numbers: for its owner alone
        print(coverage_text(lang, "written", file=str(to)))
    elif json:
        print_json([found])
    else:
        _show(found, lang)


def _file(to: Path, found: "Protection", lang: Any) -> bytes:
    from agents.imports import coverage_tables as tables
    from agents.imports.tables import parquet_of

    if to.suffix.lower() == ".parquet":
        return parquet_of(*tables.plain_rows(found.rows))
    return sheet_bytes(to, tables.protection_titles(lang), tables.protection_rows(found, lang))


def _show(found: "Protection", lang: Any) -> None:
    from agents.imports.coverage_tables import protection_sentences
    from pipeline.explain import day
    from pipeline.explain.coverage import coverage_text

    if not found.rows:
        print(coverage_text(lang, "nobody_own", day=day(found.day, lang)))
        return
    for line in protection_sentences(found, lang):
        print(line)
    for row in found.rows:
        if row.message is not None:
            print(f"{row.member_number}  {row.name or '–'}  ({coverage_text(lang, 'groups', row.group)})")
            print(f"  {row.message}")
