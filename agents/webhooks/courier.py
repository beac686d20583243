"""The courier: takes webhooks in turn, reads the feed for each, and posts what is due.

Each webhook has a turn of its own, so one that is slow or dead delays no other. A failed attempt is repeated after
pauses that grow, for three days; then it is listed as failed.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol, TypeVar

from agents.webhooks.poster import GONE
from agents.webhooks.signing import headers_of
from pipeline.access.roles import Denied
from pipeline.errors import Transient
from pipeline.operations.announcements import announcements, id_of
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.submissions import feed_end, last_chunk
from pipeline.store.webhook_book import host_of
from pipeline.store.webhook_outbox import Leased, NewPost, Outbox, Post, Result
from schemas.clock import clock_of

Answer = TypeVar("Answer")
# After each attempt that failed; with the last one three days are over. They are those that the specification of
# Standard Webhooks gives as its example, up to three days.
PAUSES: Final = tuple(
    dt.timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 72_000)
)
LONGEST: Final = dt.timedelta(days=3)
LEASE: Final = dt.timedelta(seconds=45)  # a post and two waits for the database; renewed before each post
REST: Final = dt.timedelta(seconds=30)  # of a receiver that does not answer: it has no turn meanwhile
POLL: Final = dt.timedelta(seconds=2)  # between two looks of one webhook
LOOK_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 5.0
TURN_SECONDS: Final = 20.0  # of posts to one webhook, then others come first
MOST_TURNS: Final = 200  # at once; a dead receiver has one for 10 s of each 40
MOST_WAITING: Final = 1000  # posts of one webhook; the rest waits in the feed, where nothing is lost
THREADS: Final = 3  # that ask the database

log = logging.getLogger("santunan.webhooks")


class Posting(Protocol):
    async def post(self, url: str, headers: dict[str, str], body: bytes) -> str: ...


class Courier:
    """`now` of `front` is the clock of all that is due."""

    def __init__(self, front: FrontOffice, outbox: Outbox, poster: Posting) -> None:
        self._front = front
        self._outbox = outbox
        self._poster = poster
        self._threads = ThreadPoolExecutor(THREADS, "webhooks")
        self._turns: set[asyncio.Task[None]] = set()
        self._ends: dict[int, int] = {}
        self._chunk = 0  # up to which `_ends` was read

    def close(self) -> None:
        self._threads.shutdown()

    async def run(self, leaving: asyncio.Event) -> None:
        """Until `leaving` is set; posts that are on their way are ended first."""
        while not leaving.is_set():
            pause = LOOK_SECONDS
            try:
                await self.start_turns()
            except Transient as away:
                log.warning("the database is away: %s", away)
                pause = AWAY_SECONDS
            try:
                await asyncio.wait_for(leaving.wait(), pause)
            except TimeoutError:
                continue
        await self.finish()

    async def start_turns(self) -> int:
        """A turn for each webhook with something to do; how many. Raises Transient."""
        room = MOST_TURNS - len(self._turns)
        if room <= 0:
            return 0
        chunk, leased = await self._in_thread(partial(self._lease, room))
        for one in leased:
            turn = asyncio.create_task(self._turn(one, chunk))
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
        return len(leased)

    async def finish(self) -> None:
        if self._turns:
            await asyncio.wait(self._turns)

    def _lease(self, room: int) -> tuple[int, list[Leased]]:
        now = self._front.now()
        chunk = last_chunk(self._front.store)
        if chunk != self._chunk:
            self._ends |= feed_end(self._front.store, behind=self._chunk)
            self._chunk = chunk
        self._outbox.forget(now)
        leased = self._outbox.lease(now, now + LEASE, chunk, limit=room, most_waiting=MOST_WAITING)
        return chunk, leased

    async def _turn(self, leased: Leased, chunk: int) -> None:
        """Whatever happens in it is of this webhook alone: its lease ends by time, and it has another turn."""
        try:
            is_due = await self._in_thread(partial(self._take_in, leased, chunk)) or leased.is_due
            rests = await self._post_all(leased) if is_due else False
            until = self._front.now() + (REST if rests else POLL)
            await self._in_thread(partial(self._outbox.release, leased, until))
        except Transient as away:
            log.warning("the turn of a webhook was broken off: %s", away, extra={"source": leased.principal.name})
        except Exception:
            log.exception("a bug in the turn of webhook %s", leased.id, extra={"source": leased.principal.name})

    def _take_in(self, leased: Leased, chunk: int) -> bool:
        """Makes posts of what is new in the feed, as far as there is room. Whether there are any."""
        cursor, room, count = leased.cursor, leased.room, 0
        while room > 0:
            try:
                page = announcements(self._front, leased.principal, cursor, self._ends)
            except Denied:
                return count > 0
            new = [NewPost(id_of(leased.id, one.decision_id), one.decision_id, one.body) for one in page.rows]
            cursor = page.cursor or cursor
            seen = None if page.more else chunk
            if not self._outbox.add(leased, new, cursor, seen, self._front.now()):
                return False
            room, count = room - len(new), count + len(new)
            if not page.more:
                break
        return count > 0

    async def _post_all(self, leased: Leased) -> bool:
        """Posts what is due, in its order. Whether the receiver does not answer, so that it is to rest."""
        last: Result | None = None
        clock = asyncio.get_running_loop().time
        ends_at = clock() + TURN_SECONDS
        rests = False
        while True:
            is_over = rests or clock() >= ends_at
            if is_over and last is None:
                return rests
            now = self._front.now()
            post = await self._in_thread(partial(self._outbox.next, leased, last, now, now + LEASE))
            last = None
            if post is None or is_over:
                return rests
            headers = headers_of(post.id, post.body, post.secrets, self._front.now())
            outcome = await self._poster.post(leased.url, headers, post.body)
            self._log(leased, outcome)
            last = result_of(post, outcome, self._front.now())
            if outcome == GONE:
                await self._in_thread(partial(self._outbox.disable, leased, last, self._front.now()))
                return False
            rests = not outcome.isdecimal() or outcome[0] == "5" or outcome == "429"

    def _log(self, leased: Leased, outcome: str) -> None:
        said = {"source": leased.principal.name, "reason": outcome}
        level = logging.INFO if _is_taken(outcome) else logging.WARNING
        log.log(level, "posted for webhook %s to %s", leased.id, host_of(leased.url), extra=said)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def result_of(post: Post, outcome: str, now: dt.datetime) -> Result:
    """What follows from the answer to this attempt."""
    if _is_taken(outcome):
        return Result(post.number, None)
    since = now - clock_of(post.created_at)
    if outcome == GONE or post.attempts >= len(PAUSES) or since >= LONGEST:
        return Result(post.number, outcome)
    return Result(post.number, outcome, now + PAUSES[post.attempts])


def _is_taken(outcome: str) -> bool:
    return outcome.isdecimal() and outcome[0] == "2"
