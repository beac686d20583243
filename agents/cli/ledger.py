"""`santunan ledger`: is the stored history the one that was signed, and with which key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json

if TYPE_CHECKING:
    from pipeline.audit.ledger_findings import Verified

group = typer.Typer(
    help="The ledger: a history that proves itself.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def add_to(cli: typer.Typer) -> None:
    cli.add_typer(group, name="ledger")


@group.callback()
def state(context: typer.Context) -> None:
    """The ledger: a history that proves itself.

    Each event, output and audit record is an entry of a Merkle tree, and a signed checkpoint over all trees is made
    once a minute. Alone, it prints how far the ledger goes and how far it is signed.

    \b
    Examples:
      santunan ledger
      santunan ledger verify
      santunan ledger verify --against /mnt/witness
    """
    if context.invoked_subcommand is not None:
        return
    from agents.cli.store import opened_store
    from pipeline.queries.receipts import ledger_state
    from schemas.clock import JAKARTA

    with opened_store() as store:
        found = ledger_state(store)
    for tree, (leaves, signed) in found.trees.items():
        print(f"{tree:<8} {leaves:>12,} entries, {signed:,} of them signed")
    if found.note is None or found.signed_at is None:
        print("No checkpoint yet: a running worker signs one within a minute.")
        return
    print(f"{found.checkpoints:,} checkpoints, the newest of {found.signed_at.astimezone(JAKARTA):%Y-%m-%d %H:%M}:")
    print(found.note, end="")


@group.command("verify")
def verify(
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Checkpoints kept elsewhere: a file or a folder.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Public keys; else those beside the private one.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare the whole store with what was signed.

    Names the first place and the kind of each change. Reads only, also while workers run. Exit code 1 if something
    was changed.

    \b
    Examples:
      santunan ledger verify
      santunan ledger verify --against /mnt/witness --key ledger.pub
    """
    from agents.cli.store import opened_store
    from agents.settings import read_settings
    from agents.terminal import print_json, progress
    from pipeline.audit.ledger_check import verify as look
    from pipeline.errors import EXIT_REFUSED
    from pipeline.ledger.notes import split_notes
    from pipeline.queries.receipts import ledger_state
    from pipeline.store.ledger_key import witnesses

    keys = known_keys(key)
    notes: list[str] = []
    if against is not None:
        for file in sorted(against.glob("checkpoint-*")) if against.is_dir() else [against]:
            notes += split_notes(file.read_text(encoding="utf-8"))
        if not notes:
            raise typer.BadParameter(
                f"{against} holds no checkpoint; name a file, or the folder of SANTUNAN_WITNESS_DIR"
            )
    with opened_store() as store:
        total = sum(size for size, _ in ledger_state(store).trees.values())
        with progress("verifying", total) as bar:
            found = look(
                store,
                keys=keys,
                against=notes,
                witnesses=witnesses(read_settings().ledger_key),
                on_progress=bar.advance,
            )
    if json:
        print_json([found])
    else:
        _show(found, is_against=against is not None)
    if found.findings:
        raise typer.Exit(EXIT_REFUSED)


def _show(found: "Verified", *, is_against: bool) -> None:
    from schemas.clock import JAKARTA

    for one in found.findings:
        print(f"CHANGED  {one}")
    print(
        f"{found.leaves:,} entries and {found.checkpoints:,} checkpoint{'s' * (found.checkpoints != 1)} looked at, "
        f"{found.against:,} kept elsewhere: {len(found.findings) or 'no'} changes."
    )
    for seen in found.cosigned:
        newest = f"the newest of {seen.newest:,} heads, {seen.at.astimezone(JAKARTA):%Y-%m-%d %H:%M}"
        print(f"{seen.name} has co-signed {seen.checkpoints:,} of the checkpoints, {newest}.")
    if not found.is_signature_known:
        print("No public key is here, so no signature was looked at: name one with --key.")
    if not is_against:
        print("Without --against an older file that was put back cannot be told from the newest.")
    if found.signed_at is None:
        print("Nothing is signed yet, so whatever is stored could have been altered unseen.")
    elif found.unsigned:
        clock = found.signed_at.astimezone(JAKARTA)
        print(f"{found.unsigned:,} entries since {clock:%Y-%m-%d %H:%M} are in no signed head yet.")
    print(found.unproved)


def known_keys(file: Path | None) -> list[str]:
    """Public keys of a file; without one, those beside the private key, if there are any."""
    from agents.settings import read_settings
    from pipeline.ledger.verifier import read_key
    from pipeline.store.ledger_key import public_keys

    if file is None:
        try:
            return public_keys(read_settings().ledger_key)
        except FileNotFoundError:
            return []
    keys = [line for line in file.read_text(encoding="utf-8").splitlines() if line]
    try:
        for one in keys:
            read_key(one)
    except ValueError:
        keys = []
    if not keys:
        raise typer.BadParameter(f"{file} holds no public key; `santunan ledger key` prints it")
    return keys


@group.command("verify-report")
def verify_report(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A report of a replay.")],
    key: Annotated[Path, typer.Option("--key", metavar="PUB", help="File with the public key, or keys.")],
) -> None:
    """Check the report of a replay against FILE.note, and print what was signed. Exit code 1 if it proves nothing.

    \b
    Example:
      santunan ledger verify-report replay.json --key ledger.pub
    """
    from pipeline.audit.replay_report import verified
    from pipeline.errors import EXIT_REFUSED

    note = file.with_name(f"{file.name}.note")
    try:
        text = verified(file.read_bytes(), note.read_text(encoding="utf-8"), known_keys(key))
    except FileNotFoundError:
        raise typer.BadParameter(f"{note} is missing: `santunan replay --report` writes it beside the report") from None
    except ValueError as error:
        print(f"NOT PROVED: {error}")
        raise typer.Exit(EXIT_REFUSED) from None
    print("PROVED: these keys signed what follows")
    print(text, end="")


@group.command("sign")
def sign() -> None:
    """Sign what was added, now. A running worker does so once a minute."""
    import datetime as dt

    from agents.settings import read_settings
    from agents.stores import open_store
    from pipeline.store.ledger_keeper import LedgerKeeper
    from pipeline.store.ledger_key import read_or_make_keys

    settings = read_settings()
    store = open_store(settings)
    try:
        keeper = LedgerKeeper(store, read_or_make_keys(settings.ledger_key), settings.witness_dir)
        signed = keeper.keep(dt.datetime.now(dt.UTC))
    finally:
        store.close()
    print("Nothing was added." if signed is None else f"{signed.leaves:,} entries are signed.")


@group.command("key")
def key() -> None:
    """Print the public keys, the newest first. Keep them where the store's owner cannot change them."""
    from agents.settings import read_settings
    from pipeline.errors import NotReady
    from pipeline.store.ledger_key import public_keys

    try:
        print("\n".join(public_keys(read_settings().ledger_key)))
    except FileNotFoundError:
        raise NotReady("there is no key yet: a worker makes it when it first starts") from None


@group.command("rotate")
def rotate() -> None:
    """Make a new key. The one before goes on signing beside it until the next rotation.

    Running workers take it within a minute. Give out the new public key: `santunan ledger key`.
    """
    from agents.settings import read_settings
    from pipeline.errors import NotReady
    from pipeline.store.ledger_key import rotate as renew

    try:
        print(renew(read_settings().ledger_key).public())
    except FileNotFoundError:
        raise NotReady("there is no key yet: a worker makes it when it first starts") from None


@group.command("publish")
def publish(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the checkpoints go; none is written over.")],
) -> None:
    """Write every checkpoint to a folder that is kept elsewhere."""
    from agents.cli.store import opened_store
    from pipeline.ledger.notes import claimed
    from pipeline.queries.receipts import checkpoints
    from pipeline.store.ledger_keeper import publish as put

    with opened_store() as store:
        notes = checkpoints(store)
    for note in notes:
        put(folder, claimed(note), note)
    print(f"{len(notes):,} checkpoints are in {folder}.")


@group.command("export")
def export(
    tree: Annotated[str, typer.Argument(metavar="TREE", help="heads, audit, before, or the number of a partition.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
) -> None:
    """Write one tree as the files of C2SP tlog-tiles, for tools that know nothing of this program.

    FOLDER has `checkpoint`, signed by this ledger's key in the name of the tree, tiles and entries afterwards, and
    `key.pub`. No personal data is in it. The private key must be here, but for the tree `heads`.

    \b
    Example:
      santunan ledger export 0 tree-0
    """
    from agents.cli.store import opened_store
    from agents.settings import read_settings
    from pipeline.errors import NotReady
    from pipeline.ledger.notes import signed_checkpoint
    from pipeline.queries.ledger_export import exported, signed_head
    from pipeline.store.ledger_key import read_keys

    try:
        key = read_keys(read_settings().ledger_key)[0].of_tree(tree)
    except FileNotFoundError:
        raise NotReady("the private key of the ledger is not here: export where a worker signs") from None
    count = 0
    with opened_store() as store:
        size, root, note = signed_head(store, tree)
        for path, content in exported(store, tree, size):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            count += 1
    (folder / "key.pub").write_text(f"{key.public()}\n", encoding="utf-8")
    (folder / "checkpoint").write_text(note or signed_checkpoint(size, root, [key]), encoding="utf-8")
    print(f"{size:,} entries of the tree {tree} are in {folder}, in {count:,} files.")


@group.command("cosign")
def cosign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint with a witness's signature, or its line.")],
    witness: Annotated[Path, typer.Option("--witness", metavar="PUB", help="The public key of the witness.")],
) -> None:
    """Keep the signature of a witness beside its checkpoint.

    It is checked first (C2SP tlog-cosignature). From then on `santunan ledger verify` says what this witness has
    co-signed, and finds a signature that is wrong.

    \b
    Example:
      santunan ledger cosign checkpoint-000000000024-a1b2c3d4 --witness witness.pub
    """
    from agents.settings import read_settings
    from agents.stores import open_store
    from pipeline.errors import EXIT_REFUSED
    from pipeline.ledger.notes import Witness
    from pipeline.store.ledger_keeper import add_cosignatures
    from pipeline.store.ledger_key import add_witness, public_keys

    settings = read_settings()
    text = witness.read_text(encoding="utf-8")
    try:
        known = Witness.read(text)
    except ValueError as error:
        raise typer.BadParameter(f"{witness}: {error}") from None
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(f"\u2014 {known.name} ")]
    store = open_store(settings)
    try:
        kept = add_cosignatures(store, lines, known, public_keys(settings.ledger_key))
    except ValueError as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    finally:
        store.close()
    add_witness(settings.ledger_key, text)
    print(f"{known.name} has co-signed the checkpoint of {', '.join(f'{size:,}' for size in kept)} heads.")
