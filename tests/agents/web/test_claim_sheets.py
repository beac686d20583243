"""A sheet of claims by three doors gives one answer, and opens its claims as who sends it."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.imports.reader import read_sheet
from agents.web.imports import XLSX
from pipeline.claim_sheets.columns import ALL, COLUMNS
from tests.agents.web.conftest import WORKER
from tests.agents.web.test_imports import hidden, post, upload
from tests.support.claim_sheets import DIALECTS, as_csv, good_row, good_rows, planted
from tests.support.command_line import santunan
from tests.support.gateway import Answer, Client

Open = Callable[[str | None], Client]
CLINIC = "clinic:one"
DEATHS = f"Nomor KPJ;Tanggal meninggal;Sebab meninggal\n{WORKER};05/07/2026;sakit\n".encode()


def accidents(*days: int, number: str = WORKER) -> bytes:
    """Of the worker, one on each day of July 2026."""
    return as_csv([good_row(0) | {"Nomor KPJ": number, "Tanggal kecelakaan": f"{day:02d}/07/2026"} for day in days])


def claim(client: Client, data: bytes, query: str = "", **headers: str) -> Answer:
    return post(client, data, query, "claims", **headers)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("dialect", ["semicolon", "merged header and totals"])
def test_a_sheet_of_claims_has_one_answer_by_each_door(
    dialect: str, language: str, client: Open, url: str, tmp_path: Path
) -> None:
    data = DIALECTS[dialect].write(planted(good_rows(300), DIALECTS[dialect].first_row)[0])
    (tmp_path / "k").write_bytes(data)
    options = ("--as", CLINIC, "--lang", language, "--json")
    ran = santunan("claims", "import", "k", *options, cwd=tmp_path, SANTUNAN_DATABASE_URL=url)
    by_command = ran.rows[-1]
    by_api = claim(client(CLINIC), data, Accept_Language=language)
    assert (ran.status, by_api.status) == (1, 200) and by_api.json == by_command
    assert by_command["counts"]["faulty"] > 60 and len(ran.rows) == 301
    page = upload(client(CLINIC), language, "/claim-sheet", file=data)
    shown = [html.unescape(one) for one in re.findall(r"<td data-label=[^>]*>([^<]*)</td>", page.raw.decode())]
    rows = list(zip(*[iter(shown)] * 4, strict=True))
    said = [(one["place"], one["column"] or "", one["detail"]) for one in by_command["faults"][:200]]
    assert page.status == 200 and [(one[0], one[1], one[3]) for one in rows] == said
    assert hidden(page, "id").decode() == by_command["id"]


def test_a_clinic_reports_by_the_page_and_sees_its_claims(client: Open) -> None:
    clinic, data = client(CLINIC), accidents(1, 2, 3)
    shown = upload(clinic, path="/claim-sheet", file=data)
    assert "Laporkan 3 yang siap" in shown.raw.decode()
    again = {name: hidden(shown, name) for name in ("kept", "id")}
    done = upload(clinic, path="/claim-sheet", **again, action=b"confirm")
    assert "3 klaim dilaporkan. Sudah dilaporkan sebelumnya: 0. Ditolak: 0." in done.raw.decode()
    sheet = upload(clinic, path="/claim-sheet", **again, action=b"sheet")
    with read_sheet(sheet.raw, ALL) as back:
        numbers = {row.other["Q"].text for row in back.rows()}
    assert sheet.headers["content-type"] == XLSX and len(numbers) == 3
    assert claim(clinic, data).json["counts"]["reported"] == 3
    receipts = claim(client("clinic:two"), data)  # another clinic's own claims
    assert receipts.json["counts"]["ready"] == 3
    assert not numbers & {one["claim_id"] for one in receipts.json["claims"]}


def test_a_check_of_claims_is_confirmed_by_its_id_and_opens_each_once(client: Open) -> None:
    clinic, data = client(CLINIC), accidents(4, 5)
    found = claim(clinic, data)
    assert claim(clinic, accidents(6), f"?confirm={found.json['id']}").status == 409
    done, again = (claim(clinic, data, f"?confirm={found.json['id']}") for _ in range(2))
    assert (done.status, done.json["sent"]["taken"]) == (202, 2) and done.json["claims"] == found.json["claims"]
    assert again.json["sent"]["taken"] == 0 and again.json["counts"]["reported"] == 2


def test_a_role_reports_by_the_sheet_what_it_may_report_alone(client: Open) -> None:
    for name, data, status in (
        (CLINIC, DEATHS, 403),
        ("hospital:one", DEATHS, 200),
        ("desk:one", accidents(7), 403),
        ("desk:one", DEATHS, 200),
        ("officer:one", DEATHS, 403),
    ):
        assert claim(client(name), data).status == status, name
    assert claim(client("hospital:one"), DEATHS, "?kind=accident").json["code"] == "SHEET_REFUSED"


@pytest.mark.parametrize(("kind", "name"), [("accident", "kecelakaan"), ("death", "kematian")])
def test_a_template_has_the_columns_that_the_role_may_fill_in(kind: Any, name: str, client: Open) -> None:
    found = client("hospital:one").get(f"/claim-sheet/template?kind={kind}")
    assert (found.status, found.headers["content-disposition"]) == (200, f'attachment; filename="{name}.xlsx"')
    with read_sheet(found.raw, COLUMNS[kind]) as sheet:
        seen = set(sheet.header.places)
    assert seen == {one.name for one in COLUMNS[kind]} - {"reported_on", "relatives", "children"}
    page = client(CLINIC).get("/claim-sheet").raw.decode()
    assert "kind=accident" in page and "kind=death" not in page


def test_the_command_writes_a_template_of_each_kind_in_each_language(tmp_path: Path) -> None:
    for language, kind, ending in (("id", "accident", "xlsx"), ("en", "death", "csv")):
        file = f"t.{ending}"
        options = ("--template", file, "--kind", kind, "--lang", language)
        assert santunan("claims", "import", *options, cwd=tmp_path).status == 0
        with read_sheet((tmp_path / file).read_bytes(), ALL) as sheet:
            assert set(sheet.header.places) == {one.name for one in COLUMNS[kind]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n", "bukan daftar Excel"),
        (b"Nomor KPJ;Nama\n1;Siti\n", "Tanggal kecelakaan (Tanggal meninggal)"),
        (b"Nomor KPJ;Tanggal kecelakaan\n1;01/07/2026\n", "Jam kecelakaan, Jenis kejadian, Keadaan"),
        (b"Nama;Tanggal meninggal\nSiti;01/07/2026\n", "Nomor KPJ (NIK)"),
        (b"Alamat;Kota\nx;y\n", "Nomor KPJ, NIK, Nama, Tanggal kecelakaan"),
    ],
)
def test_a_sheet_that_does_not_say_what_it_is_about_is_refused(data: bytes, said: str, client: Open) -> None:
    found = claim(client("hospital:one"), data, Accept_Language="id")
    assert found.status == 422 and said in found.json["errors"][0]["detail"]
