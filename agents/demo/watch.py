"""The progress of the demo: how many events were read, and the outcomes so far. Reads only."""

from typing import TYPE_CHECKING, Any, Final

from agents.stores import open_reader
from agents.terminal import OUTCOME_STYLES
from pipeline.queries.statistics import events_read, outcomes
from schemas.topics import HISTORY

if TYPE_CHECKING:
    from types import TracebackType

    from agents.settings import Settings

_OUTCOMES: Final = ("APPROVED", "REJECTED", "REFERRED", "PENDING")


class Watch:
    """A bar and four counts, only on a terminal; `look` refreshes them."""

    def __init__(self, settings: "Settings", total: int, screen: Any) -> None:
        self._group = settings.group
        self._store = open_reader(settings)
        self._bar = _bar(screen) if screen.is_terminal else None
        self._task = self._bar.add_task("deciding", total=total, counts="") if self._bar else None

    def __enter__(self) -> "Watch":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._bar:
            self._bar.stop()
        self._store.close()

    def look(self) -> int:
        """How many events were read so far."""
        read = events_read(self._store, self._group, HISTORY)
        if self._bar and self._task is not None:
            counts = outcomes(self._store)
            text = "  ".join(f"[{OUTCOME_STYLES[one]}]{one.lower()} {counts[one]}[/]" for one in _OUTCOMES)
            self._bar.update(self._task, completed=read, counts=text)
        return read


def _bar(screen: Any) -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = BarColumn(bar_width=18), MofNCompleteColumn(), TextColumn("{task.fields[counts]}")
    return Progress(*columns, console=screen, transient=True)
