"""Uses of each number of the law. `python -m tests.law.uses` finds them, and writes them into the package.

Areas are read from the sources of the engine: the modules that name the number. What depends on it is tried out: each
number is made larger and smaller, and the cases of `tests/rules` say which codes and benefit lines change. Where no
case changes, they are those that the source names beside the number.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pipeline.claims.case_file import CaseFile, Verdict
from pipeline.claims.rules.table import assess
from pipeline.law.book import Book
from pipeline.law.declarations import SHAPES, Value
from pipeline.law.parameter_file import Parameter
from schemas.codes import REASONS, LineCode
from tests.explain.examples import RULES
from tests.rules.builder import case_file_of
from tests.rules.cases import cases_of

ROOT: Final = Path(__file__).parents[2]
WRITTEN: Final = ROOT / "pipeline" / "law" / "uses.py"
ROOMS: Final = ("membership", "claims", "law", "enrolment", "coverage")
NOT_USES: Final = {f"law/{name}.py" for name in ("declarations", "book", "inspection", "parameter_file", "uses", "due")}
CODES: Final = tuple(dict.fromkeys(chain(*REASONS.values())))
LINES: Final = get_args(LineCode)
ALWAYS: Final = frozenset({"OK", "OK_PARTIAL"})  # the outcome itself
BY_NAME: Final = frozenset(SHAPES) - set(LINES) - {"scholarship_flat"}  # the others name a line, or a formula, too
AREAS: Final = {  # by the module, or by its folder
    "law/calendar": "calendar",
    "membership/contributions": "contributions",
    "membership/wages": "wage",
    "membership": "cover",
    "claims/rules": "rules",
    "claims/benefits": "benefits",
    "claims/assessment": "rules",
    "claims/decider": "payouts",
    "claims/desk": "intake",
    "claims/referrals": "calendar",
    "enrolment": "contributions",
    "coverage": "cover",
}
CHANGES: Final[tuple[Callable[[int], int], ...]] = (lambda n: 2 * n + 1, lambda n: n // 2, lambda n: max(n - 1, 0))


class Found(NamedTuple):
    areas: set[str]
    codes: set[str]
    lines: set[str]


@cache
def found() -> dict[str, Found]:
    """Of each number that something uses."""
    made: dict[str, Found] = {}
    for module, function in _functions():
        for node in _statements(function):
            for name in _named(node):
                codes, lines = (_texts(node) & set(CODES), _texts(node) & set(LINES))
                if not codes and not lines:
                    codes, lines = (_texts(function) & set(CODES), _texts(function) & set(LINES))
                one = made.setdefault(name, Found(set(), set(), set()))
                one.areas.add(_area(module))
                one.codes.update(codes - ALWAYS)
                one.lines.update(lines)
    for name in made:
        codes, lines = _changed(name)
        if codes or lines:
            made[name] = Found(made[name].areas, codes, lines)
    return made


# --- tried out


@cache
def _cases() -> list[tuple[CaseFile, Verdict]]:
    files = [case_file_of(one.facts) for path in sorted(RULES.glob("*.yaml")) for one in cases_of(path)]
    return [(one, assess(one, Book.load())) for one in files]


def _changed(name: str) -> tuple[set[str], set[str]]:
    """Codes and lines of the cases that another value changes."""
    codes: set[str] = set()
    lines: set[str] = set()
    parameters = Book.load().parameters
    for change in CHANGES:
        book = Book(parameters | {name: _other(parameters[name], change)}, "changed")
        for case_file, before in _cases():
            after = assess(case_file, book)
            if before.reason_codes[0] != after.reason_codes[0]:
                codes |= {before.reason_codes[0], after.reason_codes[0]}
            elif before.reason_codes != after.reason_codes:
                codes |= set(before.reason_codes) ^ set(after.reason_codes)
            else:
                both = {(one.line, one.amount) for one in before.benefits}
                lines |= {line for line, _ in both ^ {(one.line, one.amount) for one in after.benefits}}
    return codes - ALWAYS, lines


def _other(parameter: Parameter, change: Callable[[int], int]) -> Parameter:
    values = [
        Value(_each(one.value, change), one.reference, one.marker, one.since, one.absent, one.written)
        for one in parameter.values
    ]
    return replace(parameter, values=tuple(values))


def _each(value: Any, change: Callable[[int], int]) -> Any:
    if isinstance(value, dict):
        return {key: _each(one, change) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_each(one, change) for one in value)
    return change(value) if isinstance(value, int) and not isinstance(value, bool) else value


# --- read from the sources


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for room in ROOMS:
        for path in sorted((ROOT / "pipeline" / room).rglob("*.py")):
            place = path.relative_to(ROOT / "pipeline").as_posix()
            if place not in NOT_USES:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.FunctionDef):
                        yield place.removesuffix(".py"), node


def _statements(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The smallest ones; of a compound one its head alone."""
    for one in ast.walk(function):
        if isinstance(one, ast.If | ast.While):
            yield one.test
        elif isinstance(one, ast.For):
            yield one.iter
        elif isinstance(one, ast.stmt) and not hasattr(one, "body"):
            yield one


def _texts(node: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def _named(node: ast.AST) -> set[str]:
    names = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return names & SHAPES.keys() | _texts(node) & BY_NAME


def _area(module: str) -> str:
    return next(area for place, area in AREAS.items() if module == place or module.startswith(f"{place}/"))


# --- written


def written() -> str:
    """The module as it is in the package."""
    rows = []
    for name, one in sorted(found().items()):
        sorted_ = (
            sorted(one.areas),
            [code for code in CODES if code in one.codes],
            [line for line in LINES if line in one.lines],
        )
        rows.append(f'    "{name}": Use({", ".join(map(_row, sorted_))}),')
    return HEAD + "\n".join(rows) + "\n}\n"


def _row(names: list[str]) -> str:
    return "(" + ", ".join(f'"{name}"' for name in names) + ",)" if names else "()"


HEAD: Final = '''"""Uses of each number of the law: found and written by `python -m tests.law.uses`. Pure.

A number that is not here is kept for its source and decides nothing yet.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Use(NamedTuple):
    """`areas`: of the engine. `codes`, `lines`: reason codes and benefit lines that depend on the number."""

    areas: tuple[str, ...]
    codes: tuple[str, ...]
    lines: tuple[str, ...]


# ruff: noqa: E501
# fmt: off
USES: Final[Mapping[str, Use]] = {
'''

if __name__ == "__main__":
    WRITTEN.write_text(written(), encoding="utf-8")
