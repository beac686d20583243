"""A city at 1:100: 30,000 known workers, 10,000 registered by a sheet, 9,000 covered by a month of contributions.

Through the same operations as the doors use: the list, the sheet of members, the sheet of payments, the picture, the
calls. Seconds are the processor's; the memory is the most that the process had until the end of the step.
"""

import csv
import io
import resource
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from agents.imports.intake import CONTRIBUTIONS, MEMBERS, Desk, Subject
from agents.imports.reader import read_sheet
from pipeline.access.principals import new_principal
from pipeline.operations.coverage_calls import list_calls
from pipeline.operations.coverage_keeping import coverage_book_of, keep
from pipeline.operations.coverage_picture import read_coverage
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.known_workers import KNOWN_COLUMNS, import_known
from pipeline.operations.protection import list_protection
from schemas.clock import JAKARTA
from tests.bench.coverage import timed
from tests.bench.sheets import person
from tests.support.front import front_of
from tests.support.member_sheets import Cells, as_csv
from tests.support.site import Site

KNOWN: Final = 30_000
REGISTERED: Final = 10_000
COVERED: Final = 9_000
COOPERATIVES: Final = 100
_OFFICE: Final = new_principal("office", "tangerang")


def measure(directory: Path, known: int = KNOWN) -> dict[str, Any]:
    """`known`: of these a third is registered, and nine of ten of those covered."""
    registered = known * REGISTERED // KNOWN
    covered = registered * COVERED // REGISTERED
    site = Site(f"sqlite:///{directory}/city.db")
    front, found = front_of(site), dict[str, Any]()

    def step(name: str, do: Callable[[], Any]) -> Any:
        answer, seconds = timed(do)
        found[f"city_{name}_seconds"] = round(seconds, 2)
        found[f"city_{name}_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return answer

    rows = [_worker(at) for at in range(known)]
    listed, members = _known_sheet(rows), as_csv(rows[:registered])
    step("known", lambda: _known(front, listed))
    dues = step("import", lambda: _imported(front, MEMBERS, members).results)
    step("members", site.run)
    payments = _payment_sheet(rows[:covered], [int(dues[row]) for row in sorted(dues)])
    step("contributions", lambda: _imported(front, CONTRIBUTIONS, payments))
    step("month", site.run)
    step("counting", lambda: keep(coverage_book_of(front), front.book))
    picture = step("picture", lambda: read_coverage(front, _OFFICE))
    calls = step("calls", lambda: list_calls(front, _OFFICE))
    step("protection", lambda: list_protection(front, _OFFICE))
    total = picture.total
    assert (total.known, total.registered, total.covered) == (known, registered, covered), total
    assert calls.rows
    site.close()
    return found


def _worker(at: int) -> Cells:
    self_employed = {"Segmen": "BPU", "Skala usaha": "", "Tingkat risiko": "", "Sektor": "lainnya"}
    return person(at) | {"Program": "JKK, JKM, JHT"} | self_employed


def _imported(front: FrontOffice, subject: Subject, data: bytes) -> Desk:
    desk = Desk(front, _OFFICE, subject, confirms=True, corrects=True)
    with read_sheet(data, subject.columns) as sheet:
        report = desk.check(sheet, "id")
    assert report["fault_count"] == 0 and report["sent"]["refused"] == 0, report["counts"]
    return desk


def _known(front: FrontOffice, data: bytes) -> None:
    day = front.now().astimezone(JAKARTA).date()
    with read_sheet(data, KNOWN_COLUMNS) as sheet:
        report = import_known(front, _OFFICE, sheet, listed_on=day, confirm=True)
    assert report.fault_count == 0, report.faults[:3]


def _known_sheet(rows: Sequence[Cells]) -> bytes:
    lines = [(one["Nama"], one["NIK"], f"Koperasi {at % COOPERATIVES:03}") for at, one in enumerate(rows)]
    return _sheet(("Nama", "NIK", "Koperasi"), lines)


def _payment_sheet(rows: Sequence[Cells], dues: Sequence[int]) -> bytes:
    lines = [(one["Nomor KPJ"], "2026-07", due, "10/07/2026") for one, due in zip(rows, dues, strict=False)]
    return _sheet(("Nomor KPJ", "Bulan iuran", "Jumlah", "Tanggal bayar"), lines)


def _sheet(titles: Sequence[str], lines: Sequence[Sequence[Any]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=";").writerows([titles, *lines])
    return file.getvalue().encode()
