"""Between the core's values and the rows of the tables. Pure: no SQL, no driver.

Each function names the columns of one table in the order of `tables.py`; a test holds that they agree.
"""

import datetime as dt
import hashlib
from collections import namedtuple
from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

import orjson

from pipeline.claims.case import Case
from pipeline.claims.case_file import ClaimSummary
from pipeline.claims.desk import Desk
from pipeline.claims.progress import Contest, Progress, Ruling
from pipeline.membership.member import Member, Segment
from pipeline.processing.ports import CHUNK_STRIDE, DeadLetter, Effects, LoadedDesk
from pipeline.store.tables import cases
from schemas import topics
from schemas.clock import JAKARTA, iso, microseconds
from schemas.decisions import Decision, Payout
from schemas.values import MAX_RUPIAH

Row = tuple[Any, ...]
CaseRow: Any = namedtuple("CaseRow", [one.name for one in cases.columns])  # type: ignore[misc]

_FIELDS: Final[tuple[str, ...]] = tuple(one.name for one in fields(Progress))
_STORED_AS: Final = {"answered_codes": "settled_codes"}  # renamed since the first stores were written
_NAMES: Final[tuple[str, ...]] = tuple(_STORED_AS.get(name, name) for name in _FIELDS)
_FIELD_OF: Final = dict(zip(_NAMES, _FIELDS, strict=True))
_VALUES: Final[Callable[[Progress], Row]] = attrgetter(*_FIELDS)
_UNTOUCHED: Final[Row] = _VALUES(Progress())


def progress_text(progress: Progress) -> str:
    """Only what differs from a new claim: most claims have one decision and no officer."""
    changed = {}
    values = _VALUES(progress)
    for place, untouched in enumerate(_UNTOUCHED):
        value = values[place]
        if value is not untouched and value != untouched:
            name = _NAMES[place]
            write = _WRITERS.get(name)
            changed[name] = value if write is None else write(value)
    return orjson.dumps(changed).decode()


def progress_of(document: str) -> Progress:
    """The inverse of `progress_text`."""
    progress = Progress()
    stored: dict[str, Any] = orjson.loads(document)
    for name, value in stored.items():
        read = _READERS.get(name)
        setattr(progress, _FIELD_OF[name], value if read is None or value is None else read(value))
    return progress


def _settlements(stored: dict[str, list[str]]) -> dict[str, tuple[dt.date, dt.date]]:
    return {payout: (_DAY(paid_on), _DAY(known_on)) for payout, (paid_on, known_on) in stored.items()}


def _pairs(stored: list[list[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple([tuple(one) for one in stored])


def _ruling(stored: dict[str, Any]) -> Ruling:
    return Ruling(
        stored["verdict"],
        stored["officer"],
        tuple(stored["answers"]),
        _pairs(stored["changes"]),
        tuple(stored["documents"]),
        stored["second_officer"],
        stored.get("seen_events", 0),  # what was stored before it was kept has none
    )


def _accounts(stored: list[list[Any]]) -> dict[tuple[str, str], int]:
    return {(number, payee): amount for number, payee, amount in stored}


def _accounts_text(accounts: dict[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    return [(number, payee, amount) for (number, payee), amount in accounts.items()]


def _clock(stored: str) -> dt.datetime:
    return dt.datetime.fromisoformat(stored).astimezone(JAKARTA)


_DAY: Final = dt.date.fromisoformat
# Values that JSON cannot hold as they are.
_WRITERS: Final[dict[str, Callable[[Any], Any]]] = {"accounts": _accounts_text, "contest": list}
# Types that JSON loses; all other values are restored unchanged.
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "reason_codes": tuple,
    "failed_payouts": tuple,
    "settled_codes": tuple,
    "referral_codes": tuple,
    "lines": _pairs,
    "accounts": _accounts,
    "answered_by": tuple,
    "filed_by": tuple,
    "chosen_children": tuple,
    "accepted_events": tuple,
    "contest": Contest._make,
    "approved_on": _DAY,
    "referred_on": _DAY,
    "answer_by": _DAY,
    "wake_on": _DAY,
    "latest": _clock,
    "settlements": _settlements,
    "ruling": _ruling,
}


def case_row(case: Case, summary: ClaimSummary | None, version: int) -> Row:
    """A row of `cases`. Without a summary the case is not opened yet: only evidence has come."""
    progress = case.progress
    return (
        case.claim_id,
        version,
        case.key,
        case.partition,
        case.opened_order,
        case.program,
        summary.member_number if summary is not None else None,
        summary.nik if summary is not None else None,
        iso(summary.event_date) if summary is not None else None,
        ",".join(sorted(summary.asked)) if summary is not None else None,
        progress.revision,
        progress.outcome,
        progress.effective_outcome,
        progress.effective_total,
        ",".join(line for line, _ in progress.lines),
        progress.wake_on.isoformat() if progress.wake_on is not None else None,
        progress.referral_id,
        progress_text(progress),
        urgency_of(progress) if progress.referral_id is not None else None,
        ",".join(progress.referral_codes) if progress.referral_id is not None else None,
    )


def urgency_of(progress: Progress) -> str:
    """Of an open referral: sorts the work of officers by deadline, then by the day since which it waits, then the
    largest sum first. Digits alone, so that every collation sorts it alike."""
    assert progress.answer_by is not None and progress.referred_on is not None
    sum_below = MAX_RUPIAH - min(progress.indicative_total or 0, MAX_RUPIAH)
    return f"{progress.answer_by:%Y%m%d}{progress.referred_on:%Y%m%d}{sum_below:013}"


def decision_row(decision: Decision, output: int) -> Row:
    return (
        decision.claim_id,
        decision.revision,
        decision.outcome,
        ",".join(decision.reason_codes),
        decision.program,
        iso(decision.event_date),
        decision.rule_version,
        decision.total,
        microseconds(decision.decided_at),
        output,
    )


def payout_row(payout: Payout) -> Row:
    return payout.claim_id, payout.revision, payout.payee, payout.member_number, payout.direction, payout.amount


def ledger_rows(batch: Iterable[Effects], *, keeps_raw: bool) -> list[Row]:
    return [
        (
            one.seq,
            one.identity[0],
            one.identity[1],
            one.digest,
            effects.topic,
            effects.partition,
            one.offset,
            microseconds(one.clock),
            one.is_own_time,
            one.claim_id,
            one.member_number,
            one.raw if keeps_raw else None,
        )
        for effects in batch
        for one in effects.entries
    ]


def dead_letter_row(letter: DeadLetter, effects: Effects, *, keeps_raw: bool) -> Row:
    errors = orjson.dumps([{"field": one.field, "message": one.message} for one in letter.errors]).decode()
    return (
        effects.topic,
        effects.partition,
        letter.offset,
        effects.chunk_id,
        letter.timestamp_ms,
        letter.received_ms,
        letter.reason,
        errors,
        letter.source,
        letter.event_id,
        False,
        letter.original if keeps_raw else None,
        hashlib.sha256(letter.original).digest(),
    )


def chunk_row(effects: Effects) -> Row:
    account = effects.account
    return (
        effects.chunk_id,
        effects.topic,
        effects.partition,
        account.first,
        account.next,
        account.accepted,
        account.duplicates,
        account.refused,
        account.holes,
    )


def output_rows(batch: Iterable[Effects]) -> list[Row]:
    return [
        (number, offset, message.topic, message.key, message.value)
        for effects in batch
        for number, (offset, message) in enumerate(effects.outputs, effects.chunk_id * CHUNK_STRIDE)
    ]


def decision_rows(batch: Iterable[Effects], numbers: Iterable[int]) -> list[Row]:
    """`numbers`: where each output of the batch is kept, in order."""
    published = [message for effects in batch for _, message in effects.outputs]
    places = (number for number, message in zip(numbers, published, strict=True) if message.topic == topics.DECISIONS)
    made = [decision for effects in batch for decision in effects.decisions]
    return [decision_row(decision, place) for decision, place in zip(made, places, strict=True)]


def changed_cases(loaded: LoadedDesk) -> tuple[list[Row], list[Row]]:
    """Rows of `cases`: (new, changed); each changed one ends with the version at which it was read."""
    desk: Desk = loaded.desk
    known = loaded.case_versions
    new: list[Row] = []
    changed: list[Row] = []
    for claim_id in sorted(desk.changed_cases):
        version = known.get(claim_id, 0)
        row = case_row(desk.cases[claim_id], desk.summaries.get(claim_id), version + 1)
        if version:
            changed.append((*row, version))
        else:
            new.append(row)
    return new, changed


def changed_members(loaded: LoadedDesk) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of `members`: (new, changed); each changed one ends with the version at which it was read. And the new rows
    of `member_months`."""
    desk: Desk = loaded.desk
    known = loaded.member_versions
    new: list[Row] = []
    changed: list[Row] = []
    months: list[Row] = []
    for number in sorted(desk.changed_members):
        member = desk.members[number]
        recent = member.recent.packed() if member.recent.rows else None
        row = (number, member.nik, member.version, member.document(), recent)
        read_at = known.get(number, 0)
        if number in known:
            changed.append((*row, read_at))
        else:
            new.append(row)
        months += [(number, *one) for one in member.segments if one.version > read_at]
    return new, changed, months


def members_of(heads: Iterable[Row], months: Iterable[Row]) -> list[Member]:
    """`heads`: (number, version, document, recent); `months`: rows of `member_months`, sorted.

    What was added to `months` after a head was read is left out.
    """
    segments: dict[str, list[Segment]] = {}
    for number, version, packed in months:
        segments.setdefault(number, []).append(Segment(version, packed))
    found = []
    for number, version, document, recent in heads:
        own = [one for one in segments.get(number, ()) if one.version <= version]
        found.append(Member.restored(number, version, document, recent, own))
    return found
