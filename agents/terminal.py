"""Output that all commands share: complaints, JSON, tables that fit 80 columns, rupiah, progress.

What comes from a topic or a store may have been written by anybody. A terminal must show it, and obey none of it: no
control character, none that cannot be seen, and no markup of Rich's.

Rich is imported only where something is drawn. Never imports the pipeline.
"""

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

OUTCOME_STYLES = {"APPROVED": "green", "REJECTED": "red", "REFERRED": "yellow", "PENDING": "cyan"}


# Control, format (bidi overrides, zero width), surrogates, private, unassigned; separators of lines and paragraphs.
_OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """The same text, where a terminal would obey a character its escape: `\\x1b`. Lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(one) if one not in "\n\t" and unicodedata.category(one) in _OBEYED else one for one in text)


def field(value: object) -> str:
    """One value from a topic or a store, to be put into a line with markup: on one line, and without markup."""
    from rich.markup import escape

    return escape(plain(str(value)).replace("\n", "\\n").replace("\t", "\\t"))


def plain_json(document: bytes) -> bytes:
    """JSON of the same meaning on one line, in which a terminal finds nothing to obey."""
    if document.isascii() and not document.translate(None, _PRINTABLE):
        return document
    import orjson

    text = orjson.dumps(orjson.loads(document)).decode()
    return "".join(_json_escape(one) if unicodedata.category(one) in _OBEYED else one for one in text).encode()


_PRINTABLE: Final = bytes(range(0x20, 0x7F))


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()


class _Escaped:
    """A stream of text that nothing in it can steer a terminal through. `obeying`: the stream itself, for colours."""

    def __init__(self, stream: TextIO) -> None:
        self.obeying = stream

    def write(self, text: str) -> int:
        return self.obeying.write(plain(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.obeying, name)


def escape_stdout() -> None:
    """From now on, what `print` writes is shown and not obeyed."""
    sys.stdout = cast(TextIO, _Escaped(sys.stdout))


def complain(sentence: str) -> None:
    """To stderr, in words: what is wrong and what to do."""
    print(plain(sentence), file=sys.stderr)


def console(*, stderr: bool = False) -> "Console":
    """Colours only on a terminal and without NO_COLOR; 80 columns where the width is not known."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Left to `commands.py`, which ends with 0; Rich would exit with 1."""
            raise BrokenPipeError

        def render_str(self, text: str, **how: Any) -> "Text":
            return super().render_str(plain(text), **how)

    file = None if stderr else getattr(sys.stdout, "obeying", sys.stdout)
    return Plain(highlight=False, soft_wrap=False, stderr=stderr, file=file)


def text_width() -> int:
    """Of running text: the terminal's, at least 40, and never so wide that lines are hard to follow."""
    import shutil

    return max(40, min(shutil.get_terminal_size((80, 24)).columns, 100))


def print_json(rows: Iterable[Any]) -> None:
    """One JSON document a line. `rows`: what orjson writes, dataclasses and dates too."""
    import orjson

    for row in rows:
        sys.stdout.buffer.write(plain_json(orjson.dumps(row)) + b"\n")
    sys.stdout.buffer.flush()


def table(*columns: str, right: Sequence[str] = (), whole: Sequence[str] = (), title: str | None = None) -> "Table":
    """A table with light rules; the columns in `right` hold numbers, those in `whole` are not broken into lines."""
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False, padding=(0, 1)
    )
    for column in columns:
        side: Literal["left", "right"] = "right" if column in right else "left"
        made.add_column(column, justify=side, overflow="fold", no_wrap=column in whole)
    return made


def rupiah(amount: int | None) -> str:
    """`Rp42.000.000`, the way it is written in Indonesia."""
    return "" if amount is None else f"Rp{amount:,}".replace(",", ".")


def signed_rupiah(amount: int) -> str:
    """`+Rp42.000.000`: a difference says which way it goes."""
    return f"{'+' if amount > 0 else '-' if amount < 0 else ''}{rupiah(abs(amount))}"


class _Silent:
    def advance(self, count: int = 1, total: int | None = None) -> None:
        """Nothing to show."""


class _Bar:
    def __init__(self, progress: Any, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, count: int = 1, total: int | None = None) -> None:
        """`total`: where it is known only now."""
        self._progress.update(self._task, advance=count, total=total)


@contextmanager
def progress(text: str, total: int | None = None) -> "Iterator[_Bar | _Silent]":
    """A bar on stderr, only on a terminal; `advance` it."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task(text, total=total))
