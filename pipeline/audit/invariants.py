"""Invariants 1 to 8 of a store (reliability.md), checked from its rows and bytes. Reads only. 8 is the ledger's.

Called at the end of every fault run, and by `santunan doctor --deep`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, case, func, select

from pipeline.audit.ledger_check import verify
from pipeline.audit.replay import replay
from pipeline.claims.double_payment import EACH_CLAIM_ITS_OWN, line_of
from pipeline.law.book import Book
from pipeline.queries import history
from pipeline.store.origins import GAP
from pipeline.store.rows import members_of, progress_of
from pipeline.store.tables import (
    acceptances,
    chunks,
    dead_letters,
    decisions,
    ledger,
    members,
    paid_lines,
    payouts,
    positions,
)
from schemas import topics
from schemas.codes import EFFECTIVE

MOST_FINDINGS: Final = 20  # of one kind: twenty show a fault as well as a thousand
_SIXTEEN_DIGITS: Final = re.compile(rb"(?<![0-9])[0-9]{16}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that does not hold. `what`: one sentence that names the claim or the place, never a person."""

    invariant: int
    what: str

    def __str__(self) -> str:
        return f"invariant {self.invariant}: {self.what}"


def check(store: Any, *, canaries: Iterable[bytes] = (), replays: bool = True) -> list[Breach]:
    """Find every breach. `canaries`: bytes planted in claims that must not be published.

    `replays` False leaves the longest check out (invariant 4).
    """
    breaches: list[Breach] = []
    with store.reader() as connection:
        for look in (
            _offsets_are_covered,
            _counts_add_up,
            _bytes_are_as_accepted,
            _revisions_have_no_holes,
            _money_adds_up,
            _gaps_are_holes,
            _lines_are_once,
            _law_fits_the_day,
        ):
            breaches += _first(look(connection))
        published = _Published(connection, canaries)
        for topic, key, value in history.published(connection, is_embedded=store.is_embedded):
            published.take(topic, key, value)
        breaches += _first(published.breaches(connection))
        breaches += _first(_refusals_hold_no_personal_data(connection, published))
    breaches += [Breach(8, str(one)) for one in verify(store).findings[:MOST_FINDINGS]]
    if replays:
        differences = replay(store).differences
        breaches += [
            Breach(4, f"claim {one.claim_id} revision {one.revision}: stored {one.was}, decided again {one.would_be}")
            for one in differences[:MOST_FINDINGS]
        ]
    return breaches


def _first(found: Iterator[Breach]) -> list[Breach]:
    return [breach for _, breach in zip(range(MOST_FINDINGS), found, strict=False)]


def _amounts(rows: Iterable[Any]) -> dict[Any, int]:
    """Whole numbers: PostgreSQL sums and divides into exact decimals."""
    return {name: int(amount) for name, amount in rows}


def _offsets_are_covered(connection: Connection) -> Iterator[Breach]:
    """1: the chunks of a partition follow each other without gap or overlap, up to the position."""
    ends: dict[tuple[str, int], int] = {}
    statement = select(chunks.c.topic, chunks.c.partition, chunks.c.first, chunks.c.next)
    for topic, partition, first, end in connection.execute(statement.order_by(*statement.selected_columns[:3])):
        expected = ends.get((topic, partition), first)
        if first != expected:
            yield Breach(1, f"{topic}/{partition}: a chunk begins at {first}, the one before ends at {expected}")
        ends[topic, partition] = end
    statement = select(positions.c.topic, positions.c.partition, positions.c.next).where(positions.c.next.is_not(None))
    for row in connection.execute(statement):
        topic, partition, position = row.topic, row.partition, row.next
        end = ends.pop((topic, partition), position)
        if end != position:
            yield Breach(1, f"{topic}/{partition}: the chunks end at {end}, the position is {position}")
    for topic, partition in ends:
        yield Breach(1, f"{topic}/{partition}: chunks were stored, but no position")


def _counts_add_up(connection: Connection) -> Iterator[Breach]:
    """1: the account of each chunk agrees with the ledger and the dead letters."""
    number = history.chunk_of(ledger.c.seq)
    accepted = _amounts(connection.execute(select(number, func.count()).group_by(number)))
    statement = select(dead_letters.c.chunk, func.count()).group_by(dead_letters.c.chunk)
    refused = _amounts(connection.execute(statement))
    for row in connection.execute(select(chunks)):
        found = accepted.pop(row.id, 0), refused.pop(row.id, 0)
        if found != (row.accepted, row.refused):
            place = f"{row.topic}/{row.partition} offsets {row.first} to {row.next - 1}"
            yield Breach(1, f"{place}: counted {row.accepted} accepted and {row.refused} refused, found {found}")
    for chunk_id in (*accepted, *refused):
        yield Breach(1, f"rows of chunk {chunk_id} exist, but no account of it")


def _bytes_are_as_accepted(connection: Connection) -> Iterator[Breach]:
    """1: the bytes of each event are those that were accepted, by their digest."""
    for place in history.altered_events(connection):
        yield Breach(1, f"{place}: the bytes of this event are not those that were accepted")


def _gaps_are_holes(connection: Connection) -> Iterator[Breach]:
    """1: what an operator accepted as missing is accounted for as holes, and as nothing else."""
    number = (chunks.c.topic, chunks.c.partition, chunks.c.first, chunks.c.next)
    whole = {
        tuple(row)
        for row in connection.execute(select(*number).where(chunks.c.holes == chunks.c.next - chunks.c.first))
    }
    gap = (acceptances.c.topic, acceptances.c.partition, acceptances.c.first, acceptances.c.next)
    for row in connection.execute(select(*gap).where(acceptances.c.kind == GAP)):
        if tuple(row) not in whole:
            yield Breach(
                1,
                f"{row.topic}/{row.partition}: offsets {row.first} to {row.next - 1} were accepted as missing, "
                "and are accounted for otherwise",
            )


def _revisions_have_no_holes(connection: Connection) -> Iterator[Breach]:
    """2: each claim has the revisions 1 to n, and n is the revision of its case."""
    revisions: defaultdict[str, list[int]] = defaultdict(list)
    for row in history.stored_decisions(connection):
        revisions[row.claim_id].append(row.revision)
    for row in history.decided_cases(connection):
        found = revisions.pop(row.claim_id, [])
        if found != list(range(1, row.revision + 1)):
            yield Breach(2, f"claim {row.claim_id} stands at revision {row.revision}, its decisions are {found}")
    for claim_id in revisions:
        yield Breach(2, f"claim {claim_id} has decisions, but no case")


def _money_adds_up(connection: Connection) -> Iterator[Breach]:
    """3: payouts, effective decision and case agree, to the rupiah; and what a claim keeps of its money by person."""
    effective: dict[str, tuple[str, int]] = {}
    for row in history.stored_decisions(connection):
        if row.outcome in EFFECTIVE:
            effective[row.claim_id] = (row.outcome, row.total)
    signed = case((payouts.c.direction == "pay", payouts.c.amount), else_=-payouts.c.amount)
    columns = payouts.c.claim_id, payouts.c.member_number, payouts.c.payee
    ordered: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for claim_id, number, payee, amount in connection.execute(select(*columns, func.sum(signed)).group_by(*columns)):
        if amount:
            ordered[claim_id][number, payee] = int(amount)
    for row in history.decided_cases(connection):
        outcome, total = effective.get(row.claim_id, (None, 0))
        accounts = ordered.pop(row.claim_id, {})
        money = sum(accounts.values())
        if not total == money == row.effective_total or outcome != row.effective_outcome:
            yield Breach(
                3,
                f"claim {row.claim_id}: effective decision Rp{total:,} ({outcome}), payouts Rp{money:,}, case "
                f"Rp{row.effective_total:,} ({row.effective_outcome})",
            )
        kept = {account: amount for account, amount in progress_of(row.progress).accounts.items() if amount}
        if accounts != kept or min(kept.values(), default=0) < 0:
            yield Breach(3, f"claim {row.claim_id}: its payouts by person are not what it keeps")
    for claim_id in ordered:
        yield Breach(3, f"claim {claim_id} has payouts, but no case")


def _lines_are_once(connection: Connection) -> Iterator[Breach]:
    """3: the paid lines of each claim are those that its effective decision pays, of that day, programme and person."""
    paid: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(select(paid_lines)):
        paid[row.claim_id].append(row)
    effective = {
        row.claim_id: (row.program, row.event_date)
        for row in history.stored_decisions(connection)
        if row.outcome in EFFECTIVE
    }
    for row in history.decided_cases(connection):
        lines = set(filter(None, row.effective_lines.split(","))) - EACH_CLAIM_ITS_OWN
        rows = paid.pop(row.claim_id, [])
        noted = {line_of(one.line) for one in rows}
        if noted != lines:
            yield Breach(3, f"claim {row.claim_id} pays {sorted(lines)}, noted as paid are {sorted(noted)}")
        if any((one.program, one.event_date) != effective.get(row.claim_id) for one in rows):
            yield Breach(3, f"claim {row.claim_id} is noted as paid for another day or programme than it pays")
        persons = {one.person for one in rows} - {row.nik, row.member_number}
        if persons and not persons <= _former_names(connection, row):
            yield Breach(3, f"claim {row.claim_id} is noted as paid to another person than it pays")
    for claim_id in paid:
        yield Breach(3, f"lines of claim {claim_id} are noted as paid, but it has no case")


def _former_names(connection: Connection, row: Any) -> set[str]:
    """Under which a claim may have paid: evidence may name another member, and a NIK is corrected."""
    paid = select(payouts.c.member_number).where(payouts.c.claim_id == row.claim_id)
    numbers = {row.member_number, *connection.execute(paid).scalars()} - {None}
    heads = select(members.c.number, members.c.version, members.c.document, members.c.recent)
    found = members_of(connection.execute(heads.where(members.c.number.in_(numbers))).all(), [])
    return numbers | {enrolment.nik for member in found for enrolment in member.enrolments if enrolment.nik}


def _law_fits_the_day(connection: Connection) -> Iterator[Breach]:
    """6: the rule version of a decision is that of its event day.

    A value outside its dates cannot be read: the book raises NoLaw. The replay shows that the amounts are the book's.
    """
    book = Book.load()
    statement = select(decisions.c.event_date, decisions.c.rule_version, func.min(decisions.c.claim_id))
    statement = statement.group_by(decisions.c.event_date, decisions.c.rule_version)
    for day, version, claim_id in connection.execute(statement):
        expected = book.rule_version(history.day(day))
        if version != expected:
            yield Breach(6, f"claim {claim_id}, event of {day}: decided by {version}, that day's law is {expected}")


class _Published:
    """Everything that was published, checked once in its order."""

    def __init__(self, connection: Connection, canaries: Iterable[bytes]) -> None:
        statement = select(members.c.nik).where(members.c.nik.is_not(None))
        self.niks = {nik.encode() for nik in connection.execute(statement).scalars()}
        self._canaries = tuple(canaries)
        self._ids: Counter[str] = Counter()
        self._money: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)  # claim -> person and payee
        self._effective: dict[str, Counter[tuple[str, str]]] = {}
        self._totals: dict[str, int] = {}
        self._decisions = 0
        self._leaks: list[Breach] = []

    def take(self, topic: str, key: bytes, value: bytes) -> None:
        document = orjson.loads(value)
        identity, data = document["id"], document["data"]
        if topic == topics.DEAD_LETTERS:
            data.pop("original")  # repeats the input, for operators only
            value = orjson.dumps(data)
        if self.has_personal_data(key) or self.has_personal_data(value):
            self._leaks.append(Breach(7, f"{topic}: the event {identity} tells personal data"))
        self._ids[identity] += 1
        if self._ids[identity] > 1:
            return
        if topic == topics.DECISIONS:
            self._decisions += 1
            if data["outcome"] in EFFECTIVE:
                due: Counter[tuple[str, str]] = Counter()
                for one in data["benefits"]:
                    due[data["member_number"], one["payee"]] += one["amount"]
                self._effective[data["claim_id"]] = due
                self._totals[data["claim_id"]] = data["total"]
        elif topic == topics.PAYOUTS:
            signed = data["amount"] if data["direction"] == "pay" else -data["amount"]
            self._money[data["claim_id"]][data["member_number"], data["payee"]] += signed

    def has_personal_data(self, text: bytes) -> bool:
        """Whether the text holds the NIK of a member, or a canary."""
        return any(digits in self.niks for digits in _SIXTEEN_DIGITS.findall(text)) or any(
            canary in text for canary in self._canaries
        )

    def breaches(self, connection: Connection) -> Iterator[Breach]:
        yield from self._leaks
        for identity, times in self._ids.items():
            if times > 1:
                yield Breach(5, f"the event {identity} was published {times} times")
        stored = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        if stored != self._decisions:
            yield Breach(5, f"{stored} decisions are stored, {self._decisions} were published")
        for claim_id, due in self._effective.items():
            money = {account: amount for account, amount in self._money.pop(claim_id, {}).items() if amount}
            paid, total = sum(money.values()), self._totals[claim_id]
            if due != money or paid != total:
                yield Breach(3, f"claim {claim_id}: Rp{paid:,} were published for Rp{total:,}, or to another person")
        for claim_id in self._money:
            yield Breach(3, f"claim {claim_id}: money was published without an effective decision")


def _refusals_hold_no_personal_data(connection: Connection, published: _Published) -> Iterator[Breach]:
    """7: the reason of a refusal never repeats the input."""
    statement = select(dead_letters.c.topic, dead_letters.c.partition, dead_letters.c.offset, dead_letters.c.errors)
    for topic, partition, offset, errors in connection.execute(statement):
        if published.has_personal_data(errors.encode()):
            yield Breach(7, f"the reason of the refusal {topic}/{partition}/{offset} tells personal data")
