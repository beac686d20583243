"""`santunan known`: workers whom an office knows and who are no members yet."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.coverage import Sender, opened
from agents.cli.options import DAY, After, Json, Language
from agents.terminal import complain, print_json

if TYPE_CHECKING:
    from pipeline.operations.known_workers import KnownReport

group = typer.Typer(
    help="Workers whom an office knows.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(group, name="known")


@group.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A sheet: .xlsx or .csv.")],
    listed_on: Annotated[
        dt.date | None, typer.Option("--listed-on", **DAY, help="The day of the list; by default today.")
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Keep what can be read; without it nothing is kept.")
    ] = False,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Read a list of workers.

    Name, NIK or date of birth, region, sector, cooperative, as an office of cooperatives has them.

    The workers are known from the day of the list on. No claim is decided by it. The same list again changes nothing,
    and a worker in several lists is one. Exit code 1 where a row needs correction.

    \b
    Examples:
      santunan known import pekerja-umkm.xlsx
      santunan known import pekerja-umkm.xlsx --listed-on 2019-11-01 --confirm
    """
    from agents.imports.reader import read_file, read_sheet
    from pipeline.errors import EXIT_REFUSED
    from pipeline.explain.sheets import sheet_refusal
    from pipeline.operations.known_workers import KNOWN_COLUMNS, import_known
    from pipeline.sheets.cells import SheetRefused
    from schemas.clock import JAKARTA

    day = listed_on or dt.datetime.now(JAKARTA).date()
    try:
        with read_sheet(read_file(file), KNOWN_COLUMNS) as sheet, opened(sender, writes=confirm) as (front, principal):
            found = import_known(front, principal, sheet, listed_on=day, confirm=confirm)
    except SheetRefused as refused:
        complain(f"{file.name}: {sheet_refusal(refused.code, refused.facts, lang)}")
        raise typer.Exit(EXIT_REFUSED) from None
    except OSError as error:
        raise typer.BadParameter(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    if json:
        print_json([found])
    else:
        _show(found, file.name, day, lang)
    if found.fault_count:
        raise typer.Exit(EXIT_REFUSED)


def _show(found: "KnownReport", file: str, day: dt.date, lang: Any) -> None:
    from agents.imports.answers import left_out_of
    from pipeline.explain import day as written_day
    from pipeline.explain.coverage import coverage_text
    from pipeline.explain.sheets import cell_fault
    from pipeline.operations.known_workers import KNOWN_COLUMNS

    titles = {column.name: column.titled(lang) for column in KNOWN_COLUMNS}
    counts = {"rows": found.rows, "good": found.good, "repeated": found.repeated, "faults": found.fault_count}
    print(coverage_text(lang, "known", "report", file=file, **counts))
    for fault in found.faults:
        print(f"  {fault.place:>6} {titles[fault.column]}: {cell_fault(fault.code, fault.facts, lang)}")
    for line in left_out_of({"skipped": found.skipped, "unread": found.unread}, lang):
        print(line)
    print(coverage_text(lang, "known", "registered", registered=found.registered))
    if found.new is None:
        print(coverage_text(lang, "known", "trial"))
    else:
        print(coverage_text(lang, "known", "new", new=found.new, day=written_day(day, lang)))


@group.command("matches")
def matches(after: After = None, sender: Sender = None, lang: Language = "id", json: Json = False) -> None:
    """Known workers who may be members.

    Under another NIK, with the same date of birth and a similar name; a person decides.

    \b
    Example:
      santunan known matches
    """
    from pipeline.explain import day as written_day
    from pipeline.explain.coverage import coverage_text
    from pipeline.operations.known_workers import list_known_matches

    with opened(sender) as (front, principal):
        found = list_known_matches(front, principal, after=after or "")
    if json:
        print_json(found.rows)
        return
    for one in found.rows:
        facts = {"id": one.known_id, "name": one.name, "born": written_day(one.birth_date, lang)}
        member = {"number": one.member_number, "member": one.member_name}
        print(coverage_text(lang, "known", "match", **facts, **member))
    print(coverage_text(lang, "known", "decide" if found.rows else "no_match"))
    if found.cursor is not None:
        print(coverage_text(lang, "known", "more", cursor=found.cursor))


@group.command("decide")
def decide(
    known_id: Annotated[str, typer.Argument(metavar="ID", help="As `known matches` shows it.")],
    member_number: Annotated[str, typer.Argument(metavar="NUMBER", help="The membership number.")],
    is_same: Annotated[bool, typer.Option("--same/--other", help="One person, or two.")],
    sender: Sender = None,
    lang: Language = "id",
) -> None:
    """Say whether a known worker is this member.

    \b
    Example:
      santunan known decide 1f0c… 19110000014 --same
    """
    from pipeline.explain.coverage import coverage_text
    from pipeline.operations.known_workers import decide_known_match

    with opened(sender, writes=True) as (front, principal):
        verdict: Any = "same" if is_same else "other"
        decide_known_match(front, principal, known_id=known_id, member_number=member_number, verdict=verdict)
    print(coverage_text(lang, "known", "decided"))
