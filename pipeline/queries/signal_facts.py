"""Facts for signals: claims that were received within a time, with who sent what, their members, and rulings.

Reads the events once, page by page; never writes.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, func, select

from pipeline.law.book import Book
from pipeline.membership.coverage import standing, wage_jump_on
from pipeline.membership.facts import Enrolment
from pipeline.membership.member import Member
from pipeline.queries.history import PAGE
from pipeline.signals.facts import ClaimFacts, Material, RulingFacts
from pipeline.store import embedded_log as embedded
from pipeline.store.readable import Readable
from pipeline.store.rows import members_of as read_members
from pipeline.store.tables import cases, ledger, log, member_months, members
from schemas.clock import microseconds
from schemas.values import source_kind

_CLINICS: Final = ("clinic", "hospital")
_REVIEWED: Final = "santunan.claim.reviewed.v1"
_OF_CLAIMS: Final = ("santunan.claim.accident.v1", "santunan.claim.death.v1", "santunan.claim.evidence.v1")


class _Sent(NamedTuple):
    """What events of one claim say. `certificate`: (who certified first, days)."""

    opener: str
    clinics: tuple[str, ...]
    certificate: tuple[str, int] | None
    is_death: bool


def material(store: Readable, book: Book, since: dt.datetime) -> Material:
    """Of claims and rulings that were received from `since` on."""
    with store.reader() as connection:
        sent, rulings = _events(connection, microseconds(since))
        claims = [one for rows in _cases(connection, sorted(sent)) for one in _claims(connection, rows, sent, book)]
        dead = {one.employer for one in claims if one.is_death and one.employer is not None}
        workers = _workers(connection) if dead else {}
    return Material(claims, rulings, workers | {one: workers.get(one, 0) for one in dead})


def _events(connection: Connection, since: int) -> tuple[dict[str, _Sent], list[RulingFacts]]:
    sent: dict[str, _Sent] = {}
    rulings: list[RulingFacts] = []
    for row in _pages(connection, since):
        event = orjson.loads(bytes(row.raw))
        kind, source, data = event["type"], event["source"], event["data"]
        if kind == _REVIEWED:
            rulings.append(RulingFacts(source, row.claim_id, data["verdict"]))
        elif kind in _OF_CLAIMS:
            sent[row.claim_id] = _with(sent.get(row.claim_id), source, data, opens="evidence" not in kind)
    return {claim: one for claim, one in sent.items() if one.opener}, rulings


def _with(known: _Sent | None, source: str, data: dict[str, Any], *, opens: bool) -> _Sent:
    known = known or _Sent("", (), None, False)
    clinics, medical = known.clinics, data.get("medical") or {}
    if source_kind(source) in _CLINICS and source not in clinics:
        clinics = (*clinics, source)
    certificate = known.certificate
    if certificate is None and medical.get("unable_to_work_days") is not None and source_kind(source) in _CLINICS:
        certificate = source, medical["unable_to_work_days"]
    is_death = known.is_death or data.get("death") is not None or medical.get("death") is not None
    return _Sent(known.opener or (source if opens else ""), clinics, certificate, is_death)


def _pages(connection: Connection, since: int) -> Iterator[Any]:
    raw = func.coalesce(ledger.c.raw, log.c.value).label("raw")
    joined = ledger.outerjoin(log, embedded.is_input_of(ledger))
    after = -1
    while True:
        statement = select(ledger.c.seq, ledger.c.claim_id, raw).select_from(joined)
        statement = statement.where(ledger.c.claim_id.is_not(None), ledger.c.clock >= since, ledger.c.seq > after)
        rows = connection.execute(statement.order_by(ledger.c.seq).limit(PAGE)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].seq


def _cases(connection: Connection, claim_ids: Sequence[str]) -> Iterator[Sequence[Any]]:
    columns = cases.c.claim_id, cases.c.member_number, cases.c.nik, cases.c.event_date
    for start in range(0, len(claim_ids), 500):  # SQLite allows 32,766 parameters, older builds 999
        statement = select(*columns).where(cases.c.claim_id.in_(claim_ids[start : start + 500]))
        yield connection.execute(statement.where(cases.c.event_date.is_not(None)).order_by(cases.c.claim_id)).all()


def _claims(
    connection: Connection, rows: Sequence[Any], sent: dict[str, _Sent], book: Book
) -> Iterator[ClaimFacts]:  # fmt: skip
    known = _members(connection, sorted({row.member_number for row in rows if row.member_number}))
    for row in rows:
        own, day = sent[row.claim_id], dt.date.fromisoformat(row.event_date)
        member = known.get(row.member_number)
        jump = wage_jump_on(member, day, book) if member is not None else None
        enrolment = _enrolment_on(member, day) if member is not None else None
        yield ClaimFacts(
            row.claim_id,
            row.nik or row.member_number or row.claim_id,
            day,
            own.is_death,
            own.opener,
            own.clinics,
            own.certificate[0] if own.certificate is not None else None,
            own.certificate[1] if own.certificate is not None else 0,
            standing(member, "JKM" if own.is_death else "JKK", day, book).first_cover_start if member else None,
            enrolment.employer_number if enrolment is not None else None,
            int(jump.before.amount) if jump is not None else None,
            int(jump.wage.amount) if jump is not None else None,
        )


def _members(connection: Connection, numbers: Sequence[str]) -> dict[str, Member]:
    heads = select(members.c.number, members.c.version, members.c.document, members.c.recent)
    found = connection.execute(heads.where(members.c.number.in_(numbers)).order_by(members.c.number)).all()
    months = select(member_months).where(member_months.c.number.in_(numbers))
    rows = connection.execute(months.order_by(member_months.c.number, member_months.c.version)).all()
    return {one.number: one for one in read_members(map(tuple, found), map(tuple, rows))}


def _enrolment_on(member: Member, day: dt.date) -> Enrolment | None:
    found = [one for one in member.enrolments if one.registered_on <= day] or list(member.enrolments)
    return max(found, key=lambda one: (one.registered_on, one.known)) if found else None


def _workers(connection: Connection) -> dict[str, int]:
    """Members by the employer of their newest registration. Reads every member: 10 µs each."""
    counts: dict[str, int] = {}
    after = ""
    heads = select(members.c.number, members.c.version, members.c.document, members.c.recent)
    while True:
        rows = connection.execute(heads.where(members.c.number > after).order_by(members.c.number).limit(PAGE)).all()
        if not rows:
            return counts
        for member in read_members(map(tuple, rows), ()):
            enrolment = _enrolment_on(member, dt.date.max)
            if enrolment is not None and enrolment.employer_number is not None:
                counts[enrolment.employer_number] = counts.get(enrolment.employer_number, 0) + 1
        after = rows[-1].number
