"""One tree of the ledger as the files of C2SP tlog-tiles: for tools that know nothing of this program. Never writes."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from pipeline.ledger.leaves import HEADS, leaf_hashes
from pipeline.ledger.tree import WIDTH, Prover, Tile, split, tile_path
from pipeline.queries.pages import NotFound
from pipeline.queries.receipts import newest_checkpoint, signed_sizes
from pipeline.store.leaves import bundle_of
from pipeline.store.ledger_keeper import tile_reader
from pipeline.store.ledger_tables import ledger_leaves
from pipeline.store.readable import Readable

File = tuple[str, bytes]


def signed_head(store: Readable, tree: str) -> tuple[int, bytes, str | None]:
    """Size and root of a tree by the newest checkpoint, and the note of it; None: the note is to be made of these.

    Raises NotFound where there is no such tree, or nothing of it is signed.
    """
    with store.reader() as connection:
        newest = newest_checkpoint(connection)
        sizes = {} if newest is None else signed_sizes(connection, newest.size) | {HEADS: newest.size}
        if tree not in sizes:
            raise NotFound(f"nothing of a tree {tree} is signed; there are: {', '.join(sorted(sizes)) or 'none'}")
        root = Prover(tile_reader(connection, tree)).root(sizes[tree])
        return sizes[tree], root, newest.note if tree == HEADS else None


def exported(store: Readable, tree: str, size: int) -> Iterator[File]:
    """(path, content) of every tile and every bundle of entries of the first `size` leaves."""
    with store.reader() as connection:
        read, level, count = tile_reader(connection, tree), 0, size
        while count:
            for number in range(-(-count // WIDTH)):
                width = min(WIDTH, count - number * WIDTH)
                hashes = b"".join(split(read(level, number))[:width])
                yield tile_path(Tile(level, number, hashes)), hashes
            level, count = level + 1, count // WIDTH
        yield from _bundles(connection, tree, size)


def _bundles(connection: Connection, tree: str, size: int) -> Iterator[File]:
    """Each entry behind its length in two bytes."""
    chosen = (ledger_leaves.c.tree == tree, ledger_leaves.c.first < size)
    rows = connection.execute(select(ledger_leaves).where(*chosen).order_by(ledger_leaves.c.first))
    number, pending = 0, list[bytes]()
    for row in rows:
        pending += bundle_of(row).lines()
        while len(pending) >= WIDTH:
            yield _bundle(number, pending[:WIDTH])
            number, pending = number + 1, pending[WIDTH:]
    if pending := pending[: size - number * WIDTH]:
        yield _bundle(number, pending)


def _bundle(number: int, lines: list[bytes]) -> File:
    path = tile_path(Tile(0, number, b"".join(leaf_hashes(lines)))).replace("tile/0/", "tile/entries/", 1)
    return path, b"".join([len(line).to_bytes(2, "big") + line for line in lines])
