"""Members by number or NIK, from the store or from a file of events. Never writes.

Whether they are covered is computed by `pipeline.membership`.
"""

from collections.abc import Iterable
from typing import Final, get_args

from sqlalchemy import select

from pipeline.errors import Poison
from pipeline.membership.member import Member
from pipeline.messages.intake import read_event
from pipeline.store.readable import Readable
from pipeline.store.rows import members_of as read_members
from pipeline.store.tables import member_months, members
from schemas.events import MemberEvent, Refused

_MEMBER_EVENTS: Final = get_args(MemberEvent)


def members_of(store: Readable, *, number: str | None = None, nik: str | None = None) -> list[Member]:
    """By membership number, or every membership of a NIK."""
    wanted = members.c.number == number if number is not None else members.c.nik == nik
    with store.reader() as connection:
        heads = select(members.c.number, members.c.version, members.c.document, members.c.recent).where(wanted)
        found = connection.execute(heads.order_by(members.c.number)).all()
        months = select(member_months).where(member_months.c.number.in_([row.number for row in found]))
        rows = connection.execute(months.order_by(member_months.c.number, member_months.c.version)).all()
        return read_members(map(tuple, found), map(tuple, rows))


def members_in(documents: Iterable[bytes]) -> list[Member]:
    """The members of a file of events, each event received at its own `time`. Events that intake would refuse, and
    repetitions, are passed over.
    """
    found: dict[str, Member] = {}
    seen: set[tuple[str, str]] = set()
    for document in documents:
        try:
            event = read_event(document)
        except (Refused, Poison):
            continue
        if not isinstance(event, _MEMBER_EVENTS) or (event.source, event.id) in seen:
            continue
        seen.add((event.source, event.id))
        number = event.data.member_number
        found[number] = found.get(number, Member.new(number)).apply(event, event.time)
    return list(found.values())
