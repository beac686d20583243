"""The key of the ledger: a file of its owner alone, made on first start; beside it the public keys, one a line."""

import os
import secrets
from pathlib import Path

from pipeline.errors import NotReady
from pipeline.ledger.notes import SigningKey, Witness
from pipeline.private_files import make_folders, open_private, read_private, write_private

_SEED_BYTES = 32


def read_keys(file: Path) -> list[SigningKey]:
    """The newest first. Raises FileNotFoundError, NotReady."""
    try:
        keys = [SigningKey.read(line) for line in read_private(file).decode().splitlines() if line]
    except ValueError:
        raise NotReady(f"{file} holds no key of a ledger; put a copy of the right file in its place") from None
    if not keys:
        raise NotReady(f"{file} is empty; put a copy of the right file in its place")
    return keys


def read_or_make_keys(file: Path) -> list[SigningKey]:
    """As `read_keys`; makes a key where there is none. Two processes that do so at once end with the same one."""
    try:
        return read_keys(file)
    except FileNotFoundError:
        make_folders(file.absolute().parent)
    # The name is the origin of the log, which must be unique for ever.
    key = SigningKey(f"santunan/{secrets.token_hex(8)}/heads", secrets.token_bytes(_SEED_BYTES))
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    try:
        with os.fdopen(open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as made:
            made.write(f"{key.written()}\n".encode())
            made.flush()
            os.fsync(made.fileno())
        os.link(draft, file)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink(missing_ok=True)
    keys = read_keys(file)
    _write_public(file, keys)
    return keys


def rotate(file: Path) -> SigningKey:
    """Make a new key of the same name. The one before signs as well until the next rotation, so that who knows it alone
    sees the new one come. Raises FileNotFoundError, NotReady."""
    keys = read_keys(file)
    new = SigningKey(keys[0].name, secrets.token_bytes(_SEED_BYTES))
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    write_private(draft, f"{new.written()}\n{keys[0].written()}\n".encode())
    draft.replace(file)
    _write_public(file, [new, *keys])
    return new


def public_keys(file: Path) -> list[str]:
    """Every public key that the ledger ever had, the newest first. Raises FileNotFoundError, NotReady."""
    return [line for line in read_private(public_file(file)).decode().splitlines() if line]


def known_public_keys(file: Path) -> list[str]:
    """As `public_keys`; none where there is no such file yet. Raises NotReady."""
    return public_keys(file) if public_file(file).exists() else []


def public_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.pub")


def witnesses(file: Path) -> list[Witness]:
    """Who may co-sign, as an operator has entered them. Raises NotReady."""
    target = _witness_file(file)
    try:
        return [Witness.read(line) for line in read_private(target).decode().splitlines() if line]
    except FileNotFoundError:
        return []
    except ValueError:
        raise NotReady(f"{target} is damaged; put a copy of the right file in its place") from None


def add_witness(file: Path, key: str) -> Witness:
    """`key`: NAME+ID+KEY; one that is there is left. Raises ValueError, NotReady."""
    new, known = Witness.read(key), witnesses(file)
    if new not in known:
        target = _witness_file(file)
        before = read_private(target) if known else b""
        write_private(target, before + f"{key.strip()}\n".encode())
    return new


def _witness_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.witnesses")


def _write_public(file: Path, keys: list[SigningKey]) -> None:
    """Those of before stay: older checkpoints are theirs."""
    target = public_file(file)
    known = public_keys(file) if target.exists() else []
    lines = list(dict.fromkeys([*(key.public() for key in keys), *known]))
    write_private(target, "".join([f"{line}\n" for line in lines]).encode())
