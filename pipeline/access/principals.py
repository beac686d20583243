"""Principals: somebody who may act, and the person behind it. Pure.

A principal is the `source` of every event it sends. Officers, offices, auditors and operators are persons: one person
may have several principals, and rules of two hands compare persons.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from pipeline.errors import EXIT_REFUSED, SantunanError
from schemas.values import SOURCE_KINDS, source_kind, source_who

KINDS: Final = (*(kind for kind in SOURCE_KINDS if kind != "system"), "auditor", "operator")
PERSONS: Final = frozenset({"office", "officer", "auditor", "operator"})  # kinds that are always somebody's
_APART: Final = frozenset({"office", "payments", "auditor", "operator"})  # what an officer never is besides
_NAME: Final = re.compile(rf"urn:santunan:(?:{'|'.join(KINDS)}):[a-z0-9][a-z0-9._-]{{0,63}}")
_PERSON: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
Fault = Literal["KIND", "WHO", "PERSON", "NIK", "APART", "TAKEN"]
_LONG_NUMBER: Final = re.compile(r"[0-9]{16}")


class BadPrincipal(SantunanError):
    """No principal can be made of this; the message says what to write instead. `fault` is its code."""

    exit_code = EXIT_REFUSED

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault: Final = fault


@dataclass(frozen=True, slots=True)
class Principal:
    """`name`: urn:santunan:KIND:WHO. `person`: who acts; None: a program of the institution itself.

    `code_at`: when its session last showed a second factor; None: never, and of every API key.
    """

    name: str
    person: str | None = None
    code_at: dt.datetime | None = field(default=None, compare=False)

    @property
    def kind(self) -> str:
        return source_kind(self.name)

    @property
    def who(self) -> str:
        return source_who(self.name)


def new_principal(kind: str, who: str, person: str | None = None) -> Principal:
    """`person` None: of a kind that is always a person, the one named `who`. Raises BadPrincipal."""
    name = f"urn:santunan:{kind}:{who}"
    if kind not in KINDS:
        raise BadPrincipal("KIND", f"{kind} is no kind of principal; write one of {', '.join(KINDS)}")
    if _NAME.fullmatch(name) is None:
        raise BadPrincipal(
            "WHO", "a name has 1 to 64 small letters, digits and . _ -, and begins with a letter or a digit"
        )
    if person is not None and _PERSON.fullmatch(person) is None:
        raise BadPrincipal("PERSON", "a person is named with 1 to 64 small letters, digits and . _ -, such as siti")
    if _LONG_NUMBER.search(f"{who} {person}"):
        raise BadPrincipal(
            "NIK", "a name with 16 digits in a row could be a NIK, and names stand in logs; choose another one"
        )
    return Principal(name, person if person is not None or kind not in PERSONS else who)


def require_compatible(principal: Principal, others: Iterable[Principal]) -> None:
    """`others`: all principals that are not disabled. Raises BadPrincipal where one person would be an officer and hold
    a role that officers are kept apart from."""
    if principal.person is None:
        return
    kinds = {one.kind for one in others if one.person == principal.person and one.name != principal.name}
    taken = (
        kinds & _APART if principal.kind == "officer" else kinds & {"officer"} if principal.kind in _APART else set()
    )
    if taken:
        raise BadPrincipal(
            "APART",
            f"{principal.person} is already {' and '.join(sorted(taken))}, and nobody is officer and "
            f"{', '.join(sorted(_APART))} at once; disable that principal first, or name another person",
        )
