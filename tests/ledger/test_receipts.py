"""Receipts and the verifier that an outsider runs: what is true is proved, nothing else is."""

import ast
import json
import subprocess
import sys
from copy import deepcopy
from hashlib import sha256
from pathlib import Path as File
from random import Random
from typing import Any

import pytest

from pipeline.ledger import verifier
from pipeline.ledger.leaves import digest, head
from pipeline.ledger.notes import SigningKey, signed_checkpoint
from pipeline.ledger.receipts import Path, receipt
from pipeline.ledger.tree import Prover, TileWriter, leaf_hash
from pipeline.ledger.verifier import verify

KEY = SigningKey("santunan.test/heads", sha256(b"a key for tests").digest())
FOREIGN = SigningKey("santunan.test/heads", sha256(b"a key of somebody else").digest())
PUBLIC = [KEY.public()]
SIZE, TREES = 1000, 3


class Ledger:
    """Three trees of made-up events, and the heads over them, at two moments."""

    def __init__(self) -> None:
        random = Random(5)
        self.events = {(t, n): f'{{"id":"{t}-{n}"}}'.encode() for t in range(TREES) for n in range(SIZE)}
        self.salts = {place: random.randbytes(16) for place in self.events}
        self.leaves = [[self.leaf(tree, n) for n in range(SIZE)] for tree in range(TREES)]
        self.provers = [prover(leaves) for leaves in self.leaves]
        self.heads = [
            head(str(tree), size, self.provers[tree].root(size)) for size in (SIZE // 2, SIZE) for tree in range(TREES)
        ]
        self.head_prover = prover(self.heads)
        self.notes = [signed_checkpoint(size, self.head_prover.root(size), [KEY]) for size in (TREES, 2 * TREES)]

    def leaf(self, tree: int, n: int) -> str:
        event = self.events[tree, n]
        return f"applied claims.accidents/{tree}/{n} {n} 1700000000000000 0 {digest(self.salts[tree, n], event)}"

    def receipt(self, tree: int, n: int, moment: int = 1) -> dict[str, Any]:
        at, size = moment * TREES + tree, (SIZE // 2, SIZE)[moment]
        return receipt(
            Path(self.leaves[tree][n], n, self.provers[tree].inclusion(n, size)),
            self.salts[tree, n],
            Path(self.heads[at], at, self.head_prover.inclusion(at, (moment + 1) * TREES)),
            self.notes[moment],
        )


def prover(leaves: list[str]) -> Prover:
    tiles = {
        (one.level, one.number): one.hashes for one in TileWriter().append([leaf_hash(x.encode()) for x in leaves])
    }
    return Prover(lambda *at: tiles[at])


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


def test_every_event_is_proved_by_its_receipt(ledger: Ledger) -> None:
    for tree, n in ledger.events:
        proved = verify(ledger.receipt(tree, n), PUBLIC, ledger.events[tree, n])
        assert (proved.tree, proved.index, proved.size, proved.is_of_event) == (str(tree), n, SIZE, True)
        assert proved.leaf == ledger.leaves[tree][n]


def test_a_receipt_of_an_older_checkpoint_stays_valid(ledger: Ledger) -> None:
    assert verify(ledger.receipt(1, 7, moment=0), PUBLIC).size == SIZE // 2


def test_a_proof_holds_when_bytes_and_salt_are_erased(ledger: Ledger) -> None:
    """The leaf, its place and its time stay proved; what was in it can be neither shown nor guessed at."""
    made, event = ledger.receipt(1, 7), ledger.events[1, 7]
    erased = made | {"salt": ""}
    assert verify(erased, PUBLIC).leaf == ledger.leaves[1][7]
    with pytest.raises(ValueError, match="its bytes are others"):
        verify(erased, PUBLIC, event)
    assert sha256(event).hexdigest() not in made["leaf"]


def test_an_output_is_proved_with_its_key_alone(ledger: Ledger) -> None:
    salt = b"s" * 16
    leaf = f"output claims.accidents/0/7 claims.decisions 9 {digest(salt, b'key' + bytes(1) + b'{}')}"
    named = head("0", 1, leaf_hash(leaf.encode()))
    note = signed_checkpoint(1, leaf_hash(named.encode()), [KEY])
    made = receipt(Path(leaf, 0, []), salt, Path(named, 0, []), note, "key")
    assert verify(made, PUBLIC, b"{}").is_of_event
    keyless = {name: one for name, one in made.items() if name != "key"}
    for forged, event in ((made | {"key": "ke"}, b"{}"), (made | {"key": "key\0{"}, b"}"), (keyless, b"{}")):
        with pytest.raises(ValueError):  # noqa: PT011 (any of them)
            verify(forged, PUBLIC, event)


def test_another_event_is_not_the_one_of_the_receipt(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="its bytes are others"):
        verify(ledger.receipt(1, 7), PUBLIC, ledger.events[1, 8])


def test_size_and_root_are_read_from_the_note_alone(ledger: Ledger) -> None:
    """A receipt that says them itself changes nothing."""
    made = ledger.receipt(1, 7)
    assert verify({**made, "size": 4, "root": "00" * 32}, PUBLIC) == verify(made, PUBLIC)


def test_forged_receipts_are_not_accepted(ledger: Ledger) -> None:
    """20,000 of them: 0 are accepted."""
    random, tried, accepted = Random(17), 0, []
    while tried < 20_000:
        tree, n = random.randrange(TREES), random.randrange(SIZE)
        name = random.choice(list(FORGERIES))
        forged = deepcopy(ledger.receipt(tree, n))
        FORGERIES[name](random, ledger, forged, tree, n)
        tried += 1
        try:
            verify(forged, PUBLIC)
        except (ValueError, TypeError, KeyError):
            continue
        accepted.append(name)
    print(f"{tried:,} forged receipts, {len(accepted)} accepted")
    assert accepted == []


def _flip(random: Random, text: str) -> str:
    at = random.randrange(len(text))
    return text[:at] + random.choice([one for one in "0123456789abcdef" if one != text[at].lower()]) + text[at + 1 :]


def _edit_leaf(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    forged["leaf"] = _flip(random, forged["leaf"])


def _move(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    forged["index"] = random.choice([one for one in (-1, n + 1, n - 1, n + SIZE, n ^ 1, SIZE, True) if one != n])


def _edit_step(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    path = random.choice([forged["path"], forged["head"]["path"]])
    at = random.randrange(len(path))
    path[at] = _flip(random, path[at])


def _cut_path(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    random.choice([forged["path"], forged["head"]["path"]]).pop(random.choice([0, -1]))


def _lengthen(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    random.choice([forged["path"], forged["head"]["path"]]).append(random.randbytes(32).hex())


def _other_leaf(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    forged["leaf"] = ledger.leaves[tree][(n + random.randrange(1, SIZE)) % SIZE]


def _other_tree(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    other = (tree + random.randrange(1, TREES)) % TREES
    forged |= {name: ledger.receipt(other, n)[name] for name in random.choice([("leaf", "path"), ("head",)])}


def _other_head(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    prefix, size = f"head {tree} ", random.randrange(1, 2 * SIZE)
    forged["head"]["leaf"] = prefix + f"{size} {random.randbytes(32).hex()}"


def _own_tree(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    """A tree that fits in itself, which nobody signed."""
    leaf = f"applied claims.accidents/{tree}/{n} 1 1 0 {random.randbytes(32).hex()}"
    named = head(str(tree), 1, leaf_hash(leaf.encode()))
    note = signed_checkpoint(1, leaf_hash(named.encode()), [FOREIGN])
    forged |= receipt(Path(leaf, 0, []), bytes(16), Path(named, 0, []), note)


def _older_note(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    """A replayed checkpoint under a newer head."""
    forged["checkpoint"] = ledger.notes[0]


def _edit_note(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    at = random.randrange(len(forged["checkpoint"]))
    note = forged["checkpoint"]
    forged["checkpoint"] = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]


def _node_as_leaf(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    forged["path"], forged["index"] = forged["path"][1:], n >> 1


def _no_type(random: Random, ledger: Ledger, forged: Any, tree: int, n: int) -> None:
    name = random.choice(["leaf", "index", "path", "head", "checkpoint", "format"])
    forged[name] = random.choice([None, [], {}, 3.5, "x", ["zz"]])


FORGERIES: Any = {
    made.__name__: made
    for made in (_edit_leaf, _move, _edit_step, _cut_path, _lengthen, _other_leaf, _other_tree, _other_head, _own_tree)
    + (_older_note, _edit_note, _node_as_leaf, _no_type)
}


def test_verifier_runs_alone(ledger: Ledger, tmp_path: File) -> None:
    """A copy of its one file, in a folder without this program."""
    copy = tmp_path / "verifier.py"
    copy.write_text(File(verifier.__file__).read_text())
    (tmp_path / "receipt.json").write_text(json.dumps(ledger.receipt(2, 3)))
    (tmp_path / "ledger.pub").write_text(KEY.public() + "\n")
    (tmp_path / "event.json").write_bytes(ledger.events[2, 3])
    asked = [sys.executable, "-I", str(copy), "receipt.json", "--key", "ledger.pub", "--event", "event.json"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("PROVED: applied claims.accidents/2/3")
    (tmp_path / "event.json").write_bytes(ledger.events[2, 4])
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 1
    assert done.stdout.startswith("NOT PROVED: the event is not the one")


def test_verifier_is_short_and_imports_nothing_of_ours() -> None:
    source = File(verifier.__file__).read_text()
    assert len(source.splitlines()) < 200
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names - set(sys.stdlib_module_names) == {"cryptography"}
