"""Sessions: how long one lasts, who needs a second factor, and when an account is paused. Pure.

The numbers for officers are those of OWASP ASVS 5.0 at level 2 as the design has them; auditors and operators see or
change as much, so theirs are the same.
"""

import datetime as dt
from typing import Final, NamedTuple

from pipeline.access.principals import Principal

NEEDS_SECOND_FACTOR: Final = frozenset({"officer", "auditor", "operator"})
MOST_SESSIONS: Final = 5  # of one principal: two computers, a telephone, and two that were left open
MOST_FAILURES: Final = 10  # in a row; a person who forgot has asked for a link by then
PAUSE: Final = dt.timedelta(minutes=15)  # 960 guesses a day
LINK_LASTS: Final = dt.timedelta(hours=24)  # a person gets it one day and uses it the next
SEEN_PRECISION: Final = dt.timedelta(seconds=30)  # not each request shall write; a session ends earlier by it at most
CODE_LASTS: Final = dt.timedelta(minutes=5)  # to read a preview and send it; a screen left open longer is anybody's
MOST_WRONG_CODES: Final = 5  # of one session, which ends then: who has only its cookie guesses once in 60,000 sessions
NEVER_OLD: Final = dt.datetime.max.replace(tzinfo=dt.UTC)  # in place of a code, of a session of the demo
KEPT_AFTER: Final = dt.timedelta(days=30)  # a session that is over; the audit records have it for good


class Limits(NamedTuple):
    """`idle`: from the last request; `whole`: from the sign-in."""

    idle: dt.timedelta
    whole: dt.timedelta


_WATCHED: Final = Limits(dt.timedelta(minutes=15), dt.timedelta(hours=8))
_OTHERS: Final = Limits(dt.timedelta(hours=1), dt.timedelta(hours=12))  # a ward's shift, with interruptions


def has_fresh_code(principal: Principal, now: dt.datetime) -> bool:
    return principal.code_at is not None and now - principal.code_at < CODE_LASTS


def limits_of(principal: Principal) -> Limits:
    return _WATCHED if principal.kind in NEEDS_SECOND_FACTOR else _OTHERS


def is_over(principal: Principal, created_at: dt.datetime, seen_at: dt.datetime, now: dt.datetime) -> bool:
    idle, whole = limits_of(principal)
    return now - seen_at >= idle or now - created_at >= whole


def ends_at(principal: Principal, created_at: dt.datetime, seen_at: dt.datetime) -> dt.datetime:
    """If no further request comes."""
    idle, whole = limits_of(principal)
    return min(seen_at + idle, created_at + whole)
