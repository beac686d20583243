"""Personal data for who asks what is kept about a person (UU PDP), and who has looked at it. Itself put on record.

Nothing that is kept is shown: only where it is, how much, since when, and until when.
"""

import re
from dataclasses import dataclass
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import NotReady, Poison
from pipeline.explain import Language
from pipeline.explain.kept import kept_rule, kept_title
from pipeline.operations.cover_question import MEMBER_SHAPE
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.words import reason_of
from pipeline.queries.mentions import Mention, is_searched, mentions_of
from pipeline.queries.personal_data import Kept, Reading, kept_about, person_of, readings_of
from pipeline.store.access_rows import AuditRecord
from schemas.decisions import FieldError

_NIK_DIGITS: Final = 16
_SHORTEST_NAME: Final = 3
_LONGEST_NAME: Final = 200  # as in events


@dataclass(frozen=True, slots=True)
class KeptRows:
    """What one table or topic keeps. `what`: in words; `until`: by which rule it goes."""

    kept: Kept
    what: str
    until: str


@dataclass(frozen=True, slots=True)
class PersonKept:
    """`memberships`: numbers; `claims`: ids. `niks`: how many, former ones too. `mentions`: where what is about others
    names the person. `readings`: the newest first, and the first of them is this one."""

    memberships: tuple[str, ...]
    claims: tuple[str, ...]
    niks: int
    tables: tuple[KeptRows, ...]
    mentions: tuple[Mention, ...]
    readings: tuple[Reading, ...]


def read_kept(
    front: FrontOffice, principal: Principal, member: str, reason: str, language: Language, name: str | None = None
) -> PersonKept:
    """`member`: membership number or NIK, of a member or not. `name`: one in no registration, such as an heir's.
    The audit record is written first, without it. Raises Denied; Poison (member, name, reason); NotReady where nothing
    is put on record."""
    grant_of(principal, "read_kept")
    if not re.fullmatch(MEMBER_SHAPE, member):
        message = "write a membership number (KPJ: 11 digits or capital letters) or a NIK (16 digits)"
        raise Poison("INVALID", FieldError("member", message))
    if name is not None and not (_SHORTEST_NAME <= len(name) <= _LONGEST_NAME):
        message = f"write the name in {_SHORTEST_NAME} to {_LONGEST_NAME} letters"
        raise Poison("INVALID", FieldError("name", message))
    if name is not None and not is_searched(name):
        message = "write a name with three letters a to z in a row: others are not searched"
        raise Poison("INVALID", FieldError("name", message))
    reason = reason_of(reason)
    if front.put_on_record is None:
        raise NotReady("nothing is put on record here, so nothing is said about a person")
    is_nik = len(member) == _NIK_DIGITS
    person = person_of(front.store, nik=member) if is_nik else person_of(front.store, number=member)
    memberships, claims = sorted(person.numbers), sorted(person.claim_ids)
    subject = member if not is_nik else next(iter((*memberships, *claims)), None)
    front.put_on_record(AuditRecord(front.now(), principal.name, "person.kept", subject, reason=reason))
    tables = tuple(
        KeptRows(one, kept_title(one.where, language), kept_rule(one.where, language))
        for one in kept_about(front.store, person)
    )
    is_known = bool(tables) and any(one.kept.where != "audit_records" for one in tables)
    return PersonKept(
        tuple(memberships) if is_known else (),
        tuple(claims),
        len(person.niks) if is_known else 0,
        tables,
        mentions_of(front.store, person, name),
        readings_of(front.store, person),
    )
