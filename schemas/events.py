"""Every event type the worker reads, in one table, and the one parser for all of them."""

import json
import re
from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter, ValidationError

from schemas import topics
from schemas.claims import OPENING_EVENTS, AccidentClaimed, ClaimAppealed, DeathClaimed, EvidenceAdded
from schemas.days import DayPassed
from schemas.decisions import FieldError
from schemas.membership import ContributionPaid, MemberRegistered, MembershipEnded, ProgramsChanged, WageReported
from schemas.payouts import PayoutFailed, PayoutSettled
from schemas.reviews import ClaimReviewed
from schemas.values import MAX_EVENT_BYTES, SHAPES

MemberEvent = MemberRegistered | ProgramsChanged | WageReported | ContributionPaid | MembershipEnded
ClaimEvent = AccidentClaimed | DeathClaimed | EvidenceAdded | ClaimAppealed
IntakeEvent = MemberEvent | ClaimEvent | ClaimReviewed | PayoutSettled | PayoutFailed | DayPassed

_CLOCK = frozenset({DayPassed})
TOPIC_EVENTS: Final[dict[str, frozenset[type]]] = {
    topics.MEMBERS: frozenset(get_args(MemberEvent)) | _CLOCK,
    topics.ACCIDENTS: frozenset({AccidentClaimed, EvidenceAdded, ClaimAppealed}),
    topics.DEATHS: frozenset({DeathClaimed, EvidenceAdded, ClaimAppealed}),
    topics.REVIEWS: frozenset({ClaimReviewed}),
    topics.SETTLEMENTS: frozenset({PayoutSettled, PayoutFailed}),
    topics.HISTORY: frozenset(get_args(IntakeEvent)),
}

# Who may write which events; `schemas.claims.SECTION_WRITERS` says it of a claim's sections.
_MEMBER_WRITERS = frozenset({"office", "employer", "cooperative"})
_CLAIM_WRITERS = frozenset({"office", "clinic", "hospital", "employer", "cooperative", "desk"})
EVENT_WRITERS: Final[dict[type, frozenset[str]]] = {
    **dict.fromkeys(get_args(MemberEvent), _MEMBER_WRITERS),
    **dict.fromkeys(get_args(ClaimEvent), _CLAIM_WRITERS),
    ContributionPaid: _MEMBER_WRITERS | {"payments"},  # the bank that collects them
    ClaimReviewed: frozenset({"officer"}),
    PayoutSettled: frozenset({"payments"}),
    PayoutFailed: frozenset({"payments"}),
    DayPassed: frozenset({"system"}),
}

_FIELD_NAME = re.compile(r"[a-z][a-z_]{0,39}")  # as our own fields are named: no digits, so no NIK

_FIXES: Final = {
    "missing": "is missing; add it",
    "extra_forbidden": "unknown field; remove it, or correct its name",
    "unexpected_keyword_argument": "unknown field; remove it, or correct its name",
    "int_type": "write a whole number, without quotes, decimal point or exponent",
    "bool_type": "write true or false, without quotes",
    "string_type": "write a text in quotes",
    "tuple_type": "write a list in square brackets",
    "model_type": "write an object in braces",
    "dict_type": "write one document, in braces; of a list, write each on a line of its own",
    "dataclass_type": "write an object in braces",
    "model_attributes_type": "write an object in braces",
    "timezone_aware": "give the offset from UTC too, for example +07:00",
}

_PARSER: TypeAdapter[IntakeEvent] = TypeAdapter(Annotated[IntakeEvent, Field(discriminator="type")])
_VALIDATE: Final = _PARSER.validator.validate_json  # without the adapter's dozen options in between


class Refused(ValueError):
    """These bytes are no event this version can read.

    `reason` is a code: TOO_LARGE, NOT_JSON, UNKNOWN_TYPE, INVALID, DUPLICATE_KEY. `errors` name field and fix.
    """

    def __init__(self, reason: str, errors: tuple[FieldError, ...]) -> None:
        super().__init__(f"{reason}: " + "; ".join(f"{e.field}: {e.message}" for e in errors))
        self.reason = reason
        self.errors = errors


def parse(raw: bytes) -> IntakeEvent:
    """One event from one CloudEvents document. Raises Refused; the error never holds a value of the document."""
    if len(raw) > MAX_EVENT_BYTES:
        message = f"the event has more than {MAX_EVENT_BYTES:,} bytes, which is the most that is read"
        raise Refused("TOO_LARGE", (FieldError("event", message),))
    try:
        event: IntakeEvent = _VALIDATE(raw)
        return event
    except ValidationError as error:
        raise _refusal(error) from None


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = sorted({key for key, _ in pairs if key in seen or seen.add(key)})  # type: ignore[func-returns-value]
        names = ", ".join(name_of(key) for key in twice)
        raise Refused("DUPLICATE_KEY", (FieldError(names, "the key stands twice in one object; keep one of them"),))
    return found


_ONCE: Final = json.JSONDecoder(object_pairs_hook=_pairs_once)


def refuse_duplicate_keys(raw: bytes) -> None:
    """The same key twice is refused where an event is taken in, since a reader may take either. Raises Refused."""
    try:
        _ONCE.decode(raw.decode())
    except Refused:
        raise
    except (ValueError, RecursionError):
        return  # not JSON, or nested beyond reading: `parse` has said so in its own words


def _refusal(error: ValidationError) -> Refused:
    found = error.errors(include_input=False, include_url=False)
    kind = found[0]["type"]
    if kind == "json_invalid":
        said = found[0]["msg"].replace(" at line 1 column", " at column")  # which line of a file, its reader says
        if "EOF" in said:
            said = "ends before it is complete; write it on one line, or alone in a file whose name ends in .json"
        return Refused("NOT_JSON", (FieldError("event", said),))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        known = "see `santunan schemas` for the types this version reads"
        return Refused("UNKNOWN_TYPE", (FieldError("type", f"missing or unknown; {known}"),))
    errors = tuple(FieldError(_path(one["loc"]), message_of(one)) for one in found[:20])
    return Refused("INVALID", errors)


def message_of(error: Any) -> str:
    """What is wrong and what to write instead; pydantic's own words where they already say it."""
    pattern = error.get("ctx", {}).get("pattern")
    said: str | None = SHAPES.get(pattern) if pattern else _FIXES.get(error["type"])
    text: str = error["msg"]
    return said or text.removeprefix("Value error, ")


def _path(location: tuple[int | str, ...]) -> str:
    """`("santunan.claim.accident.v1", "data", "costs", "treatment")` -> `data.costs.treatment`.

    The name of an unknown field came from outside and may hold anything, a NIK too: such names are not repeated.
    """
    return ".".join(name_of(part) for part in location[1:]) or "event"


def name_of(part: int | str) -> str:
    """A part of a path, where it is one of our names or could be; the name of an unknown field may hold anything."""
    return str(part) if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "(unreadable name)"


def partition_key(event: IntakeEvent) -> str | None:
    """What keeps everything about one member in one partition: the membership number, else the claim id.

    None: the event goes to every partition (the daily clock).
    """
    if type(event) is DayPassed:  # fast: see docs/performance.md
        return None
    fields: dict[str, Any] = vars(event.data)
    number = fields["member"].member_number if type(event) in OPENING_EVENTS else fields.get("member_number")
    key: str = number or fields["claim_id"]
    return key
