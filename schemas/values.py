"""The small values every event is made of, each with its limit and the reason for it.

Never imports anything of this project but `field_rules`. All limits of the wire are here, once.
"""

import datetime as dt
import unicodedata
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field
from pydantic.main import BaseModel  # where it is defined, which the compiler asks of what is inherited from

from schemas.field_rules import VISIBLE, YEARS

MAX_EVENT_BYTES = 64 * 1024  # a full claim with 20 children and 4,000 letters of chronology is under 16 KiB
MAX_RUPIAH = 10**12  # the largest benefit known is under 10^10; beyond 10^12 it is a slip of the keyboard
MAX_LIST = 64  # no list of the law is longer than the 46 rows of the disability table
MAX_MONTHS = 120  # one payment may settle ten years of arrears
MAX_DAYS = 36_525  # a century
FIRST_YEAR: Final = 1900  # the oldest member was born later
LAST_YEAR: Final = 2100
MAX_FUTURE_SECONDS = 300  # how far a sender's clock may run ahead of ours
# How far a time of receipt may lie ahead of the last one and of the machine's clock: more than any wrong time zone
# makes (14 hours), less than any deadline of the law. Beyond it deadlines would pass that have not.
MAX_AHEAD_SECONDS = 24 * 3600

# Cc control, Cf format (bidi overrides, zero width), Cs surrogates, Co private, Cn unassigned:
# PostgreSQL refuses NUL, and the rest lets a text look like another one on an officer's screen.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def _clean_text(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text)
    for character in text:
        if character not in "\n\t" and unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise ValueError(f"the character U+{ord(character):04X} is not allowed in text; remove it")
    return text


def _iso_text(value: Any) -> Any:
    """pydantic also reads a digit string as a Unix timestamp; on this wire a date is ISO 8601 or nothing."""
    if (isinstance(value, str) and value[4:5] == "-") or isinstance(value, dt.date):
        return value
    raise ValueError("write dates as YYYY-MM-DD and times as YYYY-MM-DDThh:mm:ss+07:00")


def _within_years(value: dt.date) -> dt.date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _printable(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("use printable ASCII characters only")
    return text


STRICT: Final = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class Strict(BaseModel):
    """Base of all that people and machines hand in: no coercion, no unknown field, no change afterwards.

    Errors never repeat the input, so that a NIK or a diagnosis cannot reach a log through them.
    """

    model_config = ConfigDict(**STRICT, frozen=True)


Rupiah = Annotated[int, Field(ge=0, le=MAX_RUPIAH, description="whole rupiah")]
Days = Annotated[int, Field(ge=0, le=MAX_DAYS)]
Percent = Annotated[int, Field(ge=0, le=100, description="whole percent")]

# What a text must look like, and how to say so to its sender.
NIK_SHAPE: Final = r"^[0-9]{16}$"
MEMBER_NUMBER_SHAPE: Final = r"^[0-9A-Z]{11}$"
PROJECT_NUMBER_SHAPE: Final = r"^[0-9A-Z][0-9A-Z./-]{0,31}$"
PERCENT_SHAPE: Final = r"^(100|[0-9]{1,2}(\.[0-9]{1,2})?)$"
EMPLOYER_NUMBER_SHAPE: Final = r"^[0-9A-Z]{8}$"
CLAIM_ID_SHAPE: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
MONTH_SHAPE: Final = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
SOURCE_KINDS: Final = (
    "office",
    "clinic",
    "hospital",
    "employer",
    "cooperative",
    "desk",
    "officer",
    "payments",
    "system",
)
SOURCE_SHAPE: Final = rf"^urn:santunan:({'|'.join(SOURCE_KINDS)}):[a-z0-9][a-z0-9._-]{{0,63}}$"
JSON_TYPE_SHAPE: Final = r'^application/json( *; *charset="?[Uu][Tt][Ff]-8"?)?$'  # JSON between systems is UTF-8
SHAPES: Final = {
    NIK_SHAPE: "a NIK has exactly 16 digits, 0 to 9",
    MEMBER_NUMBER_SHAPE: "a membership number (KPJ) has exactly 11 digits or capital letters",
    EMPLOYER_NUMBER_SHAPE: "an employer number (NPP) has exactly 8 digits or capital letters",
    PROJECT_NUMBER_SHAPE: "a project number has 1 to 32 digits, capital letters or . / -",
    PERCENT_SHAPE: 'write a percentage from 0 to 100 as text with at most two decimals, like "4.5"',
    CLAIM_ID_SHAPE: "a claim id has 1 to 64 letters, digits or . _ : - and begins with a letter or digit",
    MONTH_SHAPE: "write a month as YYYY-MM",
    JSON_TYPE_SHAPE: "write application/json, or leave it out; JSON in UTF-8 is all that is read",
    SOURCE_SHAPE: "write urn:santunan:KIND:WHO, with KIND one of " + ", ".join(SOURCE_KINDS),
}

# [0-9], never \d: full-width digits are digits to Unicode and not to the civil registry.
Nik = Annotated[str, Field(pattern=NIK_SHAPE, description="national identity number, 16 digits; personal data")]
MemberNumber = Annotated[str, Field(pattern=MEMBER_NUMBER_SHAPE, description="KPJ, the number on the membership card")]
EmployerNumber = Annotated[str, Field(pattern=EMPLOYER_NUMBER_SHAPE, description="NPP")]
ProjectNumber = Annotated[str, Field(pattern=PROJECT_NUMBER_SHAPE, description="of a construction project")]
PercentText = Annotated[str, Field(pattern=PERCENT_SHAPE, description="percent as text, at most two decimals")]
ClaimId = Annotated[str, Field(pattern=CLAIM_ID_SHAPE)]
EventId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_printable)]
Month = Annotated[str, Field(pattern=MONTH_SHAPE, description="YYYY-MM")]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]

Source = Annotated[
    str,
    Field(
        pattern=SOURCE_SHAPE,
        description="urn:santunan:<kind>:<who>, for example urn:santunan:clinic:plkk-0012",
    ),
]

_SEEN: Final[dict[str, Any]] = {"pattern": VISIBLE}
_YEARS: Final[dict[str, Any]] = {"pattern": YEARS}
Name = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=_SEEN), AfterValidator(_clean_text)]
Text = Annotated[str, Field(min_length=1, max_length=4000, json_schema_extra=_SEEN), AfterValidator(_clean_text)]
# strict=False because `_iso_text` has seen to strictness: after a Python validator pydantic would want a date object.
_DAY: Final = Field(strict=False, json_schema_extra=_YEARS)
Date = Annotated[dt.date, _DAY, BeforeValidator(_iso_text), AfterValidator(_within_years)]
Timestamp = Annotated[AwareDatetime, _DAY, BeforeValidator(_iso_text), AfterValidator(_within_years)]


@lru_cache(maxsize=4_096)
def source_kind(source: str) -> str:
    """`urn:santunan:clinic:plkk-0012` -> `clinic`."""
    return source.split(":", 3)[2]


def source_who(source: str) -> str:
    """`urn:santunan:clinic:plkk-0012` -> `plkk-0012`: of a person, the same in every role."""
    return source.split(":", 3)[3]
