"""The registry for a whole list of persons at once: members by number or NIK, and who is next to a NIK. Never writes.

A list of 200 is one question each, by index.
"""

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, or_, select

from pipeline.membership.member import Member
from pipeline.store import embedded_log
from pipeline.store.readable import Readable
from pipeline.store.rows import members_of as read_members
from pipeline.store.tables import ledger, log, member_months, members
from schemas.events import parse
from schemas.membership import MemberRegistered

_HEAD = (members.c.number, members.c.version, members.c.document, members.c.recent)


def members_among(store: Readable, numbers: Sequence[str], niks: Sequence[str]) -> list[Member]:
    """Every membership with one of these numbers or NIKs."""
    heads = select(*_HEAD).where(or_(members.c.number.in_(numbers), members.c.nik.in_(niks)))
    with store.reader() as connection:
        found = connection.execute(heads.order_by(members.c.number)).all()
        months = select(member_months).where(member_months.c.number.in_([row.number for row in found]))
        rows = connection.execute(months.order_by(member_months.c.number, member_months.c.version)).all()
        return read_members(map(tuple, found), map(tuple, rows))


def neighbours_of(store: Readable, prefixes: Sequence[str]) -> list[tuple[str, str]]:
    """(number, NIK) of members whose NIK begins with one of these."""
    if not prefixes:
        return []
    # A range for each, which an index answers; a NIK has digits alone, and `:` comes after 9.
    ranges = [and_(members.c.nik >= one, members.c.nik < f"{one}:") for one in prefixes]
    with store.reader() as connection:
        found = connection.execute(select(members.c.number, members.c.nik).where(or_(*ranges)))
        return [(row.number, row.nik) for row in found]


def names_of(store: Readable, numbers: Sequence[str]) -> dict[str, str]:
    """The name of each member, as the registration says that was read last; who has none is left out.

    Read from the events: the registry keeps no names, for nothing is decided by one.
    """
    found: dict[str, str] = {}
    with store.reader() as connection:
        for row in connection.execute(_registrations(numbers)):
            event = parse(bytes(row.bytes))
            if isinstance(event, MemberRegistered) and event.data.name is not None:
                found[event.data.member_number] = event.data.name
    return found


def _registrations(numbers: Sequence[str]) -> Select[tuple[bytes]]:
    raw = func.coalesce(ledger.c.raw, log.c.value).label("bytes")
    joined = ledger.outerjoin(log, embedded_log.is_input_of(ledger))
    wanted = (ledger.c.member_number.in_(numbers), ledger.c.claim_id.is_(None))
    return select(raw).select_from(joined).where(*wanted).order_by(ledger.c.seq)
