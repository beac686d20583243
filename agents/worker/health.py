"""Health of a worker over HTTP: /health, /ready and /metrics, from inside its own event loop.

/health fails only where a restart helps; /ready says whether new events are decided now, and deadlines noticed.
Neither asks the broker: the worker waits for one that is away, and a restart would not help. Never imports Kafka or the
store.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from agents.worker.batches import STUCK_SECONDS, BatchRunner
from agents.worker.metrics import Metrics
from pipeline.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Awaitable

LOOK_SECONDS: Final = 60.0  # an idle worker looks every second; a rebalance and a takeover may take most of a minute
STORE_SECONDS: Final = 2.0  # longest time of the store for one trivial read
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """The health of one worker. `ask_store`: one trivial read, in a thread; any error means that there is no answer.
    `missing_day`: a day that is over and has not passed, as a sentence.

    `clock`: as `time.monotonic`.
    """

    def __init__(
        self,
        runner: BatchRunner,
        ask_store: Callable[[], None],
        metrics: Metrics,
        missing_day: Callable[[], str | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._ask_store = ask_store
        self._metrics = metrics
        self._missing_day = missing_day
        self._clock = clock
        self._began = clock()
        self._asking: asyncio.Task[str | None] | None = None

    def trouble(self) -> str | None:
        """The reason to start this worker again, as a sentence. None: there is none.

        The answer itself shows that the event loop runs.
        """
        now = self._clock()
        for batch, since in self._runner.in_hand.items():
            if now - since > STUCK_SECONDS:
                return f"a batch has been in hand for {now - since:.0f} s; {STUCK_SECONDS:.0f} is most: {batch}"
        if self._runner.in_hand:
            return None
        source = self._runner.source
        looked_at = self._began if source is None else source.looked_at
        if now - looked_at > LOOK_SECONDS:
            return f"it has not looked for events for {now - looked_at:.0f} s; {LOOK_SECONDS:.0f} is most"
        return None

    async def missing(self) -> str | None:
        """The reason why new events are not decided now, as a sentence. None: they are."""
        if self._runner.is_leaving:
            return "the worker is leaving: it finishes the chunk in hand and begins no other"
        source = self._runner.source
        if source is None:
            return "the worker has not joined its group yet: no partition is assigned"
        return source.missing() or self.trouble() or await self._missing_store() or self._missing_day()

    async def _missing_store(self) -> str | None:
        """One read at a time, however many requests: a store that hangs must not take up a thread for each."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._asked())
        done, _ = await asyncio.wait({self._asking}, timeout=STORE_SECONDS)
        if not done:
            return f"the store has not answered a trivial read within {STORE_SECONDS:.0f} s"
        return self._asking.result()

    async def _asked(self) -> str | None:
        try:
            await asyncio.to_thread(self._ask_store)
        except Exception as error:  # of a driver or the file system: all mean the same here
            return f"the store does not answer a trivial read ({type(error).__name__})"
        return None

    # --- over HTTP

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/health", self._answer_health)
        app.router.add_get("/ready", self._answer_ready)
        app.router.add_get("/metrics", self._answer_metrics)
        return app

    async def _answer_health(self, request: web.Request) -> web.Response:
        return _answer(self.trouble())

    async def _answer_ready(self, request: web.Request) -> web.Response:
        return _answer(await self.missing())

    async def _answer_metrics(self, request: web.Request) -> web.Response:
        source = self._runner.source
        body = self._metrics.text(source.lag() if source is not None else None)
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})


def _answer(reason: str | None) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if reason is None:
        return web.json_response({"status": "ok"}, headers=headers)
    return web.json_response({"status": "unavailable", "reason": reason}, status=503, headers=headers)


async def listen(address: str, health: Health) -> "Callable[[], Awaitable[None]]":
    """Answer on HOST:PORT until the process ends; returns what ends it before. Raises NotReady where it cannot."""
    host, _, port = address.rpartition(":")
    options: dict[str, Any] = {"access_log": None}  # a line for each scrape would be most of the log
    runner = web.AppRunner(health.app(), **options)
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()
        reason = getattr(error, "strerror", None) or str(error)
        raise NotReady(
            f"SANTUNAN_HEALTH_ADDRESS {address} cannot be listened on ({reason}): "
            "give each worker of a machine an address of its own, or none"
        ) from None
    return runner.cleanup
