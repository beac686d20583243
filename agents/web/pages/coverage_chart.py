"""The chart of coverage by month: where its lines, its grid and the names of its axes are, in units of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from agents.imports.coverage_tables import shown_count
from pipeline.explain import Language
from pipeline.explain.coverage import coverage_text
from pipeline.law.calendar import month_of, month_text
from pipeline.operations.coverage_picture import CoverageRow, Picture

LINES: Final = ("people", "registered", "covered")
WIDTH: Final = 420  # with the names of the axes; a phone shows a unit as less than a pixel
HEIGHT: Final = 250
LEFT: Final = 70  # the numbers of the axis
TOP: Final = 12
BOTTOM: Final = 220  # of the plot; below it are the months
RIGHT: Final = 410
_MOST_STEPS: Final = 4
_LABEL_WIDTH: Final = 80  # so much room has the name of a month


class Line(NamedTuple):
    """One line. `points`: of a polyline; `title`, `reached`: what the legend says."""

    name: str
    title: str
    reached: str
    points: str


class Tick(NamedTuple):
    """A place on an axis, and what is written there."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`counts`: ticks of the axis of people, from zero; `months`: of the axis of time."""

    lines: tuple[Line, ...]
    counts: tuple[Tick, ...]
    months: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


def chart_of(picture: Picture, language: Language) -> Chart | None:
    """People, registered and covered at the end of each month and on the day; what is left out has no point. None:
    there is no month to compare with."""
    rows = [*picture.months, picture.total]
    most = max((getattr(row, name) or 0 for row in rows for name in LINES), default=0)
    if len(rows) < 2 or not most:
        return None
    step = _step(most)
    top = -(-most // step) * step
    counts = tuple(
        Tick(_height(one, top), shown_count(one, language)) for one in range(0, top + 1, step)
    )  # fmt: skip
    months = [*(row.key for row in picture.months), month_text(month_of(picture.day))]
    return Chart(tuple(_lines(rows, top, language)), counts, _months(months))


def _lines(rows: Sequence[CoverageRow], top: int, language: Language) -> list[Line]:
    found = []
    for name in LINES:
        counts = [(at, getattr(row, name)) for at, row in enumerate(rows)]
        points = [f"{_across(at, len(rows))},{_height(count, top)}" for at, count in counts if count is not None]
        if points:
            last = shown_count(counts[-1][1], language)
            found.append(Line(name, coverage_text(language, "columns", name), last, " ".join(points)))
    return found


def _months(months: Sequence[str]) -> tuple[Tick, ...]:
    """`8/2026` under the first and the last month, and under each January between them where there is room."""
    places = [(_across(at, len(months)), month) for at, month in enumerate(months)]
    first, last = places[0], places[-1]
    chosen = [first]
    for place in places[1:-1]:
        if place[1].endswith("-01") and chosen[-1][0] + _LABEL_WIDTH <= place[0] <= last[0] - _LABEL_WIDTH:
            chosen.append(place)
    return tuple(Tick(at, f"{int(month[5:])}/{month[:4]}") for at, month in [*chosen, last])


def _step(most: int) -> int:
    """1, 2 or 5 with zeros, so that no more than some steps reach the highest point."""
    step = 1
    while True:
        for one in (step, 2 * step, 5 * step):
            if one * _MOST_STEPS >= most:
                return one
        step *= 10


def _across(at: int, count: int) -> int:
    return LEFT + at * (RIGHT - LEFT) // (count - 1)


def _height(count: int, top: int) -> int:
    return BOTTOM - count * (BOTTOM - TOP) // top
