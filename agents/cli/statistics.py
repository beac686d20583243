"""`santunan statistics`: decisions counted, times against the law, hands and reversals; as tables, files, a report."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from agents.cli.coverage import Sender
from agents.cli.options import DAY, Json, Language

if TYPE_CHECKING:
    from pipeline.operations.statistics import Statistics


_FEW: Final = 3  # rows of a table that is turned around


def add_to(cli: typer.Typer) -> None:
    cli.command("statistics")(statistics)


def statistics(
    since: Annotated[dt.date | None, typer.Option("--from", **DAY, help="Count from this day on.")] = None,
    until: Annotated[dt.date | None, typer.Option("--until", **DAY, help="Count before this day.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write each table as a CSV file.")] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="DIR", help="Write each table as a Parquet file.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one report that needs nothing else.")
    ] = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Count decisions, times and reversals.

    By outcome, reason, programme, month and province; payments against the days of the law, and what lateness cost;
    claims decided without an officer; refusals and rulings that were reversed later.

    Counts by province are left out where they are under 5, and what would give them away.

    \b
    Examples:
      santunan statistics --lang en
      santunan statistics --from 2026-01-01 --until 2026-04-01 --html triwulan-1.html
      santunan statistics --csv tabel
    """
    from agents.cli.coverage import opened
    from pipeline.operations.statistics import read_statistics

    if since is not None and until is not None and until <= since:
        raise typer.BadParameter("--from is a day before --until")
    with opened(sender) as (front, principal):
        found = read_statistics(front, principal, since=since, until=until)
    if csv is not None or parquet is not None or html is not None:
        _write(found, csv, parquet, html, lang)
    elif json:
        from agents.terminal import print_json

        print_json([found])
    else:
        _show(found, lang)


def _write(found: "Statistics", csv: Path | None, parquet: Path | None, html: Path | None, lang: Any) -> None:
    from agents.imports import statistics_tables as tables
    from agents.imports.tables import csv_of, parquet_of
    from pipeline.explain.statistics import statistics_text

    made: dict[Path, bytes] = {}
    for name in tables.FILES:
        rows = tables.file_rows(found, name)
        if csv is not None:
            made[csv / f"{name}.csv"] = csv_of(tables.file_titles(name, lang), tables.csv_cells(rows))
        if parquet is not None:
            made[parquet / f"{name}.parquet"] = parquet_of(tables.column_names(name), rows)
    if html is not None:
        made[html] = tables.report(found, lang).encode()
    for file, content in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        print(statistics_text(lang, "written", file=str(file)))


def _show(found: "Statistics", lang: Any) -> None:
    from agents.imports.statistics_tables import sections, sentences
    from agents.terminal import console, field, table

    for line in sentences(found, lang):
        print(line)
    screen = console()
    for section in sections(found, lang):
        columns, rows = section.columns, section.rows
        if section.name not in ("outcomes", "limits") and len(rows) <= _FEW:
            # Long titles of many columns do not fit into 80 letters beside each other.
            (columns, *rest) = zip(columns, *rows, strict=True)
            rows = tuple(rest)
        right = columns[section.texts :]
        drawn = table(*columns, right=right, whole=right)
        for row in rows:
            drawn.add_row(*map(field, row))
        print(f"\n{section.title}")
        screen.print(drawn)
        print(section.note)
