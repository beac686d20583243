"""Replays slices side by side: each in a process of its own, which reads the history and decides its own events."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from pipeline.audit.comparison import Comparison, Filter, Replayed
from pipeline.audit.slices import MOST_SLICES, Slice, Slicing
from pipeline.law.book import Book
from pipeline.queries.history import Extent
from pipeline.store.readable import Address, address_of, opened

_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Task:
    """What the process of a slice is given."""

    address: Address
    folder: Path
    number: int
    extent: Extent
    filter: Filter


def side_by_side(
    store: Any,
    connection: Connection,
    number: int,
    extent: Extent,
    filter: Filter,
    on_progress: Callable[[int], None] | None,
) -> Replayed:
    """One engine: each process does what `replay` does, with the events of its slice. None inherits a connection."""
    context = get_context("spawn")
    done = context.SimpleQueue()
    with Slicing(connection, min(number, MOST_SLICES), extent.event) as slicing:
        tasks = [
            _Task(address_of(store), slicing.folder, number, extent, filter) for number in range(len(slicing.sizes))
        ]
        with ProcessPoolExecutor(len(tasks), context, initializer=_report_to, initargs=(done,)) as pool:
            running = {pool.submit(_run_slice, task) for task in tasks}
            try:
                while waiting := wait(running, _LOOK_SECONDS).not_done:
                    _pass_on(done, on_progress)
                    if any(one.exception() is not None for one in running - waiting):
                        break
                found = [one.result() for one in running]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            _pass_on(done, on_progress)
    differences = sorted(
        {difference for one in found for difference in one.differences}, key=lambda one: (one.claim_id, one.revision)
    )
    sums = (sum(getattr(one, name) for one in found) for name in ("decisions", "others", "outputs"))
    decisions, others, outputs = sums
    return Replayed(slicing.events, decisions, tuple(differences), others, (), outputs, extent)


def _pass_on(done: Any, on_progress: Callable[[int], None] | None) -> None:
    while not done.empty():
        count = done.get()
        if on_progress is not None:
            on_progress(count)


_done: Any = None  # of the process of a slice: where it reports the events it has done


def _report_to(done: Any) -> None:
    global _done
    _done = done


def _run_slice(task: _Task) -> Replayed:
    own = Slice(task.folder, task.number)
    store = opened(task.address)
    try:
        with store.reader() as connection:
            extent, is_embedded = task.extent, store.is_embedded
            comparison = Comparison(connection, task.filter, extent, own, is_embedded=is_embedded)
            return comparison.run(Book.load(), None, _done.put)
    finally:
        store.close()
        own.close()
