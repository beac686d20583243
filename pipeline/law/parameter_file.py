"""The reader of one parameter file: from its YAML text to dated values, or to sentences that name its faults.

YAML is read node by node and not through a loader's conversions, because those take the last of two equal keys,
read 1.5 as a float and 010 as 8, and stop at the first impossible date. Pure: the text comes in as an argument.
"""

import datetime as dt
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, cast

import yaml

from pipeline.errors import NoLaw
from pipeline.law.declarations import SHAPES, Shape, Value
from schemas.codes import MARKERS, Marker

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # with libyaml, where installed, ten times as fast
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9_]*)")
_KEYS = ("description", "unit", "values", "checked_on")
_ENTRY_KEYS = ("value", "absent", "reference", "marker")
_FIRST_YEAR, _LAST_YEAR = 2015, 2060  # a date beyond is a typing error
_WRONG = object()  # in place of what could not be read; its fault has been noted


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number, text or table of the law, with its values in order of their start days."""

    name: str
    description: str
    unit: str
    values: tuple[Value[Any], ...]
    checked_on: dt.date

    def on(self, day: dt.date) -> Value[Any]:
        """The value of `day`. Raises NoLaw before the first one."""
        at = bisect_right(self.values, day, key=lambda value: value.since) - 1
        if at < 0:
            raise NoLaw(self.name, day)
        return self.values[at]


class ParameterFile:
    """Reads one file. `faults`: one sentence each, naming file, place and what to do; empty where all is well."""

    def __init__(self, name: str, text: str, first_day: dt.date) -> None:
        self.name = name
        self.first_day = first_day
        self.faults: list[str] = []
        self.parameter: Parameter | None = None
        self._within: dt.date | None = None  # the start date whose entry is being read
        shape = SHAPES.get(name)
        if shape is None:
            self._fault("file", "this parameter is not known; correct the file's name or add it to declarations.py")
            return
        document = self._document(text)
        if document is not None:
            found = self._parameter(document, shape)
            self.parameter = found if not self.faults else None

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(f"{self.name}.yaml, {where}: {what}")

    def _line(self, node: yaml.Node) -> str:
        line = f"line {node.start_mark.line + 1}"
        return line if self._within is None else f"{self._within} ({line})"

    def _document(self, text: str) -> dict[Any, Any] | None:
        try:
            if (line := _line_of_anchor(text)) is not None:
                what = "anchors and aliases (& and *) are not read, for a few could unfold without end; write it out"
                self._fault(f"line {line}", what)
                return None
            node = yaml.compose(text, Loader=_Loader)
            found = self._plain(node) if isinstance(node, yaml.MappingNode) else None
        except RecursionError:
            self._fault("file", "it is nested deeper than any value of the law; write it as the other files are")
            return None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
            self._fault(f"line {line}", f"it is not YAML ({error.problem}); correct the punctuation or indentation")
            return None
        except yaml.YAMLError:
            self._fault("file", "it holds a character that YAML does not allow; remove it")
            return None
        if not isinstance(found, dict):
            self._fault("file", f"write a mapping with the keys {', '.join(_KEYS)}")
            return None
        return found

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            found: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = self._key(key_node)
                if key in found:
                    self._fault(self._line(key_node), f"the key {key} stands twice; keep one of them")
                outer, self._within = self._within, key if isinstance(key, dt.date) else self._within
                found[key] = self._plain(value_node)
                self._within = outer
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(one) for one in node.value]
        return self._scalar(node)

    def _key(self, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(self._line(node), "a key is a name or a date; write it as one")
            return _WRONG
        return self._date(node) if node.tag.endswith(":timestamp") else str(node.value)

    def _scalar(self, node: yaml.Node) -> Any:
        kind = node.tag.rsplit(":", 1)[-1]
        written = str(node.value)
        if kind == "str":
            return written
        if kind == "null":
            return None
        if kind == "bool":
            return written.lower() in ("true", "yes", "on")
        if kind == "timestamp":
            return self._date(node)
        if kind == "int" and _WHOLE_NUMBER.fullmatch(written):
            return int(written.replace("_", ""))
        if kind == "float":
            self._fault(
                self._line(node),
                f"{written} is a float, which cannot hold money or percent exactly; write a "
                f"whole number, or a percentage as quoted text",
            )
        else:
            self._fault(self._line(node), f"{written} cannot be read; write a plain whole number, date or quoted text")
        return _WRONG

    def _date(self, node: yaml.Node) -> Any:
        try:
            return dt.date.fromisoformat(node.value)
        except ValueError:
            self._fault(self._line(node), f"{node.value} is no day of the calendar; correct the date (YYYY-MM-DD)")
            return _WRONG

    def _parameter(self, document: dict[Any, Any], shape: Shape) -> Parameter:
        for key in document:
            if key not in _KEYS and key is not _WRONG:
                self._fault("file", f"unknown key {key}; the keys are {', '.join(_KEYS)}")
        description, unit, checked_on = document.get("description"), document.get("unit"), document.get("checked_on")
        if not isinstance(description, str) or not description.strip():
            self._fault("file", "`description` is missing; say in one sentence what it is")
        if unit != shape.unit:
            self._fault("file", f"the unit is {unit}; it must be `{shape.unit}`")
        if checked_on is None:
            self._fault("file", "`checked_on` is missing; write the day on which it was last compared with the law")
        elif not isinstance(checked_on, dt.date) and checked_on is not _WRONG:
            self._fault("file", "`checked_on` is no date; write YYYY-MM-DD")
        values = self._values(document.get("values"), shape)
        if isinstance(checked_on, dt.date):
            self._check_through(values, dt.date(checked_on.year + 1, 12, 31), shape)
        return Parameter(self.name, str(description), shape.unit, values, checked_on)  # type: ignore[arg-type]

    def _values(self, written: Any, shape: Shape) -> tuple[Value[Any], ...]:
        if not isinstance(written, dict) or not written:
            self._fault("file", "`values` is missing; write one entry for each start date")
            return ()
        found: list[Value[Any]] = []
        previous: dt.date | None = None
        for since, entry in written.items():
            if since is _WRONG:
                continue
            if not isinstance(since, dt.date):
                self._fault(str(since), "this is no date; write the start day as YYYY-MM-DD")
                continue
            if not _FIRST_YEAR <= since.year <= _LAST_YEAR:
                self._fault(str(since), f"the year lies outside {_FIRST_YEAR} to {_LAST_YEAR}; correct the date")
            if previous is not None and since < previous:
                self._fault(str(since), f"it stands after {previous}; put the dates in order")
            previous = since
            value = self._value(since, entry, shape)
            if value is not None:
                found.append(value)
        starts = [since for since in written if isinstance(since, dt.date)]
        if starts and min(starts) > self.first_day:
            self._fault(
                str(min(starts)),
                f"the first value starts late: say what was so from {self.first_day} on, "
                f"with `absent: true` if there was no such thing",
            )
        if starts and min(starts) < self.first_day:
            self._fault(str(min(starts)), f"it lies before {self.first_day}, where this rule book begins; correct it")
        return tuple(found)

    def _value(self, since: dt.date, entry: Any, shape: Shape) -> Value[Any] | None:
        where = str(since)
        if not isinstance(entry, dict):
            self._fault(where, "write {value: …, reference: …, marker: …}")
            return None
        for key in entry:
            if key not in _ENTRY_KEYS and key is not _WRONG:
                self._fault(where, f"unknown key {key}; the keys are {', '.join(_ENTRY_KEYS)}")
        reference, marker = entry.get("reference"), entry.get("marker")
        if not isinstance(reference, str) or not reference.strip():
            self._fault(where, "the reference is missing; name the law and the article")
        if marker not in MARKERS:
            fault = "the marker is missing" if marker is None else f"the marker {marker} is unknown"
            self._fault(where, f"{fault}; write one of {', '.join(MARKERS)}")
        if "absent" in entry:
            return self._absence(since, entry, shape)
        if "value" not in entry:
            self._fault(where, "the value is missing; write `value: …`, or `absent: true` where there is no such thing")
            return None
        if _holds_wrong(entry["value"]):
            return None
        try:
            value = shape.read(entry["value"])
            if shape.fits is not None:
                shape.fits(since, value)
        except ValueError as error:
            self._fault(where, f"the value is not of the unit `{shape.unit}`: {error}")
            return None
        return Value(value, str(reference), cast(Marker, str(marker)), since, written=entry["value"])

    def _absence(self, since: dt.date, entry: dict[Any, Any], shape: Shape) -> Value[Any] | None:
        if entry["absent"] is not True or "value" in entry:
            self._fault(str(since), "write either `absent: true` or a `value`, not both")
        elif not shape.may_be_absent:
            self._fault(str(since), "this parameter cannot be absent; write the value that was in force")
        reference, marker = str(entry.get("reference")), cast(Marker, str(entry.get("marker")))
        return Value(None, reference, marker, since, absent=True)

    def _check_through(self, values: tuple[Value[Any], ...], last: dt.date, shape: Shape) -> None:
        """A table of one year's dates says nothing about the next year: each year to the last must have its own."""
        if shape.unit != "dates":
            return
        known = {value.since.year for value in values}
        for year in range(self.first_day.year, last.year + 1):
            if year not in known:
                self._fault(f"{year}-01-01", f"the dates of {year} are missing; add an entry for that year")


def _line_of_anchor(text: str) -> int | None:
    """Where a value is named, or a named one is repeated. The events of YAML unfold nothing."""
    if "&" not in text and "*" not in text:
        return None
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "anchor", None) is not None:
            return event.start_mark.line + 1 if event.start_mark is not None else 1
    return None


def _holds_wrong(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key is _WRONG or _holds_wrong(one) for key, one in value.items())
    if isinstance(value, list):
        return any(map(_holds_wrong, value))
    return value is _WRONG
