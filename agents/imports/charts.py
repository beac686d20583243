"""Charts as SVG documents of their own, for an `<img>` and for a report: bars of months and bars with names.

The numbers are in a table beside each chart, and its finding is its alternative text.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
_HEIGHT: Final = 220
_ROW: Final = 34  # of a bar with its name above it
_NAME: Final = 90  # pixels that the name of a month takes
_GRID: Final = "#b5bcc2"
_COLORS: Final = ("#0b6e4f", "#8a2b2b", "#9a6700", "#5b6b79")
_FONT: Final = 'font-family="sans-serif" font-size="14" fill="#1d2327"'


def stacked_bars(
    names: Sequence[str], values: Sequence[Sequence[int]], parts: Sequence[str], highest: str, finding: str
) -> str:
    """A bar a name, with its parts on each other; `values`: of each name, as many as there are parts. `highest`: the
    number of the longest bar, as it is written."""
    most = max((sum(one) for one in values), default=0) or 1
    width = WIDTH / max(len(names), 1)
    drawn = []
    for at, own in enumerate(values):
        bottom = float(_HEIGHT)
        for part, value in enumerate(own):
            height = value * (_HEIGHT - 20) / most
            bottom -= height
            if value:
                drawn.append(_bar(at * width, bottom, max(width - 2, 1), height, _COLORS[part]))
    drawn.append(_bar(0, 20, WIDTH, 1, _GRID) + _text(0, 14, highest))
    step = max(1, -(-len(names) * _NAME // WIDTH))
    shown = [at for at in range(0, len(names), step) if at == 0 or at * width + _NAME <= WIDTH]
    drawn += [_text(at * width, _HEIGHT + 16, names[at]) for at in shown]
    for part, name in enumerate(parts):  # two beside each other
        x, y = part % 2 * WIDTH / 2, _HEIGHT + 30 + part // 2 * 22
        drawn.append(_bar(x, y, 12, 12, _COLORS[part]) + _text(x + 18, y + 11, name))
    return _document(_HEIGHT + 30 + -(-len(parts) // 2) * 22, finding, drawn)


def named_bars(names: Sequence[str], values: Sequence[int], finding: str) -> str:
    """The largest first, as given; the name, with its number, is above each bar."""
    most = max(values, default=0) or 1
    drawn = []
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        drawn.append(_text(0, at * _ROW + 14, name))
        drawn.append(_bar(0, at * _ROW + 19, max(value * WIDTH / most, 1), 10, _COLORS[0]))
    return _document(len(names) * _ROW, finding, drawn)


def _bar(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _text(x: float, y: float, said: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {_FONT}>{escape(said)}</text>'


def _document(height: int, finding: str, drawn: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(finding)}</title>'
    return f"{head}{''.join(drawn)}</svg>"
