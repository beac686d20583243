"""The real worker, made to die at a chosen step: `python -m tests.faults.dying_worker STEP NTH`.

Wraps what the worker calls; nothing in the product knows of it. Steps, in the order in which a chunk meets them:
  fetched          the chunk was handed out, nothing has happened yet
  in_transaction   everything is written, nothing is committed
  stored           the database has committed, nothing is published
  publishing       Kafka has the outputs and the positions, in a transaction that is not committed
  published        the Kafka transaction is committed, the worker does not know yet
  committing       not the worker dies but the database, whose process id is in SANTUNAN_TEST_DATABASE_PID
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from agents.transports import embedded
from agents.worker.__main__ import main
from agents.worker.batches import BatchRunner
from pipeline.store.unit_of_work import UnitOfWork

STEPS = ("fetched", "in_transaction", "stored")
KAFKA_STEPS = (*STEPS, "publishing", "published")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fuse:
    """Burns down at the n-th call."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def burn(self) -> None:
        self.calls -= 1
        if self.calls == 0:
            die()


def before(owner: Any, name: str, fuse: Fuse) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        fuse.burn()
        return original(*args, **options)

    setattr(owner, name, wrapped)


def after(owner: Any, name: str, fuse: Fuse) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        result = original(*args, **options)
        fuse.burn()
        return result

    setattr(owner, name, wrapped)


class DyingProducer:
    """A transactional producer around whose commit the worker dies."""

    def __init__(self, producer: Any, step: str, fuse: Fuse) -> None:
        self._producer = producer
        self._step = step
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def commit_transaction(self, seconds: float) -> None:
        if self._step == "publishing":
            self._producer.flush(5)  # so that the broker really has them
            self._fuse.burn()
        self._producer.commit_transaction(seconds)
        if self._step == "published":
            self._fuse.burn()


def wire(step: str, fuse: Fuse) -> None:
    if step == "fetched":
        before(BatchRunner, "_carry_out", fuse)
    elif step == "in_transaction":
        before(UnitOfWork, "commit", fuse)
    elif step == "stored":
        after(UnitOfWork, "commit", fuse)
    else:
        from agents.transports.kafka.publisher import Publisher

        original = Publisher._fenced
        Publisher._fenced = lambda self, number: DyingProducer(original(self, number), step, fuse)  # type: ignore[assignment,method-assign,return-value]


class DatabaseFuse(Fuse):
    """Kills the database at the n-th COMMIT, while it is on its way."""

    def burn(self) -> None:
        self.calls -= 1
        if self.calls == 0:
            database = int(os.environ["SANTUNAN_TEST_DATABASE_PID"])
            threading.Thread(target=os.kill, args=(database, signal.SIGQUIT)).start()


if __name__ == "__main__":
    calls = int(sys.argv[2])
    embedded.CHECKPOINT_RECORDS = 1  # type: ignore[misc]  # with every batch, so that death meets checkpoints, too
    if sys.argv[1] == "committing":
        before(UnitOfWork, "commit", DatabaseFuse(calls))
    else:
        assert sys.argv[1] in KAFKA_STEPS
        wire(sys.argv[1], Fuse(calls))
    main()
