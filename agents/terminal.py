"""Output that all commands share: complaints, JSON, tables that fit 80 columns, rupiah, progress.

Rich is imported only where something is drawn. Never imports the pipeline.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

OUTCOME_STYLES = {"APPROVED": "green", "REJECTED": "red", "REFERRED": "yellow", "PENDING": "cyan"}


def complain(sentence: str) -> None:
    """To stderr, in words: what is wrong and what to do."""
    print(sentence, file=sys.stderr)


def console(*, stderr: bool = False) -> "Console":
    """Colours only on a terminal and without NO_COLOR; 80 columns where the width is not known."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Left to `commands.py`, which ends with 0; Rich would exit with 1."""
            raise BrokenPipeError

    return Plain(highlight=False, soft_wrap=False, stderr=stderr)


def text_width() -> int:
    """Of running text: the terminal's, at least 40, and never so wide that lines are hard to follow."""
    import shutil

    return max(40, min(shutil.get_terminal_size((80, 24)).columns, 100))


def print_json(rows: Iterable[Any]) -> None:
    """One JSON document a line. `rows`: what orjson writes, dataclasses and dates too."""
    import orjson

    for row in rows:
        sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
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


class _Silent:
    def advance(self, count: int = 1) -> None:
        """Nothing to show."""


class _Bar:
    def __init__(self, progress: Any, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)


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
