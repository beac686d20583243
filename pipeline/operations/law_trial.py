"""A changed number of the law, tried on the stored claims: how they would end by it. Reads alone, and has limits.

The history is decided again in the process that asks, so what is large or slow is left to `santunan rules impact`.
"""

import datetime as dt
import threading
import time
from typing import Final

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.audit.impact import Impact, impact
from pipeline.errors import EXIT_REFUSED, Poison, SantunanError, Transient
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.pages import NotFound
from pipeline.queries.statistics import count_events
from schemas.decisions import FieldError

__all__ = ["Impact", "TooLarge", "try_number"]

MOST_EVENTS: Final = 50_000  # some 5 s of a core; a gateway answers others meanwhile, but slower
SECONDS: Final = 10.0

_one_at_a_time = threading.Lock()


class TooLarge(SantunanError):
    """The history is too long to be decided again here."""

    exit_code = EXIT_REFUSED


def try_number(front: FrontOffice, principal: Principal, *, name: str, since: dt.date, written: str) -> Impact:
    """How stored claims would end if the number `name`, in force from `since` on, were `written`. Nothing is changed.

    Raises Denied, NotFound, Poison (field `written`), TooLarge; Transient where another one is being tried.
    """
    grant_of(principal, "try_number")
    parameter = front.book.parameters.get(name)
    if parameter is None or all(value.since != since for value in parameter.values):
        raise NotFound("the law has no such number, or it does not change on that day; choose one of the list")
    before = next(value.written for value in parameter.values if value.since == since)
    if before is not None and not isinstance(before, int | str):
        raise NotFound("a table of the law is tried with `santunan rules impact FILE`")
    is_number = written.isascii() and written.isdecimal() and not isinstance(before, str)
    try:
        book = front.book.with_value(name, since, int(written) if is_number else written)
    except ValueError as error:
        raise Poison("INVALID", FieldError("written", str(error))) from None
    if count_events(front.store) > MOST_EVENTS:
        raise TooLarge(f"there are more than {MOST_EVENTS:,} events")
    if not _one_at_a_time.acquire(blocking=False):
        raise Transient("another number is being tried; ask again in some seconds")
    try:
        ends_at = time.monotonic() + SECONDS

        def in_time(_: int) -> None:
            if time.monotonic() > ends_at:
                raise TooLarge(f"it takes more than {SECONDS:.0f} seconds")

        return impact(front.store, book, in_time)
    finally:
        _one_at_a_time.release()
