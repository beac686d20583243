"""The rule book: every parameter of the law by date, checked as a whole before it is used.

The one place of the core that reads files: its own YAML, once, when the book is loaded. A parameter without a
value on a day is an error (NoLaw), never zero and never the nearest value.
"""

import datetime as dt
import hashlib
from bisect import bisect_right
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import BadRuleBook, NoLaw
from pipeline.law.declarations import SHAPES, Law, Value
from pipeline.law.parameter_file import Parameter, ParameterFile

PARAMETERS = Path(__file__).parent / "parameters"
FIRST_DAY = dt.date(2015, 7, 1)  # PP 44/2015 is in force from this day on; the law before it is out of scope
FORMER_LAW = "B0_PP14_1993"


class Book:
    """All parameters. `fingerprint`: sha256 of the files. `through`: last day up to which completeness was checked.

    `derived`: tables that rules compute from this book, made once.
    """

    __slots__ = ("parameters", "fingerprint", "through", "derived", "_starts", "_spans", "_by_day")
    first_day = FIRST_DAY

    def __init__(self, parameters: dict[str, Parameter], fingerprint: str) -> None:
        self.parameters = parameters
        self.fingerprint = fingerprint
        self.through = dt.date(max(one.checked_on for one in parameters.values()).year + 1, 12, 31)
        self.derived: dict[Any, Any] = {}
        dated = {value.since for parameter in parameters.values() for value in parameter.values}
        self._starts = tuple(sorted(dated))
        self._spans = tuple(Law(*[parameters[name].on(day) for name in SHAPES]) for day in self._starts)
        self._by_day: dict[dt.date, Law] = {}

    @classmethod
    def load(cls, directory: Path | None = None, instead: Path | None = None) -> "Book":
        """The book of `directory`, by default the one that comes with this version (read once a process).

        `instead`: a file that replaces the one of the same name, to see what a change would do.
        Raises BadRuleBook with every fault of every file.
        """
        if directory is None and instead is None:
            return _own_book()
        return _load(directory or PARAMETERS, instead)

    def with_value(self, name: str, since: dt.date, written: Any) -> "Book":
        """This book with another value of one parameter, in place of the one that is in force from `since` on; to see
        what a change would do. `written`: as its file would have it. Raises ValueError with the remedy; KeyError where
        there is no such parameter or start."""
        parameter = self.parameters[name]
        index = {value.since: at for at, value in enumerate(parameter.values)}[since]
        before, shape = parameter.values[index], SHAPES[name]
        value = shape.read(written)
        if shape.fits is not None:
            shape.fits(since, value)
        values = list(parameter.values)
        values[index] = Value(value, before.reference, before.marker, since, written=written)
        changed = replace(parameter, values=tuple(values))
        fingerprint = hashlib.sha256(f"{self.fingerprint} {name} {since} {written}".encode()).hexdigest()
        return Book(self.parameters | {name: changed}, fingerprint)

    def find(self, day: dt.date) -> Law | None:
        """The law of `day`; None before 2015-07-01."""
        law = self._by_day.get(day)
        if law is None:
            at = bisect_right(self._starts, day) - 1
            if at < 0:
                return None
            law = self._by_day[day] = self._spans[at]
        return law

    def on(self, day: dt.date) -> Law:
        """The law of `day`. Raises NoLaw before 2015-07-01."""
        law = self.find(day)
        if law is None:
            raise NoLaw("benefit_layer", day)
        return law

    def rule_version(self, day: dt.date) -> str:
        """Benefit layer and procedure layer; before 2015-07-01 the name of the law that was in force."""
        law = self.find(day)
        return FORMER_LAW if law is None else law.rule_version


@cache
def _own_book() -> Book:
    return _load(PARAMETERS, None)


def _load(directory: Path, instead: Path | None) -> Book:
    paths = {path.stem: path for path in sorted(directory.glob("*.yaml"))}
    if instead is not None:
        paths[instead.stem] = instead
    faults = [
        f"{name}.yaml, file: it is missing; every parameter of the law has a file in {directory.name}/"
        for name in SHAPES
        if name not in paths
    ]
    parameters: dict[str, Parameter] = {}
    digest = hashlib.sha256()
    for name in sorted(paths):
        raw = paths[name].read_bytes()
        digest.update(f"{name} {len(raw)}\n".encode() + raw)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            faults.append(f"{name}.yaml, file: it is not UTF-8 text; save it as UTF-8")
            continue
        read = ParameterFile(name, text, FIRST_DAY)
        faults += read.faults
        if read.parameter is not None:
            parameters[name] = read.parameter
    if faults:
        raise BadRuleBook(tuple(faults))
    return Book(parameters, digest.hexdigest())
