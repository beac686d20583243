"""`santunan contributions import`: a list of who paid what for which month, reconciled and handed in."""

from typing import Final

import typer

from agents.cli.sheets import add_import

_HELP: Final = """Reconcile a list of payments with what was owed, and hand in the months that were paid in full.

Each row is matched, paid too much, too little, or of nobody who is known. Without --confirm nothing is sent; the
same sheet again doubles nothing. Exit code 1 where a row needs something.

\b
Examples:
  santunan contributions import --template iuran.xlsx
  santunan contributions import iuran.csv --as cooperative:maju
  santunan contributions import iuran.csv --as cooperative:maju --confirm
"""


def add_to(cli: typer.Typer) -> None:
    add_import(cli, "contributions", "Contributions from a sheet: reconcile, correct, hand in.", _HELP)
