"""`santunan rules`: checks, shows and compares the rule book, tries a change, and makes the list of holidays."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.impact import show_impact
from agents.cli.options import DAY, Json
from agents.terminal import console, print_json, progress, rupiah, table

if TYPE_CHECKING:
    from pipeline.law.book import Book
    from pipeline.law.declarations import Value

_MARKERS = """\b
Markers:
  VERIFIED    the article itself was read
  VERIFIED-2  read in an official page or in press quoting the article
  RECALLED    widely repeated, but the text itself was not found
  DESIGN      no rule found: a safe reading of our own
"""

_ABSENT = "did not exist"

group = typer.Typer(
    help="The law as dated data: check, read, compare, try a change.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(group, name="rules")


@group.command("check")
def check(
    directory: Annotated[
        Path | None,
        typer.Option("--in", metavar="DIR", exists=True, file_okay=False, help="Another directory of parameters."),
    ] = None,
    json: Json = False,
) -> None:
    """Check every parameter on every day it must hold.

    That is from 2015-07-01 to the end of next year. Exit code 78, and a sentence for each fault, if the book
    cannot be used.

    \b
    Examples:
      santunan rules check
      santunan rules check --in my-parameters
    """
    from pipeline.law.inspection import check as check_all

    found = check_all(directory)
    if json:
        print_json([found])
        return
    print(f"{found.parameters} parameters with {found.values} values are sound on each of {found.days:,} days,")
    print(f"{found.first} to {found.last}. Fingerprint {found.fingerprint[:16]}.")


@group.command("show", epilog=_MARKERS)
def show(
    name: Annotated[str | None, typer.Argument(help="A parameter, such as funeral; none lists all of them.")] = None,
    on: Annotated[dt.date | None, typer.Option("--on", **DAY, help="As it was on this day.")] = None,
    json: Json = False,
) -> None:
    """One parameter through time, or all of them on one day.

    \b
    Examples:
      santunan rules show
      santunan rules show funeral
      santunan rules show jkk_death_multiplier --on 2021-05-01
    """
    from pipeline.law.book import Book
    from pipeline.law.inspection import values_of

    book = Book.load()
    if name is None:
        _list_all(book, _kept(book, on or dt.date.today()), json)
        return
    values = values_of(name, book, on and _kept(book, on))
    parameter = book.parameters[name]
    if json:
        print_json([{"name": name, "unit": parameter.unit, **_document(value)} for value in values])
        return
    print(f"{name}: {parameter.description}")
    print(f"Unit: {parameter.unit}. Last compared with the law on {parameter.checked_on}.")
    shown = table("from", "value", "reference", "marker")
    for value in values:
        shown.add_row(str(value.since), _written(value, parameter.unit), value.reference, value.marker)
    console().print(shown)


def _kept(book: "Book", day: dt.date) -> dt.date:
    """The day. Raises BadParameter where the book does not reach it."""
    if day < book.first_day:
        raise typer.BadParameter(f"the law is kept from {book.first_day} on; give that day or a later one")
    if day > book.through:
        raise typer.BadParameter(f"the law is known through {book.through}; give that day or an earlier one")
    return day


def _list_all(book: "Book", day: dt.date, as_json: bool) -> None:
    rows = [(parameter, parameter.on(day)) for _, parameter in sorted(book.parameters.items())]
    if as_json:
        print_json({"name": one.name, "unit": one.unit, **_document(value)} for one, value in rows)
        return
    columns = ("parameter", "value", "since", "marker")
    title = f"The law on {day} ({book.rule_version(day)})"
    shown = table(*columns, whole=("parameter", "since", "marker"), title=title)
    for one, value in rows:
        shown.add_row(one.name, _short(_written(value, one.unit)), str(value.since), value.marker)
    console().print(shown)


@group.command("diff")
def diff(
    first: Annotated[dt.date, typer.Argument(**DAY | {"metavar": "DAY1"})],
    second: Annotated[dt.date, typer.Argument(**DAY | {"metavar": "DAY2"})],
    json: Json = False,
) -> None:
    """What changed in the law between two days.

    \b
    Examples:
      santunan rules diff 2019-12-01 2019-12-02
      santunan rules diff 2021-03-31 2025-02-24 --json
    """
    from pipeline.law.book import Book
    from pipeline.law.inspection import differences

    book = Book.load()
    before, after = _kept(book, first), _kept(book, second)
    changed = differences(book, before, after)
    if json:
        found = [(one.name, _document(one.before), _document(one.after)) for one in changed]
        print_json({"name": name, "before": old, "after": new} for name, old, new in found)
        return
    print(f"{book.rule_version(before)} on {before}; {book.rule_version(after)} on {after}")
    if not changed:
        print("Nothing changed.")
        return
    shown = table("parameter", str(before), str(after), "by", whole=("parameter",))
    for one in changed:
        rows = one.entries or ((one.name, one.before.written, one.after.written),)
        if one.entries:
            shown.add_row(one.name, "", "", one.after.reference)
        for entry, old, new in rows:
            name, by = (f"  {entry}", "") if one.entries else (entry, one.after.reference)
            shown.add_row(name, _cell(old, one.unit), _cell(new, one.unit), by)
    console().print(shown)


@group.command("impact")
def impact(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A changed parameter file; its name says which parameter it replaces. None: the law of this version.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """What would a changed law do to the stored claims?

    Which would end otherwise, how many, by how much: plus is more money for families. Writes nothing: what was
    decided stays.

    \b
    Examples:
      santunan rules impact
      santunan rules impact drafts/funeral.yaml
      santunan rules impact drafts/funeral.yaml --json
    """
    from agents.cli.store import opened_store
    from pipeline.law.book import Book

    book = Book.load(instead=file)
    with opened_store() as store, progress("deciding the stored history again") as bar:
        from pipeline.audit.impact import impact as replayed

        found = replayed(store, book, bar.advance)
    if json:
        print_json([found])
        return
    show_impact(found)


@group.command("holidays")
def holidays(
    first: Annotated[int, typer.Argument(metavar="FIRST", min=2015, max=9999, help="The first year.")],
    last: Annotated[int, typer.Argument(metavar="LAST", min=2015, max=9999, help="The last year.")],
    checked_on: Annotated[
        dt.date,
        typer.Argument(**DAY | {"metavar": "CHECKED_ON"}, help="When a person compared the days with the decrees."),
    ],
) -> None:
    """Print the file of public holidays.

    Make public_holidays.yaml with it when a year's decree is published. The days are those of the Python package
    `holidays`. Compare the result with the file before you replace it: a past deadline must not change.

    \b
    Examples:
      santunan rules holidays 2015 2027 2026-11-22
      santunan rules holidays 2015 2028 2027-11-20 > public_holidays.yaml
    """
    if last < first:
        raise typer.BadParameter(f"the last year, {last}, is before the first one, {first}")
    from pipeline.errors import NotReady
    from pipeline.law.holidays import holiday_file

    try:
        import holidays as package
    except ImportError:
        raise NotReady("this needs a package that is not installed: pip install 'santunan[dev]'") from None
    years = range(first, last + 1)
    days = package.country_holidays("ID", years=years, language="id", categories=("public",))
    print(holiday_file(days, years, checked_on, f"holidays {package.__version__}"), end="")


def _document(value: "Value[Any]") -> dict[str, Any]:
    return {
        "since": value.since.isoformat(),
        "value": _plain(value.written),
        "absent": value.absent,
        "reference": value.reference,
        "marker": value.marker,
    }


def _plain(value: Any) -> Any:
    """Values of the book are tuples, dates and small dataclasses; JSON keys are texts."""
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _written(value: "Value[Any]", unit: str) -> str:
    if value.absent:
        return _ABSENT
    plain = _plain(value.written)
    if isinstance(plain, dict):
        return "\n".join(f"{key}: {_inline(one)}" for key, one in plain.items())
    if isinstance(plain, list):
        return "\n".join(_inline(one) for one in plain)
    return _cell(plain, unit)


def _cell(value: Any, unit: str) -> str:
    """One number or one row of a table; None: there is no such thing."""
    if value is None:
        return _ABSENT
    if unit == "rupiah" and isinstance(value, int):
        return rupiah(value)
    return _inline(_plain(value))


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_inline(one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list):
        return " ".join(_inline(one) for one in value)
    return str(value)


def _short(text: str, most: int = 40) -> str:
    first, *rest = text.split("\n")
    cut = first if len(first) <= most else first[: most - 1] + "…"
    return f"{cut} (+{len(rest)})" if rest else cut
