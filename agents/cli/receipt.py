"""`santunan receipt`: the proof of one event, to be checked by anybody."""

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.options import Json, Language

group = typer.Typer(help="Receipts: the proof of one event.", no_args_is_help=True, rich_markup_mode=None)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(group, name="receipt")


@group.command("export")
def export(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="SHA-256 of the event as it was sent, in hex.")],
) -> None:
    """Print the receipt of an event that was applied or refused. It holds no personal data.

    \b
    Example:
      santunan receipt export "$(sha256sum < event.json | cut -c -64)" > receipt.json
    """
    from agents.cli.store import opened_store
    from agents.terminal import print_json
    from pipeline.queries.receipts import receipt_of

    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        wanted = b""
    if len(wanted) != 32:
        raise typer.BadParameter("a SHA-256 has 64 letters from 0 to f: `sha256sum < FILE` prints it")
    with opened_store() as store:
        print_json([receipt_of(store, wanted)])


@group.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt.")],
    key: Annotated[Path, typer.Option("--key", metavar="PUB", help="File with the public key, or keys.")],
    event: Annotated[
        Path | None, typer.Option("--event", metavar="FILE", help="The event, byte for byte as it was sent.")
    ] = None,
) -> None:
    """Check a receipt, without store and network. Exit code 1 if it proves nothing.

    The code is one file that runs without this program: pipeline/ledger/verifier.py.

    \b
    Example:
      santunan receipt verify receipt.json --key ledger.pub --event event.json
    """
    from pipeline.ledger.verifier import main

    given = [str(file), "--key", str(key), *(["--event", str(event)] if event is not None else [])]
    raise typer.Exit(main(given))


@group.command("find")
def find(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The text of the QR code on a letter.")],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Public keys; else those beside the private one.")
    ] = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Check the code of a printed letter: which decision it names, and whether that is stored as it was made.

    Compare what it prints with the letter. Exit code 1 if the code names nothing of this ledger.

    \b
    Example:
      santunan receipt find SANTUNAN:1:0:17:6C9E...:24:A1B2...
    """
    from agents.cli.ledger import known_keys
    from agents.cli.store import opened_store
    from agents.terminal import print_json
    from pipeline.errors import NotReady
    from pipeline.explain import outcome_name, rupiah
    from pipeline.explain.figures import moment
    from pipeline.explain.texts import text
    from pipeline.ledger.receipts import Code
    from pipeline.ledger.verifier import opened
    from pipeline.queries.letter_codes import decision_of_code
    from schemas.clock import JAKARTA

    try:
        wanted = Code.read(code)
    except ValueError:
        raise typer.BadParameter(
            "this is no code of a letter; it begins with SANTUNAN:1, and all of it is needed"
        ) from None
    with opened_store() as store:
        found = decision_of_code(store, wanted)
    keys = known_keys(key)
    try:
        signer = opened(found.note, keys).origin if keys else None
    except ValueError as error:
        raise NotReady(f"{error}: name the public key of this ledger with --key") from None
    if json:
        print_json([found])
        return
    one = found.decision
    times = {"decided": one.decided_at, "signed": found.signed_at}
    written = {name: moment(at.astimezone(JAKARTA).isoformat(timespec="minutes"), lang) for name, at in times.items()}
    print(f"{one.decision_id}: {outcome_name(one.outcome, lang)}, {rupiah(one.total, lang)}")
    print(text(lang, "frame", "receipt", "times").format_map(written))
    print(text(lang, "frame", "receipt", "in_force" if found.is_in_force else "replaced"))
    print(text(lang, "frame", "receipt", "signer" if signer else "no_key").format(signer=signer))
