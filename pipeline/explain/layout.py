"""An explanation as plain text for a terminal or a letter: wrapped, no colours. Knows nothing of decisions."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.explain.explanation import Explanation, Line

_INDENT: Final = "  "
_NUMBERED: Final = frozenset({"checks"})
_LEAST_WIDTH: Final = 40  # below that a sum with its name no longer fits a line


def render_text(explanation: "Explanation", width: int = 80) -> str:
    """Lines of at most `width` letters, unless one word (a claim id) is longer. Raises ValueError below 40."""
    if width < _LEAST_WIDTH:
        raise ValueError(f"width {width} is too narrow; at least {_LEAST_WIDTH} letters are needed")
    parts = [_headed(explanation.title, "=", width), _wrapped(explanation.summary, "", "", width)]
    for section in explanation.sections:
        lines = _headed(section.title, "-", width)
        for number, line in enumerate(section.lines, 1):
            bullet = f"{number:2}. " if section.key in _NUMBERED else f"{_INDENT}- "
            lines += _line(line, bullet, width)
        parts.append(lines)
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _headed(title: str, rule: str, width: int) -> list[str]:
    lines = _wrapped(title, "", "", width)
    return [*lines, rule * max(map(len, lines))]


def _line(line: "Line", bullet: str, width: int) -> Iterator[str]:
    hanging = " " * len(bullet)
    yield from _wrapped(line.text, bullet, hanging, width)
    for detail in line.details:
        yield from _wrapped(detail, hanging, hanging, width)
    if line.law:
        yield from _wrapped(f"[{line.law}]", hanging, hanging, width)


def _wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
