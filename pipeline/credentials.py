"""Credentials: API keys, passwords, sessions, links and second factors, drawn and compared. Stores and logs nothing.

A key is 256 random bits, so a fast hash is enough; a password is slow to hash on purpose (argon2id).
"""

import datetime as dt
import hashlib
import hmac
import re
import secrets
from functools import cache
from typing import TYPE_CHECKING, Final

from pipeline.errors import EXIT_REFUSED, SantunanError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

KEY_PREFIX: Final = "stn_"  # so that scanners of repositories find a key that leaked
LEAST_LETTERS: Final = 12
MOST_LETTERS: Final = 256
_TOKEN: Final = re.compile(r"stn_[A-Za-z0-9_-]{43}")
_RANDOM: Final = re.compile(r"[A-Za-z0-9_-]{43}")
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
# Words that people make long with digits, signs, capital letters or one more of them: Rahasia@2026!, p4ssw0rd2026.
_STEMS: Final = (
    "admin", "bismillah", "bpjs", "changeme", "clinic", "indonesia", "jakarta", "kantor", "ketenagakerjaan", "klinik",
    "klaim", "letmein", "merdeka", "officer", "operator", "password", "petugas", "qwerty", "qwertyuiop", "rahasia",
    "sandi", "santunan", "sayang", "selamat", "welcome",
)  # fmt: skip
_SIGNS_AS_LETTERS: Final = str.maketrans("013457@$!", "oieastasi")


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
    require_strong(password, who)
    return _hasher().hash(password)


def require_strong(password: str, who: str) -> None:
    """Raises WeakPassword."""
    plain = password.casefold()
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise WeakPassword(f"a password has {LEAST_LETTERS} to {MOST_LETTERS} letters; a sentence is a good one")
    if plain in _COMMON or _is_made_of_stems(plain, who.casefold()) or len(set(plain)) < LEAST_LETTERS // 2:
        raise WeakPassword("this password is among the first that are tried; take several words that nobody joins")


def _is_made_of_stems(plain: str, who: str) -> bool:
    """Whether its letters, read plainly or with signs for letters, are known words or the person's own name."""
    known = re.compile("|".join(map(re.escape, sorted({*_STEMS, _letters(who)} - {""}, key=len, reverse=True))))
    between = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)  # a year at the end stands for no letters
    return any(not known.sub("", _letters(one)) for one in (plain, between.translate(_SIGNS_AS_LETTERS)))


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text)


def is_password(stored: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return bool(_hasher().verify(stored, password[:MOST_LETTERS]))
    except VerifyMismatchError:
        return False


def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def is_password_of_nobody(password: str) -> bool:
    """False, after as long as `is_password` takes: for a name that does not exist."""
    return is_password(_hash_of_nobody(), password) and False


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe())


# --- sessions and links


def draw_token() -> str:
    """256 random bits, for a session or a link."""
    return secrets.token_urlsafe(32)


def digest_of_token(token: str) -> bytes | None:
    """What is stored of a session or a link; None: the text has not the shape of one."""
    return hashlib.sha256(token.encode()).digest() if _RANDOM.fullmatch(token) else None


# --- second factors: codes of six digits that change every 30 seconds (TOTP, RFC 6238)


def draw_secret() -> str:
    """160 random bits in base32, as RFC 4226 section 4 recommends."""
    import pyotp

    return pyotp.random_base32()


def enrolment_uri(secret: str, who: str) -> str:
    """`otpauth://…`, what an authenticator reads, as text or as QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=who, issuer_name="Santunan")


def step_of_code(secret: str, code: str, now: dt.datetime) -> int | None:
    """The step of 30 seconds whose code this is: the present one, the one before or after; None: of none of them."""
    import pyotp

    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // totp.interval
    near = (present - 1, present, present + 1)
    return next((step for step in near if hmac.compare_digest(totp.generate_otp(step), code)), None)
