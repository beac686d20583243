"""The registry for a whole list of persons at once: members by number or NIK, and who is next to a NIK. Never writes.

A list of 200 is one question each, by index.
"""

from collections.abc import Sequence

from sqlalchemy import Select, Text, and_, func, or_, select, type_coerce

from pipeline.membership.member import Member
from pipeline.store import embedded_log
from pipeline.store.nik_columns import key_of
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
    with store.reader() as connection:
        key = key_of(connection.dialect)
        beginnings = prefixes if key is None else [key.near(one) for one in prefixes]
        # A range for each, which an index answers: what is stored has digits and letters up to f, and g comes after.
        stored = type_coerce(members.c.nik, Text)
        ranges = [and_(stored >= one, stored < f"{one}g") for one in beginnings]
        found = connection.execute(select(members.c.number, members.c.nik).where(or_(*ranges)))
        return [(row.number, row.nik) for row in found if row.nik.startswith(tuple(prefixes))]


def names_of(store: Readable, numbers: Sequence[str]) -> dict[str, str]:
    """The name of each member, as the registration says that was read last; who has none is left out.

    Read from the events: the registry keeps no names, for nothing is decided by one.
    """
    found: dict[str, str] = {}
    for number, events in registrations_of(store, numbers).items():
        names = [one.data.name for one in events if one.data.name is not None]
        if names:
            found[number] = names[-1]
    return found


def registrations_of(store: Readable, numbers: Sequence[str]) -> dict[str, list[MemberRegistered]]:
    """The registrations of each member as they were written, in the order in which they were read."""
    found: dict[str, list[MemberRegistered]] = {}
    with store.reader() as connection:
        for row in connection.execute(_registrations(numbers)):
            event = parse(bytes(row.bytes))
            if isinstance(event, MemberRegistered):
                found.setdefault(event.data.member_number, []).append(event)
    return found


def _registrations(numbers: Sequence[str]) -> Select[tuple[bytes]]:
    raw = func.coalesce(ledger.c.raw, log.c.value).label("bytes")
    joined = ledger.outerjoin(log, embedded_log.is_input_of(ledger))
    wanted = (ledger.c.member_number.in_(numbers), ledger.c.claim_id.is_(None))
    return select(raw).select_from(joined).where(*wanted).order_by(ledger.c.seq)
