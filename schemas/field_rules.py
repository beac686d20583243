"""Rules across the fields of an object, and shapes inside a field, as JSON Schema: what validators enforce.

Each is written beside the validator that enforces it, by `with_rules` or a field's `json_schema_extra`. What JSON
Schema cannot say is listed in `UNSAYABLE`. Never imports anything of this project.
"""

from typing import Any, Final

from pydantic import ConfigDict

Rule = dict[str, Any]


def any_given(*fields: str) -> Rule:
    """At least one of these fields is there, and not null."""
    return {"anyOf": [given(field) for field in fields]}


def given(field: str) -> Rule:
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}


def needs(field: str, value: str, then: Rule) -> Rule:
    """Where `field` has this value, `then` holds too."""
    return {"if": {"required": [field], "properties": {field: {"const": value}}}, "then": then}


def filled(field: str) -> Rule:
    """The list is there, and not empty."""
    return {"required": [field], "properties": {field: {"minItems": 1}}}


def with_rules(config: ConfigDict, *rules: Rule) -> ConfigDict:
    """`config` of a model or dataclass whose validator enforces these rules."""
    return ConfigDict(**{**config, "json_schema_extra": {"allOf": list(rules)}})


MEMBER_NAMED: Final = any_given("member_number", "nik")
DISEASE_DIAGNOSED: Final = needs("kind", "occupational_disease", given("diagnosed_on"))
SOMETHING_DETERMINED: Final = any_given("work_related", "disability_percent", "liable")
CHANGES_NAMED: Final = needs("verdict", "change", filled("changes"))
PAPERS_NAMED: Final = needs("verdict", "request_documents", filled("documents"))

YEARS: Final = "^(19[0-9]{2}|20[0-9]{2}|2100)-"  # FIRST_YEAR to LAST_YEAR of `schemas.values`
# Control characters but line feed and tab, and those of Unicode that cannot be seen or turn the direction of a text.
VISIBLE: Final = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
NO_NIK: Final = "^(?!.*[0-9]{16})"  # not 16 digits in a row anywhere; the beginning of a pattern
PRINTABLE: Final = "^[ -~]*$"
ATTRIBUTE_NAMES: Final[dict[str, Any]] = {"pattern": "^[a-z0-9]{1,20}$"}
ATTRIBUTE_VALUES: Final[dict[str, Any]] = {
    "anyOf": [{"type": "string", "maxLength": 1024, "pattern": PRINTABLE}, {"type": "integer"}, {"type": "boolean"}]
}

# Enforced since the first schema was published: to say so refuses nothing that was ever accepted.
ALWAYS_ENFORCED: Final[tuple[Any, ...]] = (
    MEMBER_NAMED,
    DISEASE_DIAGNOSED,
    SOMETHING_DETERMINED,
    CHANGES_NAMED,
    PAPERS_NAMED,
    YEARS,
    VISIBLE,
    ATTRIBUTE_NAMES,
    ATTRIBUTE_VALUES,
)

# What the parser refuses and no JSON Schema can say: a name, and how the parser's message begins. What depends on
# sender, topic or hour is no matter of a schema; `pipeline.messages.intake` refuses it.
UNSAYABLE: Final[dict[str, str]] = {
    "a period ends before it begins": "`until` lies before `since`",
    "a day that the calendar does not have at this hour, as 23:59:60": "Input should be a valid datetime",
    "more than 16 attributes of one's own": "at most 16 extension attributes",
    "a whole number of more than 1,024 digits in an attribute": "an extension attribute is a text, a whole number",
    "a whole number written with a decimal point": "write a whole number",
    "a character that Unicode has not assigned, or keeps for private use": "the character U+",
    "more than four marks on one letter": "a letter has more than",
    "a claim id with the NIK of its own event": "holds 16 digits in a row",
    "one key twice in an object": "the key stands twice",
    "more than 64 KiB": "the event has more than",
}
