"""The failures of the pipeline, and what each asks of the caller.

    SantunanError
    ├── Poison        this one record cannot be applied: dead letter, the stream goes on
    ├── Transient     the database or the broker is away or asks to try again: whole chunk again, then status 75
    ├── BadDeployment most of what arrives is of unknown type: stop with status 78, do not restart
    ├── NoLaw         no value of a parameter on this day: a bug of the rule book, status 70
    ├── BadRuleBook   the parameters break their own rules: refuse to start, status 78
    └── NotReady      what the program needs is not there or not as declared; the message says what to do, status 78

Anything else is a bug: status 70.
"""

import datetime as dt

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
