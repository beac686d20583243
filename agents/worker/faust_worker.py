"""Faust's worker without a web port, a banner or a redirected stdout, and with our way of leaving.

It leaves within ten seconds of SIGTERM: the batch in hand is finished, then the process ends at once. There is nothing
else to save.
"""

import asyncio
import os
from typing import Any

import faust

from agents.worker.ending import PARENT_CHECK_SECONDS, SUPERVISOR_VARIABLE, leave
from agents.worker.logs import configure_logs
from pipeline.errors import EXIT_BUG, EXIT_TRANSIENT, SantunanError
from pipeline.store.engines import sqlite_refusal


class Worker(faust.Worker):  # type: ignore[misc]
    """Faust's worker, with our way of leaving."""

    def __init__(self, app: Any, *services: Any, **options: Any) -> None:
        configure_logs(app.settings.log_level, app.settings.log_format)
        options.update(override_logging=False, redirect_stdouts=False, quiet=True)
        super().__init__(app, *services, **options)
        self.spinner = None
        # Not `getppid`: a supervisor that died while this process started is not its parent any more.
        self._supervisor = int(os.environ.get(SUPERVISOR_VARIABLE, 0))
        self._leaving: asyncio.Task[None] | None = None

    async def on_execute(self) -> None:
        if self._supervisor:
            self.add_future(self._follow_the_supervisor())

    async def on_startup_finished(self) -> None:
        """Nothing to print: the transport logs what it reads and from where."""

    def on_worker_shutdown(self) -> None:
        """Reached only when a service of Faust crashed; nothing in this process can be trusted after that."""
        crash = self.app.crash_reason or self.crash_reason
        known = crash if crash is None or isinstance(crash, SantunanError) else sqlite_refusal(crash)
        if known is not None:
            leave(known.exit_code, str(known))
        leave(EXIT_BUG, f"Faust stopped by itself: {type(crash).__name__}; the log says more")

    def _on_sigterm(self) -> None:
        self._begin_to_leave("SIGTERM")

    def _on_sigint(self) -> None:
        self._begin_to_leave("SIGINT")

    def _begin_to_leave(self, why: str) -> None:
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._leave(why))

    async def _leave(self, why: str) -> None:
        if await self.app.runner.finish():
            await self.app.consumer.leave_group()
            leave(0, why)
        leave(EXIT_TRANSIENT, f"{why}, but the chunk in hand took too long; it is read again")

    async def _follow_the_supervisor(self) -> None:
        """A worker whose supervisor was killed would run on unseen, and keep the file of the next one locked."""
        while not self.should_stop:
            await asyncio.sleep(PARENT_CHECK_SECONDS)
            if os.getppid() != self._supervisor:
                self._begin_to_leave("the supervisor is gone")
