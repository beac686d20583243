"""`santunan contributions import`: a list of who paid what for which month, reconciled and handed in."""

import typer

from agents.cli.options import Json, Language
from agents.cli.sheets import Confirm, FaultsTo, File, Sender, Template, import_file, require_extra


def add_to(cli: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Contributions from a sheet: reconcile, correct, hand in.")
    commands.command("import")(import_sheet)
    cli.add_typer(commands, name="contributions")


def import_sheet(
    file: File = None,
    confirm: Confirm = False,
    faults_to: FaultsTo = None,
    template: Template = None,
    sender: Sender = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Reconcile a list of payments with what was owed, and hand in the months that were paid in full.

    Each row is matched, paid too much, too little, or of nobody who is known. Without --confirm nothing is sent; the
    same sheet again doubles nothing. Exit code 1 where a row needs something.

    \b
    Examples:
      santunan contributions import --template iuran.xlsx
      santunan contributions import iuran.csv --as cooperative:maju
      santunan contributions import iuran.csv --as cooperative:maju --confirm
    """
    require_extra()
    from agents.imports.intake import CONTRIBUTIONS

    import_file(
        CONTRIBUTIONS,
        "/v1/imports/contributions",
        file,
        confirm=confirm,
        faults_to=faults_to,
        template=template,
        sender=sender,
        lang=lang,
        as_json=json,
    )
