"""`santunan members`: a sheet of members checked row by row, corrected, and handed in; and written out again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from agents.cli.coverage import Sender, opened, sheet_bytes
from agents.cli.options import Language
from agents.cli.sheets import XLSX, add_import, require_extra

if TYPE_CHECKING:
    from agents.cli.identity import Login

_HELP: Final = """Check a list of members row by row, and register those that are ready.

Without --confirm nothing is sent. A row with a fault stops no other one. The same or a corrected sheet again
doubles nothing, and an interrupted import goes on when it is run again. Exit code 1 where a row needs something.

\b
Examples:
  santunan members import --template anggota.xlsx
  santunan members import anggota.xlsx --as cooperative:maju
  santunan members import anggota.xlsx --as cooperative:maju --faults-to perbaikan.xlsx
  santunan members import anggota.xlsx --as cooperative:maju --confirm
"""


def add_to(cli: typer.Typer) -> None:
    commands = add_import(cli, "members", "Members by the sheet: check, correct, register, export.", _HELP)
    commands.command("export")(export)


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sheet to write: .xlsx or .csv.")],
    cooperative: Annotated[
        str | None,
        typer.Option("--cooperative", metavar="NAME", help="One cooperative or employer, as the picture names it."),
    ] = None,
    sender: Sender = None,
    lang: Language = "id",
) -> None:
    """Write the members who are registered, in the columns that `members import` reads.

    By membership number, with whole NIKs; each time is put on record. A cooperative or an employer gets its own
    members alone. A row that an import must leave out says so under Keputusan, and why.

    \b
    Examples:
      santunan members export anggota.xlsx --as cooperative:maju
      santunan members export anggota.csv --cooperative "Koperasi Maju" --lang en
    """
    require_extra()
    from agents.cli.identity import read_login
    from agents.settings import read_settings
    from pipeline.explain.coverage import coverage_text
    from pipeline.explain.sheets import sheet_text
    from pipeline.private_files import write_private

    kind = file.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise typer.BadParameter(f"{file} must end with .csv or .xlsx")
    login = read_login(read_settings())
    if login is not None and login.url is not None:
        write_private(file, _from_gateway(login, kind, cooperative, lang))
        print(coverage_text(lang, "written", file=str(file)))
        return
    from pipeline.operations.member_export import export_members

    with opened(sender) as (front, principal):
        found = export_members(front, principal, cooperative=cooperative, language=lang)
        write_private(file, sheet_bytes(file, list(found.titles), found.rows))
    print(sheet_text(lang, "report", "exported", count=found.count, file=str(file)))


def _from_gateway(login: "Login", kind: str, cooperative: str | None, lang: Any) -> bytes:
    """Raises GatewayRefused, Transient."""
    from urllib.parse import urlencode

    from agents.clients.gateway import GatewayClient

    assert login.url is not None
    path = "/v1/exports/members" + (f"?{urlencode({'cooperative': cooperative})}" if cooperative is not None else "")
    accept = XLSX if kind == ".xlsx" else "text/csv"
    return GatewayClient(login.url, login.credential).get(path, Accept=accept, Accept_Language=lang).body
