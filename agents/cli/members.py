"""`santunan members import`: a sheet of members checked row by row, corrected, and handed in."""

import typer

from agents.cli.options import Json, Language
from agents.cli.sheets import Confirm, FaultsTo, File, Sender, Template, import_file, require_extra


def add_to(cli: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Members from a sheet: check, correct, register.")
    commands.command("import")(import_sheet)
    cli.add_typer(commands, name="members")


def import_sheet(
    file: File = None,
    confirm: Confirm = False,
    faults_to: FaultsTo = None,
    template: Template = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Check a list of members row by row, and register those that are ready.

    Without --confirm nothing is sent. A row with a fault stops no other one. The same or a corrected sheet again
    doubles nothing, and an interrupted import goes on when it is run again. Exit code 1 where a row needs something.

    \b
    Examples:
      santunan members import --template anggota.xlsx
      santunan members import anggota.xlsx --as cooperative:maju
      santunan members import anggota.xlsx --as cooperative:maju --faults-to perbaikan.xlsx
      santunan members import anggota.xlsx --as cooperative:maju --confirm
    """
    require_extra()
    from agents.imports.intake import MEMBERS

    import_file(
        MEMBERS,
        "/v1/imports/members",
        file,
        confirm=confirm,
        faults_to=faults_to,
        template=template,
        sender=sender,
        lang=lang,
        as_json=json,
    )
