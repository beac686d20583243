"""A NIK as the store keeps it in its columns: under a key that is not in the database.

The same NIK is always the same text, so that a column with it remains a key: AES-256-SIV (RFC 5297), whose first half
is a keyed hash of the NIK, and whose second half only the key opens again. Before it comes a keyed hash of the first
twelve digits, which name the region and the date of birth: likely doubles are found by it. Stores and logs nothing.
"""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipeline.errors import NotReady

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SETTING: Final = "SANTUNAN_NIK_KEY_FILE"
NEAR_DIGITS: Final = 12
_NIK_DIGITS: Final = 16
_NIK_BYTES: Final = 7  # that hold sixteen digits
_NEAR_LETTERS: Final = 8
_HASH_BYTES: Final = 16
_STORED_LETTERS: Final = _NEAR_LETTERS + 2 * (_HASH_BYTES + _NIK_BYTES)
_ID_LETTERS: Final = 64
_STORED_ID_LETTERS: Final = _ID_LETTERS + 2 * _HASH_BYTES
_REMEMBERED: Final = 16_384  # values in each direction: those of some batches


class NikKey:
    """`key`: at least 16 random bytes. `fingerprint`: says which key it is, and nothing about it."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # slow to import, and few stores need it

        def derived(use: bytes, size: int) -> bytes:
            return hashlib.blake2b(use, key=hashlib.sha256(key).digest(), digest_size=size).digest()

        self.fingerprint = derived(b"santunan nik fingerprint", 8).hex()
        self._near = derived(b"santunan nik near", 32)
        self._cipher = AESSIV(derived(b"santunan nik", 64))
        self._ids = AESSIV(derived(b"santunan known id", 64))
        self.stored = lru_cache(_REMEMBERED)(self._stored)
        self.read = lru_cache(_REMEMBERED)(self._read)

    def __repr__(self) -> str:
        return f"NikKey({self.fingerprint})"  # a key shall not reach a log

    def near(self, first_digits: str) -> str:
        """How the stored form begins of each NIK that begins with these twelve digits; of few others, too."""
        assert len(first_digits) == NEAR_DIGITS, "likely doubles have twelve digits in common"
        hashed = hashlib.blake2b(first_digits.encode(), key=self._near, digest_size=_NEAR_LETTERS // 2)
        return hashed.hexdigest()

    def _stored(self, value: str) -> str:
        """The stored form of a NIK. What is none (a membership number, a name of a known worker) stays as it is."""
        if not is_nik(value):
            return value
        sealed = self._cipher.encrypt(int(value).to_bytes(_NIK_BYTES, "big"), None)
        return self.near(value[:NEAR_DIGITS]) + sealed.hex()

    def _read(self, stored: str) -> str:
        """The inverse of `stored`. Raises NotReady where another key wrote it."""
        if len(stored) != _STORED_LETTERS:
            return stored
        opened = self._opened(self._cipher, stored[_NEAR_LETTERS:])
        return f"{int.from_bytes(opened, 'big'):0{_NIK_DIGITS}}"

    def stored_id(self, value: str) -> str:
        """Of a known worker: it follows from the NIK, so whoever tried all NIKs would find the one."""
        return self._ids.encrypt(bytes.fromhex(value), None).hex() if len(value) == _ID_LETTERS else value

    def read_id(self, stored: str) -> str:
        """The inverse of `stored_id`. Raises NotReady where another key wrote it."""
        return self._opened(self._ids, stored).hex() if len(stored) == _STORED_ID_LETTERS else stored

    def _opened(self, cipher: "AESSIV", stored: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return cipher.decrypt(bytes.fromhex(stored), None)
        except (InvalidTag, ValueError):
            raise WrittenWithOtherKey(
                f"a NIK in the store was written with another key: set {SETTING} to the file with that key"
            ) from None


class WrittenWithOtherKey(NotReady):
    """A column holds what this key does not open."""


def is_sealed(value: str, *, is_id: bool) -> bool:
    """Whether a key wrote it; `is_id`: it is the id of a known worker."""
    return len(value) == (_STORED_ID_LETTERS if is_id else _STORED_LETTERS)


def is_nik(value: str) -> bool:
    return len(value) == _NIK_DIGITS and value.isascii() and value.isdigit()
