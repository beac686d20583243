"""Statistics as sections to look at, as rows of files, and as one report that needs nothing else.

The same from the command line, the API and the console.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from html import escape
from typing import Any, Final

from agents.imports.charts import named_bars, stacked_bars
from agents.imports.tables import Cell
from pipeline.explain import Language, day, outcome_name, rupiah, short
from pipeline.explain.figures import month, percent
from pipeline.explain.law import parameter_title, written_value
from pipeline.explain.statistics import statistics_text as say
from pipeline.explain.words import law_text
from pipeline.operations.coverage_picture import region_title
from pipeline.operations.statistics import (
    OUTCOMES,
    DecisionTime,
    Hands,
    LegalLimit,
    OfficerCount,
    OutcomeCount,
    PaymentTime,
    Statistics,
)
from schemas.values import source_who

MOST_BARS: Final = 10  # of reasons
FILES: Final[Mapping[str, type]] = {
    "counts": OutcomeCount,
    "decision_times": DecisionTime,
    "payment_times": PaymentTime,
    "limits": LegalLimit,
    "hands": Hands,
    "officers": OfficerCount,
}
_COUNTS: Final = ("total", *(one.lower() for one in OUTCOMES))
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2327}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #b5bcc2;padding:.25rem .5rem;text-align:left}"
    "td.n,th.n{text-align:right}.small{color:#4a5560;font-size:.9rem}svg{max-width:100%;height:auto}"
    "@media print{body{margin:0}section{break-inside:avoid}}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """One table as it is shown. `texts`: how many of the first columns are no numbers. `chart`: SVG, or empty."""

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    chart: str = ""
    finding: str = ""


def column_names(table: str) -> list[str]:
    return [one.name for one in fields(FILES[table])]


def file_rows(found: Statistics, table: str) -> list[tuple[Any, ...]]:
    """As they are, with codes."""
    return [astuple(one) for one in getattr(found, table)]


def file_titles(table: str, language: Language) -> list[str]:
    return [say(language, "columns", name) for name in column_names(table)]


def sentences(found: Statistics, language: Language) -> list[str]:
    """What the statistics find, in words, the period first."""
    said = [_period(found, language)]
    outcomes = {name: sum(getattr(one, name) for one in found.table("outcomes")) for name in _COUNTS}
    if not outcomes["total"]:
        return [*said, say(language, "nothing")]
    said.append(say(language, "finding", **{name: _number(count, language) for name, count in outcomes.items()}))
    hands = {
        name: sum(getattr(one, name) for one in found.hands) for name in ("decided", "alone", "refused", "reversed")
    }
    share = percent(round(100 * hands["alone"] / hands["decided"]) if hands["decided"] else 0, language)
    said.append(say(language, "alone", percent=share, **{k: _number(v, language) for k, v in hands.items()}))
    paid = {name: sum(getattr(one, name) for one in found.payment_times) for name in ("in_time", "late", "unpaid_late")}
    cost = rupiah(sum(one.cost for one in found.payment_times), language)
    said.append(say(language, "paid", cost=cost, **{k: _number(v, language) for k, v in paid.items()}))
    return said


def sections(found: Statistics, language: Language) -> list[Section]:
    """Those that have rows."""
    made = [
        _section("outcomes", ("program", *_COUNTS), _by_program(found.table("outcomes"), language), language),
        _months(found, language),
        _reasons(found, language),
        _section("regions", ("region", *_COUNTS), _regions(found, language), language),
        _section("decision_times", _names(DecisionTime), _by_program(found.decision_times, language), language),
        _section("payment_times", _names(PaymentTime), _by_program(found.payment_times, language), language),
        _section("limits", ("name", "value", "reference"), _limits(found, language), language, 3),
        _section("hands", _names(Hands), _by_program(found.hands, language), language),
        _section("officers", _names(OfficerCount), _officers(found, language), language),
    ]
    return [one for one in made if one.rows]


def report(found: Statistics, language: Language) -> str:
    """One HTML document without script, with its own style and charts; it prints."""
    parts = [f"<p>{escape(one)}</p>" for one in sentences(found, language)]
    parts += [_html(one) for one in sections(found, language)]
    made = say(language, "made", day=day(found.day, language))
    title = escape(say(language, "title"))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f'<body><h1>{title}</h1>\n{"".join(parts)}<p class="small">{escape(made)}</p></body></html>\n'
    )


def _html(section: Section) -> str:
    head = "".join(f'<th scope="col"{_right(section, at)}>{escape(one)}</th>' for at, one in enumerate(section.columns))
    body = "".join(
        "<tr>" + "".join(f"<td{_right(section, at)}>{escape(one)}</td>" for at, one in enumerate(row)) + "</tr>\n"
        for row in section.rows
    )
    return (
        f"<section><h2>{escape(section.title)}</h2>\n{section.chart}\n<table><thead><tr>{head}</tr></thead>"
        f'<tbody>\n{body}</tbody></table><p class="small">{escape(section.note)}</p></section>\n'
    )


def _right(section: Section, at: int) -> str:
    return "" if at < section.texts else ' class="n"'


def _section(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], language: Language, texts: int = 1
) -> Section:
    titles = tuple(say(language, "columns", one) for one in columns)
    note = say(language, "notes", name)
    return Section(name, say(language, "sections", name), note, titles, tuple(map(tuple, rows)), texts)


def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def _by_program(rows: Iterable[Any], language: Language) -> Iterable[list[str]]:
    for row in rows:
        names = _COUNTS if isinstance(row, OutcomeCount) else _names(type(row))[1:]
        cells = [
            rupiah(getattr(row, name), language) if name == "cost" else _number(getattr(row, name), language)
            for name in names
        ]
        yield [row.program, *cells]


def _months(found: Statistics, language: Language) -> Section:
    by_month: dict[str, list[int]] = {}
    for row in found.table("months"):
        own = by_month.setdefault(row.key, [0] * len(_COUNTS))
        for at, name in enumerate(_COUNTS):
            own[at] += getattr(row, name)
    names = sorted(by_month)
    rows = [[month(name, language), *(_number(one, language) for one in by_month[name])] for name in names]
    section = _section("months", ("month", *_COUNTS), rows, language)
    if len(names) < 2:
        return section
    most = max(names, key=lambda name: by_month[name][0])
    ends = {"first": month(names[0], language), "last": month(names[-1], language)}
    count = _number(by_month[most][0], language)
    finding = say(language, "chart_months", most=month(most, language), count=count, **ends)
    parts = [outcome_name(one, language) for one in OUTCOMES]
    labels = [f"{int(name[5:])}/{name[:4]}" for name in names]
    chart = stacked_bars(labels, [by_month[name][1:] for name in names], parts, count, finding)
    return _with(section, chart, finding)


def _reasons(found: Statistics, language: Language) -> Section:
    by_reason: dict[str, list[int]] = {}
    for row in found.table("reasons"):
        own = by_reason.setdefault(row.key, [0] * len(_COUNTS))
        for at, name in enumerate(_COUNTS):
            own[at] += getattr(row, name)
    codes = sorted(by_reason, key=lambda code: -by_reason[code][0])
    rows = [[short(code, language), *(_number(one, language) for one in by_reason[code])] for code in codes]
    section = _section("reasons", ("reason", *_COUNTS), rows, language)
    if not codes:
        return section
    finding = say(
        language, "chart_reasons", reason=short(codes[0], language), count=_number(by_reason[codes[0]][0], language)
    )
    shown = codes[:MOST_BARS]
    names = [f"{short(code, language)}: {_number(by_reason[code][0], language)}" for code in shown]
    return _with(section, named_bars(names, [by_reason[code][0] for code in shown], finding), finding)


def _with(section: Section, chart: str, finding: str) -> Section:
    plain = section.name, section.title, section.note, section.columns, section.rows, section.texts
    return Section(*plain, chart, finding)


def _regions(found: Statistics, language: Language) -> Iterable[list[str]]:
    for row in found.table("regions"):
        name = region_title(row.key) or say(language, "no_region")
        if row.groups != 1:
            name = say(language, "others", groups=row.groups) if row.groups else say(language, "all_regions")
        yield [name, *(_number(getattr(row, one), language) for one in _COUNTS)]


def _limits(found: Statistics, language: Language) -> Iterable[list[str]]:
    for one in found.limits:
        law = law_text(one.reference, one.marker, language)
        yield [parameter_title(one.name, language), written_value(one.value, one.unit, language), law]


def _officers(found: Statistics, language: Language) -> Iterable[list[str]]:
    for row in found.officers:
        name = source_who(row.officer) if row.officer else say(language, "all_officers")
        yield [name, *(_number(getattr(row, one), language) for one in _names(OfficerCount)[1:])]


def _number(value: int | None, language: Language) -> str:
    return say(language, "left_out") if value is None else rupiah(value, language).removeprefix("Rp")


def _period(found: Statistics, language: Language) -> str:
    since = day(found.since, language) if found.since is not None else ""
    until = day(found.until - dt.timedelta(days=1), language) if found.until is not None else ""
    if since and until:
        return say(language, "period", since=since, until=until)
    if since:
        return say(language, "period_since", since=since)
    return say(language, "period_until", until=until) if until else say(language, "period_all")


def csv_cells(rows: Iterable[Sequence[Any]]) -> list[list[Cell]]:
    return [[one if isinstance(one, int) or one is None else str(one) for one in row] for row in rows]
