"""The Merkle tree against a naive one, the vectors of Certificate Transparency, and pymerkle."""

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from pipeline.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    Prover,
    Tile,
    TileWriter,
    consistent_roots,
    leaf_hash,
    root_from,
    tile_path,
)
from tests.ledger import naive

# Of certificate-transparency's `merkle_tree_test.cc`, which RFC 6962 was written with.
VECTORS = [bytes.fromhex(one) for one in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def grown(leaves: list[bytes], *cuts: int) -> tuple[Frontier, dict[tuple[int, int], bytes]]:
    """The tree of these leaves, appended in parts, and its tiles."""
    frontier, writer, tiles = Frontier(), TileWriter(), {}
    bounds = sorted({0, len(leaves), *(cut for cut in cuts if cut < len(leaves))})
    for start, end in zip(bounds, bounds[1:], strict=False):
        hashes = [leaf_hash(leaf) for leaf in leaves[start:end]]
        frontier = Frontier.restored(frontier.size, frontier.packed()).grown(hashes)
        for tile in writer.append(hashes):
            tiles[tile.level, tile.number] = tile.hashes
        writer = TileWriter.restored(last_tiles(tiles))
    return frontier, tiles


def last_tiles(tiles: dict[tuple[int, int], bytes]) -> list[Tile]:
    levels = max((level for level, _ in tiles), default=-1) + 1
    newest = [max(number for one, number in tiles if one == level) for level in range(levels)]
    return [Tile(level, number, tiles[level, number]) for level, number in enumerate(newest)]


def drawn(seed: int, size: int) -> list[bytes]:
    random = Random(seed)
    return [random.randbytes(random.randrange(40)) for _ in range(size)]


def test_roots_are_those_of_certificate_transparency() -> None:
    for size, root in enumerate(ROOTS, 1):
        assert Frontier().grown([leaf_hash(leaf) for leaf in VECTORS[:size]]).root().hex() == root
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


@settings(deadline=None)
@given(st.integers(0, 1 << 32), st.integers(0, 700), st.lists(st.integers(0, 700), max_size=8))
def test_root_does_not_depend_on_how_leaves_were_cut(seed: int, size: int, cuts: list[int]) -> None:
    leaves = drawn(seed, size)
    frontier, tiles = grown(leaves, *cuts)
    assert frontier.size == size
    assert frontier.root() == naive.root(leaves) == Prover(lambda *at: tiles[at]).root(size)


@settings(deadline=None)
@given(st.data())
def test_proofs_are_those_of_the_rfc(data: st.DataObject) -> None:
    leaves = drawn(data.draw(st.integers(0, 1 << 32)), data.draw(st.integers(1, 600)))
    _, tiles = grown(leaves, 255, 256, 257)
    prover = Prover(lambda *at: tiles[at])
    size = data.draw(st.integers(1, len(leaves)))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = prover.inclusion(index, size)
    assert path == naive.inclusion(index, leaves[:size])
    root = naive.root(leaves[:size])
    assert root_from(leaf_hash(leaves[index]), index, size, path) == root
    path = prover.consistency(old, size)
    assert path == naive.consistency(old, leaves[:size])
    if old < size:
        before = naive.root(leaves[:old])
        assert consistent_roots(old, size, path, before) == (before, root)


def test_pymerkle_agrees_on_every_proof() -> None:
    """An implementation by others: 2,211 proofs of inclusion, 2,145 of consistency."""
    leaves = drawn(7, 66)
    other = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        other.append_entry(leaf)
    _, tiles = grown(leaves)
    prover = Prover(lambda *at: tiles[at])
    compared = 0
    for size in range(1, len(leaves) + 1):
        assert other.get_root(size) == prover.root(size)
        for index in range(size):
            _, *theirs = other.prove_inclusion(index + 1, size).path  # it begins with the leaf
            assert theirs == prover.inclusion(index, size)
            compared += 1
        for old in range(1, size):
            ours = prover.consistency(old, size)  # its own proofs of consistency have another form
            assert consistent_roots(old, size, ours, prover.root(old)) == (other.get_root(old), other.get_root(size))
            compared += 1
    assert compared == 66 * 66


def test_forged_proofs_lead_to_no_root_of_ours() -> None:
    """Each change of leaf, index, size or path either fits no tree or leads elsewhere."""
    random, accepted, tried = Random(11), 0, 0
    leaves = drawn(3, 400)
    _, tiles = grown(leaves)
    prover = Prover(lambda *at: tiles[at])
    roots = {prover.root(size): size for size in range(1, 401)}
    while tried < 5000:
        size = random.randrange(2, 401)
        index = random.randrange(size)
        leaf, path = leaf_hash(leaves[index]), prover.inclusion(index, size)
        at = random.randrange(len(path))
        forged = {
            "leaf": (random.randbytes(32), index, size, path),
            "index": (leaf, random.choice([one for one in range(size) if one != index]), size, path),
            "step": (leaf, index, size, [*path[:at], random.randbytes(32), *path[at + 1 :]]),
            "longer": (leaf, index, size, [*path, random.randbytes(32)]),
            "shorter": (leaf, index, size, path[:-1]),
            "node": (path[0], index, size, path[1:]),
        }
        for name, given_ in forged.items():
            tried += 1
            try:
                accepted += roots.get(root_from(*given_)) == given_[2]
            except ValueError:
                continue
            except IndexError:
                pytest.fail(name)
    assert accepted == 0


def test_a_frontier_of_another_size_is_refused() -> None:
    frontier = Frontier().grown([leaf_hash(b"one"), leaf_hash(b"two"), leaf_hash(b"three")])
    with pytest.raises(ValueError, match="nodes"):
        Frontier.restored(4, frontier.packed())


@pytest.mark.parametrize(
    ("number", "hashes", "path"),
    [(0, 256, "tile/1/000"), (1234067, 256, "tile/1/x001/x234/067"), (5, 3, "tile/1/005.p/3")],
)
def test_tiles_have_the_paths_of_c2sp(number: int, hashes: int, path: str) -> None:
    assert tile_path(Tile(1, number, bytes(32 * hashes))) == path
