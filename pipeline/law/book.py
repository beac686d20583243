"""The rule book: every parameter of the law by date, checked as a whole before it is used.

The one place of the core that reads files: its own YAML, once, when the book is loaded. A parameter without a
value on a day is an error (NoLaw), never zero and never the nearest value.
"""

import datetime as dt
import hashlib
from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import BadRuleBook, NoLaw
from pipeline.law.parameter_file import Parameter, ParameterFile, Value
from pipeline.law.shapes import SHAPES

__all__ = ["Book", "Law", "Parameter", "Value"]

PARAMETERS = Path(__file__).parent / "parameters"
FIRST_DAY = dt.date(2015, 7, 1)  # PP 44/2015 is in force from this day on; the law before it is out of scope
FORMER_LAW = "B0_PP14_1993"


class Law:
    """The law of one day: `law["funeral"].value`. `terms`: the same, unpacked by `terms.terms_of`."""

    __slots__ = ("day", "rule_version", "benefit_layer", "terms", "_values")

    def __init__(self, day: dt.date, values: dict[str, Value]) -> None:
        self.day = day
        self._values = values
        self.terms: Any = None
        self.benefit_layer: str = values["benefit_layer"].value if values else FORMER_LAW
        self.rule_version = f"{self.benefit_layer}+{values['procedure_layer'].value}" if values else FORMER_LAW

    def __getitem__(self, name: str) -> Value:
        """Raises NoLaw before 2015-07-01, and for a parameter that the book does not hold."""
        try:
            return self._values[name]
        except KeyError:
            raise NoLaw(name, self.day) from None


class Book:
    """All parameters. `fingerprint`: sha256 of the files. `through`: last day up to which completeness was checked.

    `derived`: tables that rules work out from this book, made once.
    """

    __slots__ = ("parameters", "fingerprint", "through", "derived", "_starts", "_values", "_laws")
    first_day = FIRST_DAY

    def __init__(self, parameters: dict[str, Parameter], fingerprint: str) -> None:
        self.parameters = parameters
        self.fingerprint = fingerprint
        self.through = dt.date(max(one.checked_on for one in parameters.values()).year + 1, 12, 31)
        self.derived: dict[Any, Any] = {}
        dated = {value.since for parameter in parameters.values() for value in parameter.values}
        self._starts = tuple(sorted(dated))
        self._values = tuple({name: _value_on(one, day) for name, one in parameters.items()} for day in self._starts)
        self._laws: dict[dt.date, Law] = {}

    @classmethod
    def load(cls, directory: Path | None = None, instead: Path | None = None) -> "Book":
        """The book of `directory`, by default the one that comes with this version (read once a process).

        `instead`: a file that stands in for the one of the same name, to see what a change would do.
        Raises BadRuleBook with every fault of every file.
        """
        if directory is None and instead is None:
            return _own_book()
        return _load(directory or PARAMETERS, instead)

    def on(self, day: dt.date) -> Law:
        """The law of `day`; before 2015-07-01 one that knows its version and nothing else."""
        law = self._laws.get(day)
        if law is None:
            at = bisect_right(self._starts, day) - 1
            law = self._laws[day] = Law(day, self._values[at] if at >= 0 else {})
        return law


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


def _value_on(parameter: Parameter, day: dt.date) -> Value:
    return parameter.values[bisect_right(parameter.values, day, key=lambda value: value.since) - 1]
