"""Options that several commands share, spelled once."""

from typing import Annotated, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one document a line, for other programs.")]
Language = Annotated[Literal["id", "en"], typer.Option("--lang", help="Indonesian or English.")]
ClaimId = Annotated[str, typer.Argument(metavar="CLAIM", help="The claim's id, such as JKK-2024-0007.")]
