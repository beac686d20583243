"""Words of the coverage picture: its tables, its columns, the names of its groups, and what it finds. Pure."""

from collections.abc import Callable

from pipeline.explain.figures import filled
from pipeline.explain.texts import find, text

OTHERS = "*"


def column_title(name: str, language: str) -> str:
    """`at_risk` -> `hampir berhenti`. Raises NoText."""
    return text(language, "coverage", "columns", name)


def table_title(name: str, language: str) -> str:
    """`provinces` -> `Provinsi`. Raises NoText."""
    return text(language, "coverage", "tables", name)


def group_title(table: str, key: str, groups: int, language: str, region_title: Callable[[str], str | None]) -> str:
    """The name of a row. `region_title`: of a code. Raises NoText."""
    if key.endswith(OTHERS):
        return coverage_text(language, "others", groups=groups)
    if not key:
        return text(language, "coverage", "none", table)
    if table == "sectors":
        named: str = find(language, "coverage", "sectors").get(key, key)
        return named
    return (region_title(key) if table in ("provinces", "regencies") else None) or key


def coverage_text(language: str, *path: str, **values: str | int) -> str:
    """A text of `coverage`, filled in. Raises NoText."""
    return filled(text(language, "coverage", *path), language, **values)


def cover_reason(code: str, language: str) -> tuple[str, str]:
    """Why a worker is covered or not, for who asks about the cover of a day; and what would mend it. Raises NoText."""
    return text(language, "coverage", "reasons", code, "why"), text(language, "coverage", "reasons", code, "next")
