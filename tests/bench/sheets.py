"""A sheet of members: processor time and peak memory of a check, by its length.

    python -m tests.bench.sheets [ROWS ...]

The last line is one JSON object. Each length runs in a process of its own, over an empty store; the child that
opens the file is counted with it.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.command_line import PROGRAM, environment
from tests.support.member_sheets import Cells, as_csv, as_excel, good_row

DEFAULT_ROWS = (1_000, 10_000, 100_000)
_PERSONS = 14_003  # distinct days of birth of `good_row`
_MEASURED = (
    "import resource, sys; sys.argv = ['santunan', *sys.argv[1:]]\n"
    "from agents.cli import main\n"
    "try:\n    main()\n"
    "finally:\n"
    "    own = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
    "    print(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
)  # not `ru_maxrss` of its own: a process begins with that of who started it, which has made the sheet


def person(at: int) -> Cells:
    """Of any number, each unlike the others of its birthday: only what a check costs is measured."""
    row = good_row(at)
    turn = at // _PERSONS
    if turn:
        word = "".join(chr(ord("a") + (turn * 7 + place * 11) % 26) for place in range(12))
        row["Nama"] = f"{word} {word[::-1]}"
        row["NIK"] = row["NIK"][:12] + f"{(int(row['NIK'][12:]) + turn * 1_000) % 9_999 + 1:04d}"
    return row


def measured(rows: int, kind: str, folder: Path) -> dict[str, Any]:
    file = folder / f"{rows}.{kind}"
    file.write_bytes((as_csv if kind == "csv" else as_excel)([person(at) for at in range(rows)]))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [PROGRAM[0], "-c", _MEASURED, "members", "import", str(file), "--as", "cooperative:maju"]
    ran = subprocess.run(  # noqa: S603
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own, child = map(int, ran.stderr.split()[-2:])
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "rows": rows,
        "kind": kind,
        "cpu_seconds": round(seconds, 1),
        "peak_mib": own // 1024,
        "child_peak_mib": child // 1024,
        "said": ran.stdout.splitlines()[1].strip() if ran.stdout else ran.stderr,
    }


def main(lengths: list[int]) -> None:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in lengths:
            for kind in ("csv", "xlsx"):
                found.append(measured(rows, kind, Path(folder)))
                print(found[-1], file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [*DEFAULT_ROWS])
