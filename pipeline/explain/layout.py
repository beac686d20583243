"""An explanation as plain text for a terminal or a letter: wrapped, no colours. Knows nothing of decisions."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.explain.parts import Explanation, Line, Section

_INDENT: Final = "  "
_NUMBERED: Final = frozenset({"checks"})
_LEAST_WIDTH: Final = 40  # below that a sum with its name no longer fits a line


def render_text(explanation: "Explanation", width: int = 80) -> str:
    """Letter and record, in lines of at most `width` letters, unless one word (a claim id) is longer. Raises ValueError
    below 40."""
    parts = [render_letter(explanation, width), "\n".join(_headed(explanation.record_title, "=", width)) + "\n"]
    parts += ["\n".join(_record_section(section, width)) + "\n" for section in explanation.record]
    return "\n".join(parts)


def render_letter(explanation: "Explanation", width: int = 80) -> str:
    """The letter alone. Raises ValueError for a width below 40."""
    if width < _LEAST_WIDTH:
        raise ValueError(f"width {width} is too narrow; at least {_LEAST_WIDTH} letters are needed")
    head = [line for one in explanation.head for line in _wrapped(one, "", "", width)]
    blocks = [head, _headed(explanation.title, "=", width)] if head else [_headed(explanation.title, "=", width)]
    blocks += [list(_letter_section(section, width)) for section in explanation.letter]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _headed(title: str, rule: str, width: int) -> list[str]:
    lines = _wrapped(title, "", "", width)
    return [*lines, rule * max(map(len, lines))]


def _letter_section(section: "Section", width: int) -> Iterator[str]:
    """One paragraph behind its title; several things below it, each with a dash."""
    title = f"{section.title}: " if section.title else ""
    if len(section.lines) == 1:
        yield from _wrapped(title + section.lines[0].text, "", "", width)
        details = section.lines[0].details
    else:
        yield title.rstrip()
        details = tuple(text for line in section.lines for text in (line.text, *line.details))
    for detail in details:
        yield from _wrapped(detail, f"{_INDENT}- ", f"{_INDENT}  ", width)


def _record_section(section: "Section", width: int) -> Iterator[str]:
    yield from _headed(section.title, "-", width)
    for number, line in enumerate(section.lines, 1):
        bullet = f"{number:2}. " if section.key in _NUMBERED else f"{_INDENT}- "
        yield from _line(line, bullet, width)


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
