"""Runs of auditors: one child process at a time, which reads, and a thread that notes how far it is."""

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from agents.settings import Settings
from pipeline.operations.proofs import Run, RunKind
from pipeline.store.ledger_key import public_keys

MOST_SECONDS: Final = 6 * 3600.0  # a history that takes longer is replayed by `santunan replay`
_COMMAND: Final = (sys.executable, "-m", "agents.audit_child")
_HERE: Final = Path(__file__).parents[2]


class ChildRuns:
    """What is known of the latest run of each kind; kept as long as this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._latest: dict[RunKind, Run] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def start(self, run: Run) -> bool:
        with self._lock:
            if self._is_closed or any(one.is_running for one in self._latest.values()):
                return False
            child = subprocess.Popen(  # noqa: S603 (our own program)
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_HERE
            )
            self._child, self._latest[run.kind] = child, run
        # The address of the database may hold a password, and what is on a command line everybody can read.
        threading.Thread(target=self._follow, args=(run.kind, child, self._asked(run)), daemon=True).start()
        return True

    def latest(self, kind: RunKind) -> Run | None:
        with self._lock:
            return self._latest.get(kind)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._child is not None and self._child.poll() is None:
                self._child.kill()

    def _asked(self, run: Run) -> dict[str, Any]:
        folder, key_file = self._settings.witness_dir, self._settings.nik_key_file
        return {
            "kind": run.kind,
            "database_url": self._settings.database_url,
            "nik_key_file": str(key_file.absolute()) if key_file is not None else None,
            "since": run.since,
            "until": run.until,
            "keys": _keys(self._settings.ledger_key),
            "witness_dir": str(folder.absolute()) if folder is not None else None,
        }

    def _follow(self, kind: RunKind, child: "subprocess.Popen[bytes]", asked: dict[str, Any]) -> None:
        assert child.stdin is not None and child.stdout is not None
        limit = threading.Timer(MOST_SECONDS, child.kill)
        limit.daemon = True
        limit.start()
        try:
            child.stdin.write(orjson.dumps(asked))
            child.stdin.close()
            for line in child.stdout:
                said = orjson.loads(line)
                known = {name: said[name] for name in ("done", "result", "error") if name in said}
                self._note(kind, **known, is_running=not known.keys() & {"result", "error"})
        except BrokenPipeError:  # it ended at once; its status says so below
            pass
        finally:
            limit.cancel()
            child.stdout.close()
            child.wait()
            self._end(kind)

    def _note(self, kind: RunKind, **known: Any) -> None:
        with self._lock:
            self._latest[kind] = replace(self._latest[kind], **known)

    def _end(self, kind: RunKind) -> None:
        with self._lock:
            run = self._latest[kind]
            error = run.error or ("" if run.result is not None else "it ended before it was done: start it again")
            self._latest[kind] = replace(run, is_running=False, error=error)


def _keys(file: Path) -> list[str]:
    try:
        return public_keys(file)
    except FileNotFoundError:
        return []
