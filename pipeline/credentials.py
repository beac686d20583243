"""Credentials: API keys and passwords, drawn and compared. Stores nothing, and logs nothing.

A key is 256 random bits, so a fast hash is enough; a password is slow to hash on purpose (argon2id).
"""

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Final

from pipeline.errors import EXIT_REFUSED, SantunanError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

KEY_PREFIX: Final = "stn_"  # so that scanners of repositories find a key that leaked
LEAST_LETTERS: Final = 12
MOST_LETTERS: Final = 256
_TOKEN: Final = re.compile(r"stn_[A-Za-z0-9_-]{43}")
# Of lists of stolen passwords, those with twelve letters or more and no blank; and what people here would try first.
_COMMON: Final = frozenset(
    {
        "123456789012", "1234567890123", "12345678901234", "123123123123", "1q2w3e4r5t6y", "1qaz2wsx3edc",
        "abcdefghijkl", "administrator", "administrator1", "bismillah123", "bpjsketenagakerjaan", "changeme1234",
        "iloveyou1234", "indonesia123", "indonesia1945", "jakarta12345", "ketenagakerjaan", "letmein12345",
        "passwordpassword", "password1234", "password12345", "password123456", "qwertyqwerty", "qwertyuiop12",
        "qwertyuiop123", "qwertyuiopasdf", "rahasia12345", "santunan1234", "santunansantunan", "welcome12345",
    }
)  # fmt: skip


class WeakPassword(SantunanError):
    """The password is not taken; the message says what one must be like."""

    exit_code = EXIT_REFUSED


def draw_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes | None:
    """What is stored of a key; None: the text has not the shape of one."""
    return hashlib.sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


def hash_password(password: str, who: str) -> str:
    """Raises WeakPassword. 19 MiB and two passes: 30 ms on one core, whatever the number of those who sign in."""
    plain = password.casefold()
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise WeakPassword(f"a password has {LEAST_LETTERS} to {MOST_LETTERS} letters; a sentence is a good one")
    if plain in _COMMON or plain.strip("0123456789!") in (who.casefold(), "") or len(set(plain)) < LEAST_LETTERS // 2:
        raise WeakPassword("this password is among the first that are tried; take several words that nobody joins")
    return _hasher().hash(password)


def is_password(stored: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return bool(_hasher().verify(stored, password[:MOST_LETTERS]))
    except VerifyMismatchError:
        return False


def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
