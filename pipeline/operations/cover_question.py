"""The question of cover before it is asked: what is wrong with it, all at once."""

import datetime as dt
import re
from typing import Final

from pipeline.operations.front_office import FrontOffice
from schemas.decisions import FieldError
from schemas.values import MEMBER_NUMBER_SHAPE, NIK_SHAPE

MEMBER_SHAPE: Final = f"{MEMBER_NUMBER_SHAPE}|{NIK_SHAPE}"
_MEMBER: Final = re.compile(MEMBER_SHAPE)


def cover_faults(front: FrontOffice, member: str, day: dt.date | None) -> list[FieldError]:
    """`day` None: it could not be read, and is not looked at."""
    faults = []
    if not _MEMBER.fullmatch(member):
        message = "write a membership number (KPJ: 11 digits or capital letters) or a NIK (16 digits)"
        faults.append(FieldError("member", message))
    if day is not None and not front.book.first_day <= day <= front.book.through:
        message = f"the law is known from {front.book.first_day} through {front.book.through}; give a day between"
        faults.append(FieldError("day", message))
    return faults
