"""As known on: what is said of a moment is what the store said at that moment, on both engines."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from agents.clients.interface import topic_of
from pipeline.access.principals import new_principal
from pipeline.access.roles import Denied
from pipeline.errors import NotReady, Poison
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.known import Compared, KnownClaim, explain_known, read_known, read_member_known
from pipeline.operations.reading import explain_claim
from pipeline.queries.pages import NotFound
from pipeline.store.access_rows import AuditRecord
from schemas import topics
from schemas.events import Refused, parse
from tests.support import events as e
from tests.support.front import front_of
from tests.support.histories import CLAIMS, NUMBERS, history
from tests.support.site import NOW_MS, Site

OFFICER, AUDITOR, CLINIC = (new_principal(kind, "ani") for kind in ("officer", "auditor", "clinic"))
MINUTE_MS = 60_000
START = dt.datetime.fromtimestamp(NOW_MS / 1000, dt.UTC)


def minute(number: int) -> dt.datetime:
    return START + dt.timedelta(minutes=number)


def then_of(rows: tuple[Compared, ...]) -> dict[tuple[str, str], str]:
    return {(one.title, one.label): one.then for one in rows if one.then is not None}


def now_of(rows: tuple[Compared, ...]) -> dict[tuple[str, str], str]:
    return {(one.title, one.label): one.now for one in rows if one.now is not None}


def live(site: Site, documents: list[Any], first: int = 0) -> None:
    """Each a minute after the one before, by the clock of the broker."""
    for number, document in enumerate(documents, first):
        raw = document if isinstance(document, bytes) else e.raw(document)
        try:
            topic = topic_of(parse(raw))
        except Refused:
            topic = topics.MEMBERS
        site.run(raw, topic=topic, now_ms=NOW_MS + number * MINUTE_MS)


def asked(front: FrontOffice, at: dt.datetime) -> FrontOffice:
    """As if it were asked at that moment."""
    return replace(front, now=lambda: at)


# --- a backdated contribution

UNPAID = [
    e.registered(segment="BPU", declared_income=1_000_000, time="2023-12-01T08:00:00"),
    e.paid("2024-01", "2024-03", "2024-01-05", time="2024-01-05T09:00:00"),
]
LATER = e.paid("2020-02", "2026-12", "2023-01-05", time="2024-09-01T09:00:00")  # made in time, and told too late


def backdated(site: Site) -> None:
    """A self-employed member whose cover lapsed, as far as anybody knew when the claim was decided."""
    site.run(*UNPAID, e.accident("K1"))
    assert site.decisions()[-1][2:4] == ("REJECTED", ("MEM_LAPSED",))
    site.run(LATER)


def test_before_and_after_a_backdated_contribution_both_are_right(site: Site) -> None:
    backdated(site)
    front = front_of(site)
    decided_at = dt.datetime.fromisoformat("2024-07-08T10:00:00+07:00")
    known = read_known(front, OFFICER, "K1", dt.datetime(2024, 8, 1, tzinfo=dt.UTC), "en")
    assert known.then is not None
    assert (known.then.revision, known.then.outcome, known.then.reason_codes) == (1, "REJECTED", ("MEM_LAPSED",))
    assert known.then.decided_at is not None and known.then.decided_at < decided_at + dt.timedelta(days=7)
    assert (known.now.outcome, known.now.revision) != ("REJECTED", 1)
    changed = {one.label: (one.then, one.now) for one in known.rows if one.is_different}
    then, now = changed["work accident insurance (JKK)"]
    assert then is not None and now is not None and then.startswith("not covered") and not now.startswith("not covered")
    assert known.differences == len(changed)
    [member] = read_member_known(front, OFFICER, e.NUMBER, dt.date(2024, 7, 7), known.known_on, "en")
    assert (member.days[-1].then["JKK"], member.days[-1].now["JKK"]) == ("no", "yes")
    unpaid = {one.label: (one.then, one.now) for one in member.rows if one.then == "not paid"}
    assert unpaid["June 2024"] == ("not paid", "paid on 5 January 2023")


def test_the_decision_made_then_is_untouched(site: Site) -> None:
    site.run(*UNPAID, e.accident("K1"))
    front = front_of(site)
    stored = site.rows("SELECT * FROM decisions ORDER BY revision")
    letter = explain_claim(front, AUDITOR, "K1", "en")
    site.run(LATER)
    assert site.rows("SELECT * FROM decisions ORDER BY revision")[:1] == stored
    assert explain_claim(front, AUDITOR, "K1", "en") != letter
    moment = dt.datetime(2024, 8, 1, tzinfo=dt.UTC)
    assert explain_known(front, AUDITOR, "K1", "en", known_on=moment) == letter
    assert explain_known(front, AUDITOR, "K1", "en", revision=1) == letter


def test_who_may_ask_and_for_what(site: Site) -> None:
    backdated(site)
    site.run(
        e.accident("K2", "2024-07-08", accident={"occurred_at": "2024-07-08T10:00:00+07:00", "chronology": "jatuh"})
    )
    records: list[AuditRecord] = []
    front = front_of(site, records=records)
    moment = dt.datetime(2024, 8, 1, tzinfo=dt.UTC)
    assert "jatuh" in repr(read_known(front, OFFICER, "K2", front.now(), "id"))
    assert [(one.who, one.action, one.subject) for one in records] == [(OFFICER.name, "case.read", "K2")]
    assert "jatuh" not in repr(read_known(front, AUDITOR, "K2", front.now(), "id")) and len(records) == 1
    assert e.NIK not in repr(read_known(front, OFFICER, "K1", moment, "id"))
    for one in (CLINIC, new_principal("office", "ani"), new_principal("operator", "ani")):
        for ask in (
            lambda who: read_known(front, who, "K1", moment, "id"),
            lambda who: explain_known(front, who, "K1", "id", revision=1),
            lambda who: read_member_known(front, who, e.NUMBER, DAY, moment, "id"),
        ):
            with pytest.raises(Denied):
                ask(one)
    with pytest.raises(NotReady):
        read_known(replace(front, put_on_record=None), OFFICER, "K1", moment, "id")
    with pytest.raises(Poison):
        read_known(front, AUDITOR, "K1", front.now() + dt.timedelta(seconds=1), "id")
    with pytest.raises(Poison):
        explain_known(front, AUDITOR, "K1", "id", revision=1, known_on=moment)
    with pytest.raises(NotFound):
        explain_known(front, AUDITOR, "K1", "id", revision=9)
    with pytest.raises(NotFound):
        explain_known(front, AUDITOR, "K1", "id", known_on=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))


def test_each_moment_has_a_number_and_before_the_first_nothing_was_known(site: Site) -> None:
    backdated(site)
    front = front_of(site)
    newest = read_known(front, AUDITOR, "K1")
    assert newest.known_on == newest.moments[-1] and newest.differences == 0 and len(newest.moments) == 2
    first = read_known(front, AUDITOR, "K1", moment=1)
    assert first.known_on == newest.moments[0] and first.then is not None and first.then.revision == 1
    assert read_known(front, AUDITOR, "K1", moment=99).known_on == newest.known_on
    before = read_known(front, AUDITOR, "K1", newest.moments[0] - dt.timedelta(microseconds=1))
    assert before.then is None and all(one.is_different and one.then is None for one in before.rows)


# --- any history


@pytest.mark.parametrize("seed", range(2))
def test_every_moment_is_known_as_the_store_had_it_then(seed: int, site: Site) -> None:
    """Snapshots are taken after each event of any history, and compared when all of it has come."""
    sent = history(seed, (24, 10)[seed])
    front, snapshots = front_of(site), []
    for number, document in enumerate(sent):
        live(site, [document], number)
        snapshots.append((minute(number), *snapshot(asked(front, minute(number)), number % 4 == 0)))
    late = asked(front, minute(len(sent)))
    seen = 0
    for at, claims, letters, members in snapshots:
        for claim, expected in claims.items():
            known = known_or_none(late, claim, at)
            then = (known.then, then_of(known.rows)) if known else (None, {})
            assert then[0] == expected[0], (claim, at)
            assert [one for one in (then[1].items() ^ expected[1].items())] == [], (claim, at)
            letter = letters[claim]
            if letter is not None:
                assert explain_known(late, OFFICER, claim, "id", known_on=at) == letter, (claim, at)
                seen += 1
        for member, said in members.items():
            found = read_member_known(late, OFFICER, member, DAY, at, "id")
            assert [(then_of(one.rows), runs([(days.since, days.then) for days in one.days])) for one in found] == said
    assert seen > 2


DAY = dt.date(2024, 7, 7)


def runs(days: list[tuple[dt.date, Any]]) -> list[tuple[dt.date, Any]]:
    """Without those that begin with the answers of the run before: they are cut where the other side changes."""
    return [one for place, one in enumerate(days) if place == 0 or days[place - 1][1] != one[1]]


def known_or_none(front: FrontOffice, claim: str, at: dt.datetime) -> KnownClaim | None:
    try:
        return read_known(front, OFFICER, claim, at, "id")
    except NotFound:
        return None


def snapshot(front: FrontOffice, with_members: bool) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What the store says now of each claim and, now and then, member: state and words, the letter, cover."""
    claims, letters, members = dict[str, Any](), dict[str, Any](), dict[str, Any]()
    for claim in CLAIMS:
        known = known_or_none(front, claim, front.now())
        claims[claim] = (known.now, now_of(known.rows)) if known else (None, {})
        try:
            letters[claim] = explain_claim(front, OFFICER, claim, "id")
        except NotFound:
            letters[claim] = None
    for number in NUMBERS if with_members else ():
        try:
            found = read_member_known(front, OFFICER, number, DAY, front.now(), "id")
        except NotFound:
            continue
        members[number] = [(now_of(one.rows), runs([(days.since, days.now) for days in one.days])) for one in found]
    return claims, letters, members
