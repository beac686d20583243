"""The failures of the pipeline, and what each asks of the caller.

    SantunanError
    ├── Poison        this one record cannot be applied: dead letter, the stream goes on
    ├── Transient     the database or the broker is away or asks to try again: whole chunk again, then status 75
    ├── BadDeployment most of what arrives is of unknown type: stop with status 78, do not restart
    ├── NoLaw         no value of a parameter on this day: a bug of the rule book, status 70
    ├── BugFlood      a bug in most of what arrives: stop before all of it is set aside, status 70
    ├── BadRuleBook   the parameters break their own rules: refuse to start, status 78
    └── NotReady      what the program needs is not there or not as declared; the message says what to do, status 78

Anything else is a bug. Of one event: it becomes a dead letter BUG, and the stream goes on; of the program: status 70.
"""

import datetime as dt
from typing import Final

from schemas.decisions import FieldError

EXIT_REFUSED = 1  # some input was refused; the rest went through
EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_TRANSIENT = 75
EXIT_CONFIGURATION = 78


class SantunanError(Exception):
    exit_code = EXIT_BUG


class Poison(SantunanError):
    """`reason` is a code, `errors` name field and fix; neither repeats the input."""

    exit_code = EXIT_REFUSED

    def __init__(self, reason: str, *errors: FieldError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.errors = errors


class Transient(SantunanError):
    exit_code = EXIT_TRANSIENT


class BadDeployment(SantunanError):
    exit_code = EXIT_CONFIGURATION


class BugFlood(SantunanError):
    exit_code = EXIT_BUG


class NotReady(SantunanError):
    exit_code = EXIT_CONFIGURATION


class BadRuleBook(SantunanError):
    """`faults`: one sentence each, naming file, date and what to do."""

    exit_code = EXIT_CONFIGURATION

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("the rule book cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


class NoLaw(SantunanError):
    def __init__(self, parameter: str, day: dt.date) -> None:
        super().__init__(f"no value of {parameter} on {day}: add one to pipeline/law/parameters/{parameter}.yaml")
        self.parameter = parameter
        self.day = day


# What no single event is to blame for: it is never looked for in one, nor set aside with it.
NOT_OF_ONE_EVENT: Final = (Transient, BadDeployment, BugFlood, NotReady, BadRuleBook, MemoryError)


def bug_in_event(error: Exception) -> Poison:
    """The dead letter of an event that made the program fail: where it failed, without a word of the error, which may
    repeat the event."""
    where, trace = type(error).__name__, error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        where += f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}"
    message = f"a bug of Santunan ({where}); nothing of this event was applied: report it, retry it once it is mended"
    return Poison("BUG", FieldError("event", message))
