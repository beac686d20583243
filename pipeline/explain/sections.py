"""The sections of a claim as labelled facts, for pages and forms. Values in, text out; knows nothing of decisions."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.explain import figures
from pipeline.explain.reasons import short
from pipeline.explain.texts import find, room, text
from pipeline.explain.words import paper_name

_RUPIAH: Final = ("costs", "approved")
_UNSAID: Final = (False, 0, "none")  # defaults that say that there is nothing to say
_PERCENT: Final = ("loss_percent", "table_percent", "disability_percent")


def section_title(section: str, language: str) -> str:
    """`medical` -> `keterangan medis`. Raises NoText."""
    return text(language, "words", "section", section)


def field_label(path: str, language: str) -> str:
    """`accident.occurred_at` -> `Kapan terjadi`. Raises NoText."""
    return text(language, "sections", "fields", path)


def choices(path: str, language: str) -> Mapping[str, str]:
    """What may be chosen, with its words: `accident.kind` -> `injury`: `cedera` … Raises NoText."""
    found: Mapping[str, str] = find(language, "sections", "values", path)
    return found


def section_facts(section: str, value: Any, language: str) -> list[tuple[str, str]]:
    """(label, value) of each fact that the section states, in its order; what it leaves open, and a plain no by
    default, is left out.

    Raises NoText for a field or a choice without words.
    """
    if section == "documents":
        papers = [paper_name(name, language) for name in sorted(value)]
        return [(field_label("documents", language), ", ".join(papers))] if papers else []
    return list(_facts(section, value, language))


def _facts(path: str, value: Any, language: str) -> Iterator[tuple[str, str]]:
    if value is None or value == ():
        return
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            said = getattr(value, field.name)
            if said != field.default or said not in _UNSAID:
                yield from _facts(f"{path}.{field.name}", said, language)
    elif isinstance(value, tuple) and dataclasses.is_dataclass(value[0]):
        for number, one in enumerate(value, 1):
            said = [f"{label}: {fact}" for label, fact in _facts(path, one, language)]
            yield str(number), "; ".join(said)
    else:
        yield field_label(path, language), _said(path, value, language)


def _said(path: str, value: Any, language: str) -> str:
    if isinstance(value, tuple):
        return ", ".join(_said(path, one, language) for one in value)
    if path in room(language, "sections")["values"]:
        return choices(path, language)[value]
    if isinstance(value, bool):
        return text(language, "sections", "answer", "yes" if value else "no")
    if isinstance(value, dt.datetime):
        return figures.moment(value.isoformat(), language)
    if isinstance(value, dt.date):
        return figures.day(value, language)
    section, _, name = path.partition(".")
    if isinstance(value, int) and (section in _RUPIAH and name != "home_care.months" or name == "monthly_wage"):
        return figures.rupiah(value, language)
    if name.rpartition(".")[2] in _PERCENT:
        return figures.percent(value, language)
    return short(value, language) if path == "advice.settles" else str(value)
