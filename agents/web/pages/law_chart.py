"""The step chart of a number of the law: where its steps are, in pixels, and its finding in one sentence."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.web.pages.frame import texts
from pipeline.explain import Language, day
from pipeline.explain.law import parameter_title, written_value
from pipeline.operations.law import Dated
from schemas.codes import Marker

WIDTH: Final = 640
HEIGHT: Final = 180
ROOM_ABOVE: Final = 40  # for the value of the highest step
ROOM_BELOW: Final = 30  # for the years
LABEL_WIDTH: Final = 170  # a step that is narrower has no label: its value is in the list below
LEAST_WIDTH: Final = 2
_UNSURE: Final[tuple[Marker, ...]] = ("RECALLED", "DESIGN")


@dataclass(frozen=True, slots=True)
class Step:
    """One value. `label`: what it says, where there is room; `year`: in which it begins, where there is room."""

    x: int
    y: int
    width: int
    height: int
    label: str
    year: str
    is_unsure: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """`finding`: what the chart shows, in words."""

    finding: str
    steps: tuple[Step, ...]
    has_unsure: bool
    width: int = WIDTH
    height: int = HEIGHT + ROOM_BELOW


def chart_of(found: Sequence[Dated], until: dt.date, language: Language) -> Chart | None:
    """None: it is no plain number, or it never changed."""
    amounts = [0 if one.value is None else one.value for one in found]
    if len(found) < 2 or not all(isinstance(one, int) and not isinstance(one, bool) for one in amounts):
        return None
    first, most = found[0].since, max(amounts) or 1
    days = max((until - first).days, 1)
    ends = [*(one.since for one in found[1:]), until]
    steps = []
    for one, amount, end in zip(found, amounts, ends, strict=True):
        begin = min((one.since - first).days, days) * WIDTH // days
        width = max(min((end - first).days, days) * WIDTH // days - begin, LEAST_WIDTH)
        height = amount * (HEIGHT - ROOM_ABOVE) // most
        has_room = width >= LABEL_WIDTH
        label = written_value(one.value, one.unit, language) if has_room else ""
        year = str(one.since.year) if has_room else ""
        steps.append(Step(begin, HEIGHT - height, width, height, label, year, one.marker in _UNSURE))
    return Chart(_finding(found, language), tuple(steps), any(one.is_unsure for one in steps))


def _finding(found: Sequence[Dated], language: Language) -> str:
    """Of the last change; of one that changed its source alone, that it stayed."""
    t, last = texts(language)["law"], found[-1]
    before = next((one for one in reversed(found[:-1]) if one.value != last.value), None)
    if before is None:
        said = t["stayed"].replace("{after}", written_value(last.value, last.unit, language))
        since = found[0].since
    else:
        since = next(one.since for one in found[found.index(before) + 1 :])
        how = "ended" if last.value is None else "began" if before.value is None else ""
        how = how or ("rose" if last.value > before.value else "fell")
        said = t[how].replace("{after}", written_value(last.value, last.unit, language))
        said = said.replace("{before}", written_value(before.value, before.unit, language))
    return f"{parameter_title(last.name, language)}: {said.replace('{day}', day(since, language))}"
