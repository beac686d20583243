"""Keys from the files that the settings name: of attestations, of secrets that the database holds sealed, of NIKs."""

from pathlib import Path
from typing import Final

from agents.settings import Settings
from pipeline.errors import NotReady
from pipeline.messages.attestation import Attester, Attests, Header
from pipeline.nik_key import SETTING, NikKey
from pipeline.sealing import Sealer

LEAST_LETTERS: Final = 32  # of a line of the file: 128 bits in hexadecimal


def attester_of(settings: Settings) -> Attester | None:
    """None: no key is set, so nothing is attested. Raises NotReady where the file holds none."""
    keys = _keys(settings.attestation_key_file, "SANTUNAN_ATTESTATION_KEY_FILE")
    return Attester(keys) if keys else None


def sealer_of(settings: Settings) -> Sealer | None:
    """None: no key is set, so secrets are stored as they are. Raises NotReady where the file holds none."""
    keys = _keys(settings.secrets_key_file, "SANTUNAN_SECRETS_KEY_FILE")
    return Sealer(keys) if keys else None


def nik_key_of(settings: Settings) -> NikKey | None:
    """None: no key is set, so columns of the store hold NIKs as they are. Raises NotReady where the file holds none."""
    return read_nik_key(settings.nik_key_file, SETTING)


def read_nik_key(path: Path | None, name: str) -> NikKey | None:
    """`name`: of what names the file. Raises NotReady unless it holds one key."""
    keys = _keys(path, name)
    if len(keys) > 1:
        raise NotReady(f"{name} {path} holds {len(keys)} keys, and a store is written with one: leave one line in it")
    return NikKey(keys[0]) if keys else None


def _keys(path: Path | None, name: str) -> list[bytes]:
    """Empty: none is set. Raises NotReady."""
    if path is None:
        return []
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise NotReady(f"{name} {path} cannot be read: `openssl rand -hex 32` makes one") from None
    keys = [line.encode() for line in lines if line]
    if not keys or min(map(len, keys)) < LEAST_LETTERS:
        raise NotReady(
            f"{name} {path} holds no key, or one of less than {LEAST_LETTERS} letters: write one a line, made with "
            "`openssl rand -hex 32`; the first is used, all are believed"
        )
    return keys


def headers_of(
    attester: Attester | None, topic: str, key: bytes | None, value: bytes, headers: tuple[Header, ...]
) -> tuple[Header, ...]:
    """`headers` of a record that is handed in, and its attestation where there is a key."""
    return headers if attester is None else (*headers, attester.header(topic, key, value, headers))


def attests_of(settings: Settings) -> Attests | None:
    """What a worker asks of each record; None: it asks nothing. Raises NotReady."""
    attester = attester_of(settings)
    if attester is None:
        return None
    return lambda record, topic, partition: attester.is_attested(record, topic)
