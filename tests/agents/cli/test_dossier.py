"""Dossiers: opened in an empty folder without this program, and checked as their own page says."""

import html
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.ledgers import claims
from tests.support.site import Site

CLAIM = "K5"
PRIVATE = (e.NIK, "Siti Canary", "patah tulang canary")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that was signed, and two dossiers: masked.zip and full.zip."""
    place = tmp_path_factory.mktemp("dossier")
    (place / ".santunan").mkdir()
    site = Site(f"sqlite:///{place}/.santunan/santunan.db")
    member = e.registered(e.NUMBER, e.NIK, name="Siti Canary")
    site.run(member, *e.member()[1:], *claims(0, 12), b"no event")
    site.run(
        e.evidence(
            CLAIM, "2026-07-29T10:00:00", medical={"diagnosis": "patah tulang canary", "unable_to_work_days": 9}
        ),
        e.review(CLAIM, 99, "approve", "2026-07-29T11:00:00"),  # refused: there is no revision 99
    )
    site.close()
    assert santunan("ledger", "sign", cwd=place).status == 0
    for name, more in (("masked.zip", ()), ("full.zip", ("--full", "asked for by the court"))):
        ran = santunan("dossier", CLAIM, "-o", name, *more, cwd=place)
        assert ran.status == 0, ran.out + ran.err
        assert re.search(r"(\d+) of \1 events and outputs are proved", ran.out)
    return place


def opened(place: Path, name: str, folder: Path) -> Path:
    with zipfile.ZipFile(place / name) as packed:
        packed.extractall(folder)
    return folder


def commands(folder: Path, language: str) -> list[str]:
    """Those of the page, in one of its languages."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    indonesian, english = page.split('<section lang="en"')
    found = re.findall("<pre><code>(.*?)</code></pre>", english if language == "en" else indonesian, re.DOTALL)
    return [html.unescape(one) for one in found]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In a shell that knows no program of ours: `python3` is a bare interpreter with `cryptography`."""
    bare = folder.parent / "bin"
    bare.mkdir(exist_ok=True)
    (bare / "python3").unlink(missing_ok=True)
    (bare / "python3").symlink_to(sys.executable)
    path = f"{bare}:/usr/local/bin:/usr/bin:/bin"
    return subprocess.run(  # noqa: S602
        command, shell=True, cwd=folder, capture_output=True, text=True, env={"PATH": path, "LC_ALL": "C.UTF-8"}
    )


def checked(folder: Path) -> list[int]:
    """What each command of the page ends with."""
    return [run(command, folder).returncode for command in commands(folder, "id")]


@pytest.mark.parametrize("name", ["masked.zip", "full.zip"])
def test_a_dossier_is_checked_by_its_own_page_without_this_program(name: str, place: Path, tmp_path: Path) -> None:
    folder = opened(place, name, tmp_path / "empty")
    assert commands(folder, "id") == commands(folder, "en") and len(commands(folder, "id")) == 3
    sums, signature, receipts = (run(command, folder) for command in commands(folder, "id"))
    assert sums.returncode == 0 and "FAILED" not in sums.stdout, sums.stdout + sums.stderr
    assert "Signature Verified Successfully" in signature.stdout + signature.stderr
    proved = [line for line in receipts.stdout.splitlines() if line.startswith("PROVED")]
    assert receipts.returncode == 0 and len(proved) == len(list(folder.glob("*/*.receipt"))) > 4, receipts.stdout
    compared = receipts.stdout.count("the event is the one of this entry")
    assert compared == (len(proved) if name == "full.zip" else len(list(folder.glob("outputs/*.json"))))


def test_a_masked_dossier_has_no_personal_data_and_a_full_one_has_all(place: Path) -> None:
    for name, is_full in (("masked.zip", False), ("full.zip", True)):
        with zipfile.ZipFile(place / name) as packed:
            content = b"".join(packed.read(one) for one in packed.namelist() if not one.endswith(".pdf"))
            events = [one for one in packed.namelist() if re.fullmatch("(events|refused)/[0-9]+.json", one)]
        assert [one.encode() in content for one in PRIVATE] == ([False] * 3 if not is_full else [False, False, True])
        assert len(events) == (3 if is_full else 0)


def test_what_was_refused_the_law_and_each_letter_are_in_it(place: Path, tmp_path: Path) -> None:
    folder = opened(place, "full.zip", tmp_path)
    found = json.loads((folder / "dossier.json").read_bytes())
    assert [one["refused_for"] for one in found["events"]] == [None, None, "REVIEW_STALE"]
    assert [sha256((folder / one["file"]).read_bytes()).hexdigest() for one in found["events"]] == [
        one["sha256"] for one in found["events"]
    ]
    law = json.loads((folder / "law/numbers.json").read_bytes())
    assert law["is_same_book"] and {"name", "value", "since", "reference", "marker"} <= set(law["numbers"][0])
    revisions = range(1, found["decisions"][-1]["revision"] + 1)
    names = {f"{one:04}-{lang}.{end}" for one in revisions for lang in ("id", "en") for end in ("html", "pdf")}
    assert {one.name for one in folder.glob("letters/*")} == names
    published = [json.loads(one.read_bytes())["data"] for one in folder.glob("outputs/*claims.decisions.json")]
    assert sorted(one["revision"] for one in published) == list(revisions)
    page = html.unescape(re.sub("<[^>]+>", "", (folder / "index.html").read_text()))
    for one in found["decisions"]:  # in the list of its files each decision has its time and its number
        day, number = one["decided_at"][:10], one["revision"]
        assert re.search(rf"{day} [0-9:]+ WIB · keputusan {number}: Keputusan klaim", page)
        assert re.search(rf"{day} [0-9:]+ WIB · decision {number}: Decision on claim", page)
        assert f"claims.decisions · {CLAIM}.r{number} · outputs/" in page


def test_the_same_state_is_the_same_bytes_and_each_look_is_on_record(place: Path) -> None:
    before = (place / "masked.zip").read_bytes()
    santunan("ledger", "sign", cwd=place)  # the records of the looks before are signed now
    assert santunan("dossier", CLAIM, "-o", "again.zip", cwd=place).status == 0
    assert (place / "again.zip").read_bytes() == before
    with closing(sqlite3.connect(place / ".santunan" / "santunan.db")) as store:
        rows = store.execute("SELECT who, subject, reason FROM audit_records WHERE action = 'claim.dossier'").fetchall()
    assert rows[:2] == [
        ("urn:santunan:auditor:here", CLAIM, None),
        ("urn:santunan:auditor:here", CLAIM, "asked for by the court"),
    ]


def test_a_reason_with_a_nik_and_an_unknown_claim_make_no_dossier(place: Path) -> None:
    ran = santunan("dossier", CLAIM, "-o", "no.zip", "--full", f"about {e.NIK}", cwd=place)
    assert ran.status == 1 and "without a NIK" in ran.err
    assert santunan("dossier", "NO-SUCH", "-o", "no.zip", cwd=place).status == 1
    assert not (place / "no.zip").exists()


def new_sums(folder: Path) -> None:
    names = sorted(
        str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file() and one.name != "SHA256SUMS"
    )
    lines = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(lines))


def change_decision(folder: Path) -> None:
    file = sorted(folder.glob("outputs/*claims.decisions.json"))[0]
    file.write_bytes(file.read_bytes().replace(b'"revision":1', b'"revision":2'))


def change_event(folder: Path) -> None:
    file = folder / "events/0001.json"
    file.write_bytes(file.read_bytes() + b" ")


def swap_receipts(folder: Path) -> None:
    one, two = sorted(folder.glob("events/*.receipt"))[:2]
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)


def change_leaf(folder: Path) -> None:
    """A leaf of other bytes, as who could compute one would write it."""
    change_event(folder)
    file = folder / "events/0001.json.receipt"
    made = json.loads(file.read_bytes())
    salted = sha256(bytes.fromhex(made["salt"]) + (folder / "events/0001.json").read_bytes()).hexdigest()
    made["leaf"] = f"{made['leaf'].rpartition(' ')[0]} {salted}"
    file.write_text(json.dumps(made))


def change_checkpoint(folder: Path) -> None:
    file = folder / "proofs/checkpoint.message"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\n1", 1))


@pytest.mark.parametrize("tamper", [change_decision, change_event, swap_receipts, change_leaf, change_checkpoint])
def test_a_tampered_dossier_fails(tamper: Callable[[Path], None], place: Path, tmp_path: Path) -> None:
    """Its checksums first; and one that writes these anew fails by its proofs."""
    folder = opened(place, "full.zip", tmp_path / "full")
    assert checked(folder) == [0, 0, 0]
    tamper(folder)
    assert checked(folder)[0] != 0
    new_sums(folder)
    sums, signature, receipts = checked(folder)
    assert sums == 0 and (signature, receipts) != (0, 0)


def test_before_anything_is_signed_the_dossier_says_so(tmp_path: Path) -> None:
    (tmp_path / ".santunan").mkdir()
    site = Site(f"sqlite:///{tmp_path}/.santunan/santunan.db")
    site.run(*e.member(), *claims(0, 1))
    site.close()
    ran = santunan("dossier", "K0", "-o", "new.zip", cwd=tmp_path)
    assert ran.status == 0 and "0 of " in ran.out and "santunan ledger sign" in ran.out
    with zipfile.ZipFile(io.BytesIO((tmp_path / "new.zip").read_bytes())) as packed:
        page = packed.read("index.html").decode()
    assert "not signed yet" in page and "belum ditandatangani" in page
    assert shutil.which("openssl") and shutil.which("sha256sum"), "the tests above need them"
