"""The head of a request, which comes before any route is known: how large it may be, and how slowly it may come.

uvicorn limits neither. One connection that never ends its head would fill the memory and keep the event loop busy, and
two thousand that send nothing would keep everybody else out.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from agents.web.gate import IS_FULL, log
from agents.web.problems import answer, own

MOST_HEAD_BYTES: Final = 32 * 1024  # address and headers: a browser's cookies have 4 KiB each, and ours is one
HEAD_SECONDS: Final = 10.0  # from the first byte, or from the connection, to the end of the head
MOST_CONNECTIONS: Final = 2000
_MARKS: Final = 4  # bytes of a line of headers beside name and value


class HeadTooLarge(Exception):
    """Ends the parser's work; the answer is written then."""


class HeadGuard(HttpToolsProtocol):
    """One connection. A timer runs whenever a head is awaited, but for the time between two requests, which has a
    limit of uvicorn's."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._bytes = 0  # of a head that has not ended; of the chunk in which it began, none
        self._is_in_head = self._is_too_large = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if self.transport.is_closing():
            return
        if was_in_head and self._is_in_head:
            self._bytes += len(data)
            if self._bytes > MOST_HEAD_BYTES:
                self._refuse_head()
        elif self._is_idle():  # what came is no head yet, or the rest of a body that nobody reads
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._bytes = True, 0
        self._await_head()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop()
        if len(self.url) + sum(len(name) + len(value) + _MARKS for name, value in self.headers) > MOST_HEAD_BYTES:
            self._is_too_large = True
            raise HeadTooLarge
        if len(self.connections) > MOST_CONNECTIONS:
            self.scope[IS_FULL] = True  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn answers where its parser cannot go on."""
        if self._is_too_large:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def _is_idle(self) -> bool:
        """Whether no answer is on its way."""
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._end_waiting)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_waiting(self) -> None:
        """Without a word: nobody knows yet what was asked. An answer that is on its way goes first."""
        self._timer = None
        if self._is_idle():
            self.transport.close()
        else:
            self._await_head()

    def _refuse_head(self) -> None:
        """In Indonesian: what language is asked for may be in the part that was not read."""
        event = {"reason": "HEAD", "status": 431, "address": self.client[0] if self.client is not None else None}
        log.warning("a request was refused: its head is too large", extra=event)
        refusal = answer(own("HEAD"), "id")
        head = [STATUS_LINE[refusal.status_code], *(b"%b: %b\r\n" % one for one in refusal.raw_headers)]
        self.transport.write(b"".join([*head, b"connection: close\r\n\r\n", bytes(refusal.body)]))
        self.transport.close()
