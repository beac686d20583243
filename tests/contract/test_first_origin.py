"""Workers that start together on a new store: the first one writes to which Kafka it belongs, the others compare."""

import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from pipeline.errors import NotReady
from pipeline.store import migrate, open_store
from pipeline.store.engines import postgresql_transient
from pipeline.store.origins import Origin, known_origin, write_first_origin
from pipeline.store.unit_of_work import Transaction

OURS = Origin("one", "santunan", {"claims.accidents": "a"})
OTHER = Origin("two", "santunan", {"claims.accidents": "b"})


@pytest.mark.parametrize(("second", "is_refused"), [(OURS, False), (OTHER, True)], ids=["the same", "another"])
def test_of_two_workers_that_start_together_the_second_compares(
    new_database: Callable[[], str], second: Origin, is_refused: bool
) -> None:
    url = new_database()
    migrate(url)
    refused: list[bool] = []
    with closing(open_store(url)) as store:

        def start() -> None:
            with Transaction(store.engine, postgresql_transient) as transaction:
                try:
                    write_first_origin(transaction.connection, second)
                    transaction.commit()
                    refused.append(False)
                except NotReady:
                    refused.append(True)

        with Transaction(store.engine, postgresql_transient) as first:
            write_first_origin(first.connection, OURS)
            later = threading.Thread(target=start)
            later.start()
            later.join(0.3)
            assert later.is_alive(), "it did not wait for the first"
            first.commit()
        later.join(10)
        assert refused == [is_refused]
        with store.reader() as connection:
            assert known_origin(connection) == OURS
