"""The work queue of officers: open referrals by deadline, then age, then money, from the index on these. Never
writes."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import orjson
from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, tuple_

from pipeline.queries.pages import PAGE_ROWS, NotFound, Page
from pipeline.store.readable import Readable
from pipeline.store.tables import cases, decisions
from pipeline.store.work_book import work_holders
from schemas.clock import JAKARTA, microseconds

MOST_COUNTED: Final = 10_000  # more than that is "more than 10,000"
Whose = Literal["own", "free", "others"]
CameBack = Literal["confirmation", "appeal", "new_facts", "failed_payment"]
_SECOND: Final = "REV_SECOND_OFFICER"
_BACK: Final[dict[str, CameBack]] = {
    "CLM_APPEALED": "appeal",
    "PAY_FAILED": "failed_payment",
    "REV_NEW_FACTS": "new_facts",
    "MEM_CHANGED_LATER": "new_facts",
}


@dataclass(frozen=True, slots=True)
class WaitingClaim:
    """One claim that waits for an officer. `codes`: what an officer must answer. `revision`: the latest one.

    `since`: the Jakarta day from which on it has waited for officers without a break. `answer_by`: the last day on
    which an answer is in time. `holder`: the officer who has it. `came_back`: it was decided
    once, and why it is here again; confirmation: a second officer did not say the same. `cursor`: `after` of a page
    that begins behind this claim.
    """

    referral_id: str
    claim_id: str
    key: str
    member_number: str | None
    program: str
    revision: int
    codes: tuple[str, ...]
    indicative_total: int | None
    since: dt.date
    answer_by: dt.date
    is_overdue: bool
    holder: str | None
    came_back: CameBack | None
    cursor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the queue. `question`: a code. `whose`: own, free or others', of the reader. `came_back`, `overdue`:
    those alone. `program`: JKK or JKM."""

    question: str | None = None
    program: str | None = None
    whose: Whose | None = None
    came_back: bool = False
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Of the claims that match, at most MOST_COUNTED + 1 of them."""

    all: int
    overdue: int
    own: int
    free: int
    came_back: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the queue, and when: by this it is known what is his, and what is overdue."""

    name: str = ""
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(JAKARTA).date()


def waiting(
    store: Readable,
    *,
    limit: int = PAGE_ROWS,
    after: str | None = None,
    wanted: Wanted | None = None,
    reader: Reader | None = None,
) -> Page[WaitingClaim]:
    """The claims that wait, the most urgent first. `after`: the cursor of the page before. `more`: at most
    MOST_COUNTED + 1. Raises NotFound where the cursor is none."""
    reader = reader or Reader()
    columns = (cases, work_holders.c.principal.label("holder"), _is_refused_second().label("is_refused"))
    statement = _queue(columns, wanted or Wanted(), reader)
    if after is not None:
        statement = statement.where(_is_behind(_read_cursor(after)))
    with store.reader() as connection:
        found = connection.execute(statement.order_by(cases.c.urgency, cases.c.claim_id).limit(limit)).all()
        rows = tuple(_waiting_claim(row, reader) for row in found)
        more = 0
        if len(rows) == limit:
            rest = _queue((cases.c.claim_id,), wanted or Wanted(), reader)
            rest = rest.where(_is_behind((found[-1].urgency, found[-1].claim_id))).limit(MOST_COUNTED + 1)
            more = connection.execute(select(func.count()).select_from(rest.subquery())).scalar_one()
    return Page(rows, more, rows[-1].cursor if more else None)


def count_waiting(store: Readable, wanted: Wanted, reader: Reader) -> QueueCounts:
    holder = work_holders.c.principal
    columns = (
        case((_is_overdue(reader), 1), else_=0).label("overdue"),
        case((holder == reader.name, 1), else_=0).label("own"),
        case((holder.is_(None), 1), else_=0).label("free"),
        case((_came_back(), 1), else_=0).label("back"),
    )
    found = _queue(columns, wanted, reader).limit(MOST_COUNTED + 1).subquery()
    sums = [func.coalesce(func.sum(found.c[name]), 0) for name in ("overdue", "own", "free", "back")]
    with store.reader() as connection:
        row = connection.execute(select(func.count(), *sums).select_from(found)).one()
    return QueueCounts(*(int(one) for one in row))


@dataclass(frozen=True, slots=True)
class UnopenedClaim:
    """Evidence that waits for a claim that did not come. `since`: the Jakarta day of the latest that came."""

    claim_id: str
    key: str
    since: dt.date


def unopened(store: Readable, *, limit: int = PAGE_ROWS) -> tuple[UnopenedClaim, ...]:
    """Claim ids under which only evidence came, in their order. Reads all claims: 0.2 s for 300,000."""
    statement = select(cases.c.claim_id, cases.c.key, cases.c.progress).where(cases.c.program.is_(None))
    with store.reader() as connection:
        rows = connection.execute(statement.order_by(cases.c.claim_id).limit(limit)).all()
    return tuple(UnopenedClaim(row.claim_id, row.key, _day_of(row.progress)) for row in rows)


def count_unopened(store: Readable) -> int:
    with store.reader() as connection:
        statement = select(func.count()).select_from(cases).where(cases.c.program.is_(None))
        return int(connection.execute(statement).scalar_one())


def _day_of(progress: str) -> dt.date:
    return dt.datetime.fromisoformat(orjson.loads(progress)["latest"]).astimezone(JAKARTA).date()


def _queue(columns: Any, wanted: Wanted, reader: Reader) -> Any:
    """These columns of each open referral that is wanted."""
    held = and_(
        work_holders.c.claim_id == cases.c.claim_id,
        work_holders.c.referral_id == cases.c.referral_id,
        work_holders.c.lapses_at > microseconds(reader.now),
    )
    statement = select(*columns).select_from(cases.outerjoin(work_holders, held)).where(cases.c.urgency > "")
    if wanted.question is not None:
        statement = statement.where(_asks(wanted.question))
    if wanted.program is not None:
        statement = statement.where(cases.c.program == wanted.program)
    if wanted.whose == "own":
        statement = statement.where(work_holders.c.principal == reader.name)
    elif wanted.whose == "free":
        statement = statement.where(work_holders.c.principal.is_(None))
    elif wanted.whose == "others":
        statement = statement.where(work_holders.c.principal != reader.name)
    if wanted.overdue:
        statement = statement.where(_is_overdue(reader))
    if wanted.came_back:
        statement = statement.where(_came_back())
    return statement


def _asks(code: str) -> ColumnElement[bool]:
    return ("," + cases.c.referral_codes + ",").contains(f",{code},", autoescape=True)


def _is_overdue(reader: Reader) -> ColumnElement[bool]:
    return cases.c.urgency < f"{reader.today:%Y%m%d}"


def _came_back() -> ColumnElement[bool]:
    return or_(*[_asks(code) for code in _BACK], _is_refused_second())


def _is_refused_second() -> ColumnElement[bool]:
    """Two decisions in a row wait for a second officer: he who was asked has ruled otherwise."""
    before = decisions.alias("before")
    is_before = and_(before.c.claim_id == cases.c.claim_id, before.c.revision == cases.c.revision - 1)
    return and_(_asks(_SECOND), exists().where(is_before, before.c.reason_codes.contains(_SECOND)))


def _is_behind(place: tuple[str, str]) -> ColumnElement[bool]:
    return tuple_(cases.c.urgency, cases.c.claim_id) > tuple_(*place)


def _waiting_claim(row: Any, reader: Reader) -> WaitingClaim:
    progress = orjson.loads(row.progress)
    answer_by = dt.date.fromisoformat(progress["answer_by"])
    codes = tuple(progress["referral_codes"])
    back = next((_BACK[one] for one in codes if one in _BACK), "confirmation" if row.is_refused else None)
    return WaitingClaim(
        row.referral_id,
        row.claim_id,
        row.key,
        row.member_number,
        row.program,
        row.revision,
        codes,
        progress.get("indicative_total"),
        dt.date.fromisoformat(progress["referred_on"]),
        answer_by,
        answer_by < reader.today,
        row.holder,
        back,
        f"{row.urgency}.{row.claim_id}",
    )


WHOSE: Final[tuple[Whose, ...]] = get_args(Whose)
_CURSOR: Final = re.compile(r"([0-9]{29})\.(.{1,64})")


def _read_cursor(cursor: str) -> tuple[str, str]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise NotFound(f"{cursor} is no place in the queue: give the cursor that the page before ended with")
    return found[1], found[2]
