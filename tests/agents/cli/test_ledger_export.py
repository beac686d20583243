"""Trees for tools that know nothing of this program, and signatures of witnesses: by Go's own implementation."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.ledger.notes import claimed, split_notes
from tests.support.command_line import santunan
from tests.support.ledgers import fill
from tests.support.site import Site

SOURCE = Path(__file__).parents[2] / "ledger" / "reader"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of Go, built once; its modules come by Go's own client."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go here")
    place = tmp_path_factory.mktemp("reader") / "reader"
    made = subprocess.run(  # noqa: S603
        [go, "build", "-o", str(place), "."], cwd=SOURCE, capture_output=True, text=True, timeout=280
    )
    if made.returncode and "dial tcp" in made.stderr:
        pytest.skip("the modules cannot be had here")
    assert made.returncode == 0, made.stderr
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that was signed three times and grew since."""
    place = tmp_path_factory.mktemp("export")
    (place / ".santunan").mkdir()
    for first in (0, 100, 200, 400):
        site = Site(f"sqlite:///{place}/.santunan/santunan.db")
        fill(site, first, count=90)
        site.close()
        if first < 400:
            assert santunan("ledger", "sign", cwd=place).status == 0
    return place


def read(reader: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(reader), str(folder), *more], capture_output=True, text=True)  # noqa: S603


@pytest.mark.parametrize("tree", ["0", "1", "audit", "heads"])
def test_go_reads_every_exported_tree(tree: str, place: Path, reader: Path) -> None:
    ran = santunan("ledger", "export", tree, f"tree-{tree}", cwd=place)
    assert ran.status == 0, ran.err
    found = read(reader, place / f"tree-{tree}")
    assert found.returncode == 0 and found.stdout.startswith("PROVED: "), found.stdout
    size, origin = found.stdout.split()[1], found.stdout.split()[-1]
    assert f"{int(size):,} entries" in ran.out and origin.endswith(f"/{tree}")
    assert int(size) > 256 or tree != "0", "a full tile, a partial one, and a second level"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000", "checkpoint"])
def test_go_refuses_an_exported_tree_with_one_changed_byte(
    path: str, place: Path, reader: Path, tmp_path: Path
) -> None:
    assert santunan("ledger", "export", "0", str(tmp_path / "tree"), cwd=place).status == 0
    assert read(reader, tmp_path / "tree").returncode == 0
    file = tmp_path / "tree" / path
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    assert read(reader, tmp_path / "tree").stdout.startswith("REFUSED: ")


def test_an_unknown_tree_is_named(place: Path) -> None:
    ran = santunan("ledger", "export", "7", "tree-7", cwd=place)
    assert ran.status == 1 and "there are: 0, 1, audit, heads" in ran.err


def test_a_witness_of_go_co_signs_and_verify_says_so(place: Path, reader: Path) -> None:
    santunan("ledger", "export", "heads", "heads", cwd=place)
    assert read(reader, place / "heads", "witness.test/one").returncode == 0
    asked = ("ledger", "cosign", "heads/cosigned", "--witness", "heads/witness.pub")
    ran = santunan(*asked, cwd=place)
    size = claimed((place / "heads" / "checkpoint").read_text(encoding="utf-8")).size
    assert (ran.status, ran.out) == (0, f"witness.test/one has co-signed the checkpoint of {size} heads.\n"), ran.err
    again = santunan(*asked, cwd=place)
    assert again.status == 1 and "has signed this note already" in again.err
    found = santunan("ledger", "verify", cwd=place)
    assert found.status == 0 and "witness.test/one has co-signed 1 of the checkpoints" in found.out, found.out
    assert "\u2014 witness.test/one " in santunan("ledger", cwd=place).out
    with closing(sqlite3.connect(place / ".santunan" / "santunan.db")) as store, store:
        [(note,)] = store.execute("SELECT note FROM ledger_checkpoints WHERE size = ?", (size,)).fetchall()
        line = note.splitlines()[-1]
        wrong = line[:-6] + ("B" if line[-6] == "A" else "A") + line[-5:]
        store.execute("UPDATE ledger_checkpoints SET note = ? WHERE size = ?", (note.replace(line, wrong), size))
    found = santunan("ledger", "verify", cwd=place)
    assert found.status == 1 and "the signature of the witness witness.test/one is wrong" in found.out


def test_a_signature_of_another_checkpoint_or_witness_is_not_kept(place: Path, reader: Path) -> None:
    santunan("ledger", "export", "0", "other", cwd=place)  # a note that is no checkpoint of heads
    assert read(reader, place / "other", "witness.test/two").returncode == 0
    ran = santunan("ledger", "cosign", "other/cosigned", "--witness", "other/witness.pub", cwd=place)
    assert ran.status == 1 and "signs none of the newest" in ran.err
    ran = santunan("ledger", "cosign", "heads/cosigned", "--witness", "other/witness.pub", cwd=place)
    assert ran.status == 1 and "no line of witness.test/two" in ran.err
    assert santunan("ledger", "cosign", "heads/cosigned", "--witness", "other/key.pub", cwd=place).status == 2


def test_the_folder_of_witnesses_has_a_note_of_each_tree(place: Path, tmp_path: Path) -> None:
    ran = santunan("ledger", "sign", cwd=place, SANTUNAN_WITNESS_DIR=str(tmp_path / "kept"))
    assert ran.status == 0, ran.err
    names = {one.name for one in (tmp_path / "kept").iterdir()}
    assert {"tree-0", "tree-1", "tree-audit"} < names
    [note] = split_notes((tmp_path / "kept" / "tree-0").read_text(encoding="utf-8"))
    assert claimed(note).origin.endswith("/0") and claimed(note).size > 256
