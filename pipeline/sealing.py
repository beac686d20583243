"""Secrets that are read again, sealed for the database: AES-256-GCM (NIST SP 800-38D) under a key that is not in it.

What was sealed for one row opens for no other. A secret of before there was a key is read as it is, until it is sealed.
Stores and logs nothing. Needs the extra `gateway`.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import Final

from pipeline.errors import NotReady

MARK: Final = b"\x00sealed\x01"  # no secret begins so: those of people are letters, those of webhooks are random
_NONCE_BYTES: Final = 12


class Sealer:
    """`keys`: the first seals, each opens, so that one can be replaced. Raises NotReady where the extra is missing."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise NotReady(
                "SANTUNAN_SECRETS_KEY_FILE needs the package's extra: pip install 'santunan[gateway]'"
            ) from None
        self._ciphers = [AESGCM(hashlib.sha256(b"santunan secrets 1\n" + key).digest()) for key in keys]

    def __repr__(self) -> str:
        return "Sealer(…)"  # a key shall not reach a log

    def seal(self, secret: bytes, row: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return MARK + nonce + self._ciphers[0].encrypt(nonce, secret, row.encode())

    def opened(self, stored: bytes, row: str) -> bytes | None:
        """None: no key of ours opens it for this row."""
        from cryptography.exceptions import InvalidTag

        nonce, sealed = stored[len(MARK) :][:_NONCE_BYTES], stored[len(MARK) + _NONCE_BYTES :]
        for cipher in self._ciphers if sealed else ():
            try:
                return cipher.decrypt(nonce, sealed, row.encode())
            except InvalidTag:
                continue
        return None

    def unseal(self, stored: bytes, row: str) -> bytes:
        """Raises NotReady where no key of ours opens it."""
        found = self.opened(stored, row)
        if found is None:
            raise NotReady(
                f"the secret of {row} was sealed with another key: add that one to SANTUNAN_SECRETS_KEY_FILE"
            )
        return found


def sealed(sealer: Sealer | None, secret: bytes, row: str) -> bytes:
    """What is stored. `row`: which row it is for. `sealer` None: as it is."""
    return secret if sealer is None else sealer.seal(secret, row)


def unsealed(sealer: Sealer | None, stored: bytes, row: str) -> bytes:
    """Raises NotReady where it is sealed and there is no key."""
    if not stored.startswith(MARK):
        return stored
    if sealer is None:
        raise NotReady(f"the secret of {row} is sealed: set SANTUNAN_SECRETS_KEY_FILE to the file with its key")
    return sealer.unseal(stored, row)
