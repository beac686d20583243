"""The header of a sheet: one or two lines, anywhere in the first rows, in many spellings. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pipeline.sheets.cells import Cell, SheetRefused, letter

MOST_ROWS_ABOVE: Final = 50  # a title, an address, a logo; below that nobody looks for the header
_LEAST_NAMES: Final = 2  # one known word in a row may be a title
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\*")
_NO_WORD: Final = re.compile(r"[^0-9a-z]+")
_COLUMN_NUMBER: Final = re.compile(r"\(?[0-9]{1,2}\)?|\([a-z]\)")


class Column(NamedTuple):
    """A column that is read. `title`: Indonesian, in templates; `english`: the same; `spellings`: others that offices
    write. `is_needed`: a sheet without it is refused."""

    name: str
    title: str
    english: str
    spellings: tuple[str, ...] = ()
    is_needed: bool = False

    def titled(self, language: str) -> str:
        return self.english if language == "en" else self.title


class Header(NamedTuple):
    """`places`: index of each column that is read; `titles`: as the sheet writes them, by name; `others`: titles by
    index of those that are not. `first`, `last`: indices of its lines in the rows that were looked at."""

    places: Mapping[str, int]
    titles: Mapping[str, str]
    others: Mapping[int, str]
    first: int
    last: int

    def letter_of(self, name: str) -> str | None:
        """The letter of a column; None: the sheet does not have it."""
        index = self.places.get(name)
        return None if index is None else letter(index)


@lru_cache(maxsize=8_192)
def normal(title: str) -> str:
    """`No. KTP / N.I.K. *` and `no ktp nik` alike: letters and digits in words, without accents and brackets."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace(".", "")
    return _NO_WORD.sub(" ", _IN_BRACKETS.sub(" ", plain)).strip()


@lru_cache(maxsize=64)
def _names(columns: tuple[Column, ...]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for column in columns:
        for spelling in (column.name.replace("_", " "), column.title, column.english, *column.spellings):
            found.setdefault(normal(spelling), column.name)
    return found


def find_header(rows: Sequence[Sequence[Cell]], columns: tuple[Column, ...]) -> Header | None:
    """The header in the first rows of a sheet; None: there is none.

    Raises SheetRefused where a column that is read stands there twice, or one that is needed is missing.
    """
    names = _names(columns)
    counts = [len(set(_known(row, names).values())) for row in rows[:MOST_ROWS_ABOVE]]
    best = max(range(len(counts)), key=lambda at: (counts[at], -at), default=None)
    if best is None or counts[best] < _LEAST_NAMES:
        return None
    first, last = _lines(rows, best, names)
    titles = _joined(rows[first : last + 1], names)
    places: dict[str, int] = {}
    written: dict[str, str] = {}
    others: dict[int, str] = {}
    for index, title in enumerate(titles):
        name = names.get(normal(title))
        if name is None:
            if title:
                others[index] = title
        elif name in places:
            own = next(column.title for column in columns if column.name == name)
            facts = {"title": own, "first": letter(places[name]), "second": letter(index)}
            raise SheetRefused("COLUMN_TWICE", facts)
        else:
            places[name] = index
            written[name] = title
    missing = [column for column in columns if column.is_needed and column.name not in places]
    if missing:
        raise SheetRefused("COLUMN_MISSING", {"columns": ", ".join(one.title for one in missing)})
    if first == last and first > 0:
        others |= _only_above(rows[first - 1], titles)
    return Header(places, written, others, first, _below_numbers(rows, last))


def is_header_again(cells: Sequence[Cell], header: Header, columns: tuple[Column, ...]) -> bool:
    """Whether a row repeats the header, as a page that was printed and typed in again does."""
    names = _names(columns)
    same = [name for name, at in header.places.items() if at < len(cells) and names.get(normal(cells[at].text)) == name]
    return len(same) >= _LEAST_NAMES


def _known(row: Sequence[Cell], names: Mapping[str, str]) -> dict[int, str]:
    found = {}
    for index, cell in enumerate(row):
        if cell.kind == "text" and cell.text and (name := names.get(normal(cell.text))) is not None:
            found[index] = name
    return found


def _lines(rows: Sequence[Sequence[Cell]], best: int, names: Mapping[str, str]) -> tuple[int, int]:
    """First and last line of the header: a line above or below is part of it where both name more columns."""
    known = len(set(_known(rows[best], names).values()))
    for first, last in ((best - 1, best), (best, best + 1)):
        if first < 0 or last == len(rows):
            continue
        other = rows[first if first != best else last]
        has_digits = any(sign.isdigit() for cell in other for sign in cell.text)
        titles = _joined(rows[first : last + 1], names)
        if not has_digits and len({names[one] for title in titles if (one := normal(title)) in names}) > known:
            return first, last
    return best, best


def _joined(lines: Sequence[Sequence[Cell]], names: Mapping[str, str]) -> list[str]:
    """One title a column. Over two lines the upper one may be merged over several columns of the lower one."""
    width = max(len(line) for line in lines)
    texts = [[line[at].text.strip() if at < len(line) else "" for at in range(width)] for line in lines]
    if len(texts) == 1:
        return texts[0]
    upper, lower = texts
    titles, above = [], ""
    for at in range(width):
        above = upper[at] or above
        candidates = [f"{above} {lower[at]}", lower[at], upper[at]]
        known = [one for one in candidates if normal(one) in names]
        titles.append(known[0] if known else f"{above} {lower[at]}".strip() if lower[at] else upper[at])
    return titles


def _only_above(above: Sequence[Cell], titles: Sequence[str]) -> dict[int, str]:
    """Titles of columns that nobody reads, in a line above that is merged down over the header: none is left out in
    silence. A line with one text is the title of the page."""
    texts = {at: cell.text.strip() for at, cell in enumerate(above) if cell.kind == "text" and cell.text.strip()}
    if len(texts) < _LEAST_NAMES:
        return {}
    return {at: text for at, text in texts.items() if at >= len(titles) or not titles[at]}


def _below_numbers(rows: Sequence[Sequence[Cell]], last: int) -> int:
    """Forms number their columns in a line below the header: 1, 2, 3 or (a), (b), (c). It belongs to the header."""
    if last + 1 >= len(rows):
        return last
    written = [normal(cell.text) or cell.text for cell in rows[last + 1] if cell.text]
    raw = [cell.text.strip().lower() for cell in rows[last + 1] if cell.text]
    is_numbers = len(raw) >= 3 and len(set(raw)) == len(raw) and all(_COLUMN_NUMBER.fullmatch(one) for one in raw)
    return last + 1 if is_numbers and written else last
