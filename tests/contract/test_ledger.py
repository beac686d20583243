"""The ledger over both engines: every row has its leaf, what was signed stays, and each change by hand is found."""

import re
from collections import Counter
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import text

from pipeline.audit.ledger_check import verify
from pipeline.audit.ledger_findings import Verified
from pipeline.errors import NotReady
from pipeline.ledger.leaves import Bundle
from pipeline.ledger.tree import Prover, consistent_roots
from pipeline.ledger.verifier import opened
from pipeline.store.ledger_keeper import LedgerKeeper, Signed, tile_reader
from tests.contract.conftest import MakeSite
from tests.support import events as e
from tests.support.ledgers import KEY, OTHER_KEY, PUBLIC, fill, record, sign
from tests.support.run import wait_for
from tests.support.site import Site


def leaves(site: Site) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in site.rows("SELECT * FROM ledger_leaves ORDER BY tree, first"):
        one = Bundle(*row[:4], *map(bytes, row[4:]))
        found.setdefault(one.tree, []).extend(line.decode() for line in one.lines())
    return found


def verified(site: Site, **more: Any) -> Verified:
    return verify(site.store, keys=PUBLIC, **more)


def change(site: Site, *statements: str, **values: Any) -> None:
    with site.store.unit_of_work() as work:
        for statement in statements:
            done = work.connection.execute(text(statement), values)
            assert done.rowcount != 0, statement
        work.commit()


def kinds(lines: list[str]) -> Counter[str]:
    return Counter(line.split(" ")[0] for line in lines)


def test_every_event_output_and_record_has_a_leaf(site: Site) -> None:
    fill(site)
    [(applied,)] = site.rows("SELECT count(*) FROM ledger")
    trees = leaves(site)
    assert set(trees) == {"0", "1", "audit"}
    assert kinds(trees["0"])["duplicate"] == 2
    assert kinds(trees["0"])["refused"] == 1
    assert kinds(trees["0"])["applied"] + kinds(trees["1"])["applied"] == applied
    outputs = sum(kinds(lines)["output"] for lines in trees.values())
    assert outputs == len(site.published) > 12
    assert len(trees["audit"]) == 1
    found = verified(site)
    assert found.findings == ()
    assert (found.leaves, found.unsigned) == (sum(map(len, trees.values())),) * 2


def test_leaves_do_not_depend_on_how_events_were_cut(make_site: MakeSite) -> None:
    """But for their salts and the numbers of chunks."""
    events = [*e.member(), *(e.accident(f"K{n}", f"2024-07-{n:02}") for n in range(1, 9)), b"no event"]
    seen = []
    for size, together in ((1, 1), (3, 2), (1000, 1)):
        site = make_site()
        site.run(*events, size=size, together=together)
        seen.append([_without_numbers(line) for line in leaves(site)["0"]])
    assert seen[0] == seen[1] == seen[2]


def _without_numbers(line: str) -> str:
    words = line.split(" ")[:-1]
    return " ".join(words[:2] if words[0] == "applied" else words[:3])


def test_what_was_rolled_back_has_no_leaf(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(site)
    before = leaves(site)
    monkeypatch.setattr(site.processor, "verify", _fail)
    with pytest.raises(RuntimeError):
        site.run(b"")
    assert leaves(site) == before


def _fail(_: Any) -> None:
    raise RuntimeError("of the test")


def test_a_checkpoint_covers_all_and_each_follows_from_the_one_before(site: Site) -> None:
    notes = []
    for minute in range(4):
        fill(site, first=minute * 20)
        signed = sign(site, minute)
        assert signed is not None
        notes.append(signed)
        assert verified(site).findings == ()
        assert verified(site).unsigned == 0
    assert sign(site, 5) is None, "nothing was added"
    with site.store.reader() as connection:
        prover = Prover(tile_reader(connection, "heads"))
        for old, new in zip(notes, notes[1:], strict=False):
            sizes = old.checkpoint.size, new.checkpoint.size
            roots = consistent_roots(*sizes, prover.consistency(*sizes), old.checkpoint.root)
            assert roots == (old.checkpoint.root, new.checkpoint.root)
    assert verified(site, against=[one.note for one in notes]).findings == ()
    assert opened(notes[-1].note, PUBLIC).size == sum(1 for _ in notes) * 3


def test_what_is_in_no_head_yet_is_counted(site: Site) -> None:
    fill(site)
    sign(site)
    record(site)
    found = verified(site)
    assert (found.unsigned, found.findings) == (1, ())


def test_another_key_signs_nothing(site: Site) -> None:
    fill(site)
    sign(site)
    fill(site, 40)
    with pytest.raises(NotReady, match="another key"):
        sign(site, 1, OTHER_KEY)
    LedgerKeeper(site.store, [OTHER_KEY, KEY])  # a rotation: the one before signs as well


def test_history_of_before_gets_a_tree_of_its_own(site: Site) -> None:
    """As if the migration had found it."""
    fill(site)
    ends = ("SELECT max(id) FROM chunks", "SELECT max(number) FROM audit_records", "SELECT max(seq) FROM log")
    numbers = [site.rows(one)[0][0] or 0 for one in ends]
    forget_ledger(site, *numbers)
    fill(site, 40)
    found = verified(site)
    assert found.findings == (), "it is not entered yet"
    sign(site)
    trees = leaves(site)
    assert trees["before"][0] == f"before {numbers[0]} {numbers[1]} {numbers[2]}"
    assert kinds(trees["before"])["uncounted"] == 1
    assert kinds(trees["before"])["audit"] == 1
    [(applied,)] = site.rows("SELECT count(*) FROM ledger")
    assert sum(kinds(lines)["applied"] for lines in trees.values()) == applied
    outputs = sum(kinds(lines)["output"] for lines in trees.values())
    assert outputs == len(site.published)
    found = verified(site)
    assert (found.findings, found.unsigned) == ((), 0)
    assert sign(site, 1) is None
    change(site, "UPDATE ledger SET clock = clock + 1 WHERE seq = (SELECT min(seq) FROM ledger)")
    [finding] = verified(site).findings
    assert (finding.kind, finding.tree, finding.index) == ("edited", "before", 1)


def forget_ledger(site: Site, chunk: int, number: int, place: int) -> None:
    from hashlib import sha256

    leaf = f"before {chunk} {number} {place}".encode()
    change(
        site,
        "DELETE FROM ledger_leaves",
        'INSERT INTO ledger_leaves (tree, "first", "next", salts, entries, frontier) '
        "VALUES ('before', 0, 1, :salts, :leaf, :frontier)",
        salts=bytes(16),
        leaf=leaf,
        frontier=sha256(b"\x00" + leaf).digest(),
    )


EVENT = "(SELECT seq FROM ledger ORDER BY seq LIMIT 1 OFFSET 20)"
CHANGES = {
    "the time of an event": (["UPDATE ledger SET clock = clock + 1 WHERE seq = {event}"], "edited"),
    "the source of an event": (["UPDATE ledger SET source = 'urn:x' WHERE seq = {event}"], "edited"),
    "an event": (["DELETE FROM ledger WHERE seq = {event}"], "deleted"),
    "a stored reason": (["UPDATE decisions SET reason_codes = 'X' WHERE claim_id = 'K5'"], "edited"),
    "a stored total": (["UPDATE decisions SET total = total + 1 WHERE claim_id = 'K5'"], "edited"),
    "the reason of a refusal": (["UPDATE dead_letters SET reason = 'X'"], "edited"),
    "the errors of a refusal": (["UPDATE dead_letters SET errors = '[]'"], "edited"),
    "a refusal": (["DELETE FROM dead_letters"], "deleted"),
    "a chunk": (["DELETE FROM chunks WHERE id = 2"], "deleted"),
    "a bundle": (["DELETE FROM ledger_leaves WHERE chunk = 2"], "deleted"),
    "the last bundle": (["DELETE FROM ledger_leaves WHERE tree = '1'"], "truncated"),
    "an entry": (["UPDATE ledger_leaves SET entries = :junk WHERE chunk = 2"], "edited"),
    "a frontier": (["UPDATE ledger_leaves SET frontier = :junk WHERE chunk = 2"], "edited"),
    "a tile": (["UPDATE ledger_tiles SET hashes = :junk WHERE tree = '0'"], "edited"),
    "all tiles": (["DELETE FROM ledger_tiles WHERE tree = '0' AND level = 0"], None),
    "all checkpoints": (["DELETE FROM ledger_checkpoints"], None),
    "a note": (["UPDATE ledger_checkpoints SET note = 'x'"], "forged"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_found(site: Site, name: str) -> None:
    fill(site, count=24)
    signed = sign(site)
    assert signed is not None
    statements, kind = CHANGES[name]
    change(site, *[one.format(event=EVENT) for one in statements], junk=b"x" * 32)
    found = verified(site, against=[signed.note]).findings
    if kind is None:
        return
    assert kind in {one.kind for one in found}, found
    assert not any(re.search(r"[0-9]{16}", str(one)) for one in found)


def test_an_older_file_that_was_put_back_is_found_by_a_checkpoint_kept_elsewhere(make_site: MakeSite) -> None:
    fill(older := make_site())
    sign(older)
    fill(newer := make_site())
    sign(newer)
    fill(newer, 40)
    signed = sign(newer, 1)
    assert signed is not None
    assert verify(older.store, keys=PUBLIC).findings == (), "by itself it is whole"
    [finding] = verify(older.store, keys=PUBLIC, against=[signed.note]).findings
    assert (finding.kind, finding.tree, finding.index) == ("restored", "heads", 3)
    assert "the trees go to" in finding.what


def test_another_history_after_a_restore_is_found(make_site: MakeSite) -> None:
    """The salts differ, so the same events again lead to other roots."""
    fill(one := make_site())
    kept = sign(one)
    fill(other := make_site())
    sign(other)
    assert kept is not None
    [finding] = verify(other.store, keys=PUBLIC, against=[kept.note]).findings
    assert (finding.kind, finding.index) == ("restored", 0)


def test_a_forged_checkpoint_kept_elsewhere_is_named(site: Site) -> None:
    fill(site)
    signed = sign(site)
    assert signed is not None
    [finding] = verified(site, against=[signed.note.replace("\n3\n", "\n2\n")]).findings
    assert finding.kind == "forged"


def test_an_audit_record_without_a_leaf_is_found(site: Site) -> None:
    fill(site)
    change(
        site,
        "INSERT INTO audit_records (clock, who, action, result) VALUES (1, 'operator:x', 'access.add', 'done')",
    )
    [finding] = verified(site).findings
    assert (finding.kind, finding.tree) == ("inserted", "audit")


def test_it_is_signed_by_two_and_verified_while_a_worker_goes_on(site: Site) -> None:
    """No head is smaller than the one before, and nobody sees a change where there was none."""
    fill(site)
    stop, seen, failures = Event(), [], []

    def again(look: Callable[[], Any]) -> None:
        try:
            while not stop.is_set():
                seen.append(look())
        except BaseException as error:
            failures.append(error)

    def signed() -> int:
        return sum(isinstance(one, Signed) for one in seen)

    looks = [lambda: sign(site), lambda: sign(site, 1), lambda: verified(site).findings]
    threads = [Thread(target=again, args=(look,)) for look in looks]
    for thread in threads:
        thread.start()
    try:
        for first in range(40, 100, 10):
            before = signed()
            fill(site, first, count=8)
            wait_for(lambda before=before: signed() > before or failures)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert [one for one in seen if isinstance(one, tuple) and one] == []
    sign(site, 2)
    found = verified(site)
    assert (found.findings, found.unsigned) == ((), 0)
    assert found.checkpoints >= 6
