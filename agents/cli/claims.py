"""`santunan claims import`: a sheet of accidents or of deaths checked row by row, corrected, and reported."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from agents.cli.options import Json, Language
from agents.cli.sheets import Confirm, FaultsTo, File, Sender, Template, import_file, require_extra


class Kind(StrEnum):
    ACCIDENT = "accident"
    DEATH = "death"


def add_to(cli: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Claims from a sheet: check, correct, report.")
    commands.command("import")(import_sheet)
    cli.add_typer(commands, name="claims")


def import_sheet(
    file: File = None,
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="What the sheet is about; by default its titles say it.")
    ] = None,
    confirm: Confirm = False,
    faults_to: FaultsTo = None,
    template: Template = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Check a list of accidents or of deaths row by row, and report those that are ready.

    Without --confirm nothing is sent. A row with a fault stops no other one. The same or a corrected sheet again
    doubles nothing, and an interrupted import goes on when it is run again. Exit code 1 where a row needs something.

    \b
    Examples:
      santunan claims import --template kecelakaan.xlsx --as clinic:plkk-0012
      santunan claims import --template kematian.xlsx --kind death
      santunan claims import kecelakaan.xlsx --as clinic:plkk-0012 --faults-to perbaikan.xlsx
      santunan claims import kecelakaan.xlsx --as clinic:plkk-0012 --confirm
    """
    require_extra()
    from agents.imports.intake import claims_of

    options: dict[str, Any] = {"faults_to": faults_to, "template": template, "sender": sender}
    about = claims_of(kind.value if kind is not None else None)
    form = claims_of(kind.value if kind is not None else "accident", _sender_kind(sender)).columns
    import_file(about, file, confirm=confirm, lang=lang, as_json=json, form=form, **options)


def _sender_kind(sender: str | None) -> str | None:
    """None: it is not said, so the template has all columns."""
    return sender.partition(":")[0] if sender else None
