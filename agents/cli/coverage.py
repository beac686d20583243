"""`santunan coverage` and `santunan calls`: who is covered and who is not, and whom to call this week."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.options import DAY, Json, Language
from agents.terminal import print_json

if TYPE_CHECKING:
    from pipeline.access.principals import Principal
    from pipeline.operations.coverage_calls import CallList
    from pipeline.operations.coverage_picture import Picture
    from pipeline.operations.front_office import FrontOffice

Sender = Annotated[
    str | None, typer.Option("--as", metavar="KIND:WHO", help="Who you are, without a sign-in: cooperative:maju.")
]
On = Annotated[dt.date | None, typer.Option("--on", **DAY, help="The day; by default today.")]
_HERE = "office:here"  # who is at the machine of an embedded store
_SHOWN = ("people", "known", "registered", "covered", "at_risk", "lapsed", "never")
_MONTHS_SHOWN = 12


def add_to(cli: typer.Typer) -> None:
    cli.command("coverage")(coverage)
    cli.command("calls")(calls)


@contextmanager
def opened(sender: str | None, *, writes: bool = False, here: str = _HERE) -> "Iterator[tuple[FrontOffice, Principal]]":
    """As who signed in; else on the embedded store under a name on trust, `here` where none is given."""
    from agents.cli.identity import read_login
    from agents.cli.submission import named_front, signed_in_front
    from agents.settings import read_settings

    settings = read_settings()
    is_signed_in = read_login(settings) is not None
    if is_signed_in and sender is not None:
        raise typer.BadParameter("--as does not go with a sign-in: `santunan logout` first")
    front = signed_in_front(settings) if is_signed_in else named_front(settings, sender or here, confirm=writes)
    with front as found:
        yield found


def coverage(
    on: On = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Only bring the counts up to date, however long it takes.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write all tables: .csv, .xlsx or .parquet.")
    ] = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Who is known, registered and covered.

    By region, sector, cooperative and month.

    Counts under 5 are not shown, nor what would give them away. The counts are kept up to date by who asks; where many
    members have changed since, `--keep` does it first.

    \b
    Examples:
      santunan coverage
      santunan coverage --on 2019-12-31 --lang en
      santunan coverage --to perlindungan.xlsx
    """
    from pipeline.explain.coverage import coverage_text
    from pipeline.operations import coverage_keeping
    from pipeline.operations.coverage_picture import read_coverage

    with opened(sender) as (front, principal):
        if keep:
            found = coverage_keeping.keep(coverage_keeping.coverage_book_of(front), front.book)
            print(coverage_text(lang, "kept", persons=found))
            return
        picture = read_coverage(front, principal, day=on)
    if to is not None:
        _write_picture(to, picture, lang)
    elif json:
        from agents.imports.coverage_tables import all_rows

        print_json([*all_rows(picture), picture.refused])
    else:
        _show(picture, lang)


def _write_picture(file: Path, picture: "Picture", lang: Any) -> None:
    from agents.imports import coverage_tables as tables
    from agents.imports.tables import parquet_of
    from pipeline.explain.coverage import coverage_text

    if file.suffix.lower() == ".parquet":
        file.write_bytes(parquet_of(tables.PARQUET, tables.parquet_rows(picture)))
    else:
        file.write_bytes(sheet_bytes(file, tables.picture_titles(lang), tables.picture_rows(picture, lang)))
    print(coverage_text(lang, "written", file=str(file)))


def sheet_bytes(file: Path, titles: list[str], rows: Any) -> bytes:
    from agents.imports.tables import csv_of, xlsx_of

    match file.suffix.lower():
        case ".csv":
            return csv_of(titles, rows)
        case ".xlsx":
            return xlsx_of("Santunan", titles, rows)
    raise typer.BadParameter(f"{file} must end with .csv or .xlsx")


def _show(picture: "Picture", lang: Any) -> None:
    from agents.imports.coverage_tables import row_title, sentences, shown_count
    from agents.terminal import console, table
    from pipeline.explain.coverage import coverage_text, table_title

    if picture.total.people == 0:
        print(coverage_text(lang, "nobody"))
        return
    for line in sentences(picture, lang):
        print(line)
    if picture.total.known == 0:
        print(coverage_text(lang, "no_known"))
    screen = console()
    named = [(name, [row for row in picture.rows if row.table == name]) for name in _tables(picture)]
    for name, rows in [*named, ("months", list(picture.months[-_MONTHS_SHOWN:]))]:
        counts = [coverage_text(lang, "short", one) for one in _SHOWN]
        drawn = table(table_title(name, lang), *counts, right=counts, whole=counts)
        for row in rows:
            drawn.add_row(row_title(row, lang), *(shown_count(getattr(row, one), lang) for one in _SHOWN))
        screen.print(drawn)
    print(coverage_text(lang, "note"))


def _tables(picture: "Picture") -> list[str]:
    return list(dict.fromkeys(row.table for row in picture.rows))


def calls(
    on: On = None,
    cooperative: Annotated[
        str | None,
        typer.Option("--cooperative", metavar="NAME", help="One cooperative or employer, as the picture names it."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write the list with its messages: .csv or .xlsx.")
    ] = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Whom to call this week, and what to say.

    With the sum to pay, until when, and a message to send.

    A cooperative or an employer sees its own members alone.

    \b
    Examples:
      santunan calls --cooperative "Koperasi Pasar Contoh"
      santunan calls --as cooperative:maju --to panggilan.xlsx
    """
    from pipeline.explain import day as written_day
    from pipeline.explain.coverage import coverage_text
    from pipeline.operations.coverage_calls import list_calls

    with opened(sender) as (front, principal):
        found = list_calls(front, principal, day=on, cooperative=cooperative, language=lang)
    if to is not None:
        from agents.imports.coverage_tables import call_rows, call_titles
        from pipeline.private_files import write_private

        write_private(
            to, sheet_bytes(to, call_titles(lang), call_rows(found, lang))
        )  # names and numbers: for its owner alone
        print(coverage_text(lang, "written", file=str(to)))
    elif json:
        print_json(found.rows)
    else:
        count = len(found.rows)
        print(coverage_text(lang, "calls" if count else "no_calls", count=count, day=written_day(found.day, lang)))
        _show_calls(found, lang)


def _show_calls(found: "CallList", lang: Any) -> None:
    from pipeline.explain.calls import call_kind
    from pipeline.explain.coverage import coverage_text

    for row in found.rows:
        print(f"{row.member_number}  {row.name or '–'}  ({call_kind(row.kind, lang)})")
        print(f"  {row.message}")
    if found.is_cut:
        print(coverage_text(lang, "calls_cut"))
