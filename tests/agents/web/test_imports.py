"""One sheet by three doors: the command, the API and the console give the same answer; the API keeps its own rules."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from agents.imports.reader import read_sheet
from agents.web.imports import XLSX, Checked, checked
from agents.web.pages import sheets
from agents.web.pages.sheets import MOST_BYTES
from pipeline.enrolment.columns import COLUMNS
from tests.support.command_line import santunan
from tests.support.gateway import Answer, Client
from tests.support.member_sheets import DIALECTS, as_csv, as_excel, good_rows, planted

Open = Callable[[str | None], Client]
COOPERATIVE: Final = "cooperative:np000001"
EVIL: Final = '<script>alert(1)</script>"&{{7*7}}'
BOUNDARY: Final = "----limit"


def upload(client: Client, language: str = "id", path: str = "/members", **fields: bytes) -> Answer:
    body = b""
    for name, content in fields.items():
        told = f'; filename="{name}.csv"' if name == "file" else ""
        body += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{told}\r\n\r\n'.encode() + content + b"\r\n"
        )
    body += f"--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    cookie = f"language={language}"
    return client.followed(client.ask("POST", path, body, Content_Type=kind, Cookie=cookie), Cookie=cookie)


def post(client: Client, data: bytes, query: str = "", about: str = "members", **headers: str) -> Answer:
    return client.ask("POST", f"/v1/imports/{about}{query}", data, **{"Content_Type": "text/csv"} | headers)


def hidden(answer: Answer, name: str) -> bytes:
    found = re.search(f'name="{name}" value="([^"]*)"', answer.raw.decode())
    assert found is not None
    return html.unescape(found[1]).encode()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("dialect", ["semicolon", "merged header and totals"])
def test_a_sheet_has_one_answer_by_command_api_and_console(
    dialect: str, language: str, client: Open, url: str, tmp_path: Path
) -> None:
    data = DIALECTS[dialect].write(planted(good_rows(200, 3_000), DIALECTS[dialect].first_row)[0])
    file = tmp_path / "anggota"
    file.write_bytes(data)
    options = ("--as", COOPERATIVE, "--lang", language, "--json")
    ran = santunan("members", "import", str(file), *options, cwd=tmp_path, SANTUNAN_DATABASE_URL=url)
    by_command = ran.rows[-1]
    by_api = post(client(COOPERATIVE), data, Accept_Language=language)
    assert (ran.status, by_api.status) == (1, 200) and by_api.json == by_command
    assert by_command["counts"]["faulty"] > 60 and len(ran.rows) == 201
    page = upload(client(COOPERATIVE), language, file=data)
    shown = [html.unescape(one) for one in re.findall(r"<td data-label=[^>]*>([^<]*)</td>", page.raw.decode())]
    rows = list(zip(*[iter(shown)] * 4, strict=True))
    said = [(one["place"], one["column"] or "", one["detail"]) for one in by_command["faults"]]
    assert page.status == 200 and [(one[0], one[1], one[3]) for one in rows] == said
    assert hidden(page, "id").decode() == by_command["id"]


def test_the_page_says_what_was_not_read_and_a_missing_column_once(client: Open) -> None:
    data = as_csv(good_rows(3, 900)).replace(b"Penghasilan", b"Uang jajan") + b"JUMLAH;3\n"
    page = upload(client(COOPERATIVE), file=data).raw.decode()
    assert "Kolom yang tidak dibaca: Uang jajan." in page and "tidak dibaca: 5 (jumlah)." in page
    assert page.count("ganti judul kolomnya menjadi: Upah atau penghasilan.") == 1


def test_a_check_is_confirmed_by_its_id_and_by_no_other(client: Open) -> None:
    data, other = (as_csv(good_rows(12, start)) for start in (4_000, 4_500))
    cooperative = client(COOPERATIVE)
    found = post(cooperative, data)
    assert found.json["counts"]["good"] == 12 and found.json["sent"] is None
    refused = post(cooperative, other, f"?confirm={found.json['id']}")
    assert (refused.status, refused.json["code"]) == (409, "SHEET_CHANGED")
    assert post(client("office:one"), data, f"?confirm={found.json['id']}").status == 409  # another sender's
    done = post(cooperative, data, f"?confirm={found.json['id']}")
    assert (done.status, done.json["sent"]) == (202, {"taken": 13, "repeated": 0, "refused": 0, "refusals": []})
    again = post(cooperative, data, f"?confirm={found.json['id']}")
    assert again.json["sent"]["repeated"] == 13 and again.json["sent"]["taken"] == 0


def test_the_sheet_to_correct_comes_back_with_its_faults(client: Open) -> None:
    data = as_excel(planted(good_rows(200, 5_000))[0])
    found = post(client(COOPERATIVE), data, Content_Type=XLSX, Accept=XLSX, Accept_Language="id")
    assert (found.status, found.headers["content-type"]) == (200, XLSX)
    assert found.headers["content-disposition"] == 'attachment; filename="perbaikan.xlsx"'
    with read_sheet(found.raw, COLUMNS) as sheet:
        noted = [row for row in sheet.rows() if "N" in row.other]
    assert len(noted) > 60 and noted[0].other["N"].text.endswith(".")


def test_a_sheet_that_cannot_be_read_is_a_problem_with_its_remedy(client: Open) -> None:
    for language, said in (("id", "bukan daftar Excel"), ("en", "no Excel or CSV list")):
        found = post(client(COOPERATIVE), b"\x89PNG\r\n", Accept_Language=language)
        assert (found.status, found.json["code"]) == (422, "SHEET_REFUSED")
        assert said in found.json["errors"][0]["detail"]
    assert post(client(COOPERATIVE), b"{}", Content_Type="application/json").status == 415
    assert post(client("clinic:one"), b"\x89PNG").status == 403


def test_the_console_confirms_what_it_has_shown(client: Open) -> None:
    cooperative, data = client(COOPERATIVE), as_csv(good_rows(12, 6_000))
    shown = upload(cooperative, file=data)
    again = {name: hidden(shown, name) for name in ("kept", "id")}
    assert b"Daftarkan 12 yang siap" in shown.raw
    changed = upload(cooperative, **again | {"id": b"AAAAAAAA"}, action=b"confirm")
    assert changed.status == 409
    done = upload(cooperative, **again, action=b"confirm")
    assert "12 peserta didaftarkan. Sudah terdaftar sebelumnya: 0. Ditolak: 0." in done.raw.decode()
    sheet = upload(cooperative, **again, action=b"sheet")
    assert sheet.headers["content-type"] == XLSX
    with read_sheet(sheet.raw, COLUMNS) as back:
        assert len(list(back.rows())) == 12


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file": b""}, "Pilih berkasnya dahulu."),
        ({"kept": b"nothing"}, "sudah tidak disimpan"),
        ({"file": bytes(MOST_BYTES + 1)}, "lebih besar dari 1 MB"),
        ({"file": b"\x89PNG\r\n"}, "bukan daftar Excel atau CSV"),
        ({"file": b"Nama;Alamat\nSiti;Tangerang\n"}, "NIK"),
    ],
)
def test_an_upload_that_is_no_sheet_is_a_fault_beside_its_field(
    fields: dict[str, Any], said: str, client: Open
) -> None:
    found = upload(client(COOPERATIVE), **fields)
    assert found.status == 422 and said in html.unescape(found.raw.decode())
    assert b'id="file-fault"' in found.raw


@pytest.mark.parametrize("body", [b"--x--", b"a" * 1000, b"------limit\r\n\r\n------limit--"])
def test_a_body_that_is_no_upload_is_refused(body: bytes, client: Open) -> None:
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    assert client(COOPERATIVE).ask("POST", "/members", body, Content_Type=kind).status == 415


def test_nothing_that_a_sheet_says_is_repeated_as_markup(client: Open) -> None:
    rows = good_rows(1, 7_000)
    rows[0] |= {"Nama": EVIL, "Sektor": EVIL}
    for data in (as_csv(rows), as_csv(rows).replace(b";Nama;", f";NIK ({EVIL});".replace('"', "'").encode())):
        page = upload(client(COOPERATIVE), file=data)
        assert page.status in (200, 422) and b"<script" not in page.raw and b"49" not in page.raw


def test_a_template_is_downloaded_filled_in_and_taken(client: Open) -> None:
    found = client(COOPERATIVE).get("/members/template")
    assert (found.status, found.headers["content-type"]) == (200, XLSX)
    with pytest.raises(AssertionError), read_sheet(found.raw, COLUMNS) as sheet:
        assert list(sheet.rows())
    assert client("clinic:one").get("/members/template").status == 403


def test_who_signed_in_at_a_gateway_imports_there(
    client: Open, key_of: Callable[[str], str], gateway: Any, tmp_path: Path
) -> None:
    data = as_csv(planted(good_rows(200, 8_000))[0])
    (tmp_path / "anggota.csv").write_bytes(data)
    url = f"http://127.0.0.1:{gateway[1]}"
    login = santunan("login", "--key", "--url", url, cwd=tmp_path, given=key_of(COOPERATIVE) + "\n")
    assert login.status == 0, login.err
    ran = santunan("members", "import", "anggota.csv", "--faults-to", "p.xlsx", "--confirm", "--json", cwd=tmp_path)
    found = ran.rows[-1]
    assert found["id"] == post(client(COOPERATIVE), data).json["id"] and ran.status == 1
    assert found["sent"]["taken"] > found["counts"]["good"] > 100
    with read_sheet((tmp_path / "p.xlsx").read_bytes(), COLUMNS) as sheet:
        assert len(list(sheet.rows())) == 200
    wrong = santunan("members", "import", "anggota.csv", "--as", COOPERATIVE, cwd=tmp_path)
    assert wrong.status == 2 and "santunan logout" in wrong.err
    for file, kind in (("x.csv", "text/csv"), ("x.xlsx", XLSX)):
        out = santunan("members", "export", file, "--cooperative", "NP000001", cwd=tmp_path)
        assert out.status == 0 and (tmp_path / file).stat().st_mode & 0o077 == 0, out.err
        there = client(COOPERATIVE).get("/v1/exports/members?cooperative=NP000001", Accept=kind).raw
        with read_sheet((tmp_path / file).read_bytes(), COLUMNS) as sheet, read_sheet(there, COLUMNS) as other:
            assert list(sheet.rows()) == list(other.rows()) != []
    assert santunan("members", "export", "x.pdf", cwd=tmp_path).status == 2


def test_members_are_given_out_by_the_api_and_by_the_page(client: Open) -> None:
    own = client(COOPERATIVE)
    found = own.get("/v1/exports/members")
    assert found.status == 200 and found.raw.decode("utf-8-sig").startswith("NIK;Nama;Tanggal lahir;Nomor KPJ;")
    assert own.get("/v1/exports/members", Accept=XLSX).raw.startswith(b"PK")
    page = own.get("/members").raw.decode()
    assert 'href="/members/export.xlsx"' in page and 'href="/members/export.csv"' in page
    assert own.get("/members/export.csv").raw == found.raw and own.get("/members/export.xlsx").raw.startswith(b"PK")
    assert own.get("/members/export.pdf").status == 404
    for path in ("/contributions", "/claim-sheet"):
        other = own.get(path)
        assert other.status == 200 and "/members/export" not in other.raw.decode()
    paid = b"Nomor KPJ;Bulan iuran;Jumlah;Tanggal bayar\n19990000014;2026-11;16.400;10/11/2026\n"
    assert upload(own, path="/contributions", file=paid).status == 200
    assert client("clinic:plkk-0012").get("/members/export.csv").status == 403


def test_the_home_of_a_cooperative_says_that_it_registers_members_there(client: Open) -> None:
    home = client(COOPERATIVE).ask("GET", "/", None, Cookie="language=id").raw.decode()
    assert "koperasi mendaftarkan anggotanya dan mencatat iurannya" in home
    assert "tidak ada tugas atau klaim yang menunggu" in home


def test_a_sheet_of_registered_members_leads_to_who_is_covered(client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    own, sheet = client(COOPERATIVE), as_csv(good_rows(3, 400))
    assert 'href="/protection">Lihat' not in upload(own, file=sheet).raw.decode()

    async def all_there(*asked: Any, **how: Any) -> Checked:
        found, *rest = await checked(*asked, **how)
        return found | {"counts": found["counts"] | {"good": 0, "unchanged": 3}}, *rest

    monkeypatch.setattr(sheets, "checked", all_there)
    assert 'href="/protection">Lihat' in upload(own, file=sheet).raw.decode()
