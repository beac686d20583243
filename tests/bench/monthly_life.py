"""Monthly facts of members over years: a wage and a contribution each month, through the batch alone. The rate is to be
as high in the last year as in the first.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pipeline.law.book import Book
from pipeline.messages.records import Chunk, Message, Record
from pipeline.processing.processor import Processor
from pipeline.store import open_store
from pipeline.store.embedded_log import Log
from schemas import topics
from tests.bench.workload import number
from tests.support import events as e

FIRST_YEAR: Final = 2016
CHUNK: Final = 1_000


def measure(directory: Path, members: int, years: int) -> dict[str, Any]:
    """Facts a second of wall time, and microseconds of processor time a fact, year by year."""
    file = directory / "members.db"
    store, log = open_store(f"sqlite:///{file}"), Log(file)
    processor = Processor(store, Book.load(), "bench")
    registered = [e.registered(number(one), f"3671{one:012}", time="2015-12-01T08:00:00") for one in range(members)]
    start = _through(processor, log, iter(registered), 0)
    found: dict[str, Any] = {}
    for year in range(FIRST_YEAR, FIRST_YEAR + years):
        began, worked = time.perf_counter(), time.process_time()
        facts = start
        for month in range(1, 13):
            start = _through(processor, log, _facts(members, year, month), start)
        facts = start - facts
        rate = round(facts / (time.perf_counter() - began))
        cost = round((time.process_time() - worked) / facts * 1e6)
        found |= {f"facts_per_second_{year}": rate, f"fact_microseconds_{year}": cost}
    log.close()
    store.close()
    return found


def _facts(members: int, year: int, month: int) -> Iterator[Any]:
    text = f"{year}-{month:02}"
    for one in range(members):
        yield e.wage(text, 4_000_000 + 1_000 * month, number(one), time=f"{text}-05T09:00:00")
        yield e.paid(text, text, f"{text}-10", number(one))


def _through(processor: Processor, log: Log, documents: Iterator[Any], start: int) -> int:
    """The place behind the last of them."""
    waiting = [(document["data"]["member_number"].encode(), e.raw(document)) for document in documents]
    for at in range(0, len(waiting), CHUNK):
        some = waiting[at : at + CHUNK]
        log.append([Message(topics.HISTORY, key, value) for key, value in some])
        records = tuple(Record(start + place, 0, key, value) for place, (key, value) in enumerate(some))
        chunk = Chunk(topics.HISTORY, 0, start, start + len(some), records)
        processor.store_parsed([(chunk, processor.read(chunk))])
        start += len(some)
    return start
