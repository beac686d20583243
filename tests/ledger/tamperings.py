# ruff: noqa: S608 - statements are made of our own names; values are parameters
"""Kinds of tampering with a store, each at a place that is drawn, which it returns."""

from collections.abc import Callable

from sqlalchemy import text

from pipeline.ledger.notes import signed_checkpoint
from schemas import topics
from tests.ledger.attacker import Copy, Place, flipped
from tests.support.ledgers import OTHER_KEY

LEDGER_COLUMNS = ("source", "event_id", "digest", "clock", "claim_id", "member_number", "offset")
DECISION_COLUMNS = ("outcome", "reason_codes", "program", "event_date", "rule_version", "total")


def edit_event(copy: Copy) -> Place:
    place, words = copy.any_entry("applied")
    topic, partition, offset = words[1].split("/")
    at = {"topic": topic, "partition": int(partition), "offset": int(offset)}
    where = 'topic = :topic AND "partition" = :partition AND "offset" = :offset'
    [(value,)] = copy.ask(f"SELECT value FROM log WHERE {where}", **at)
    copy.do(f"UPDATE log SET value = :new WHERE {where}", new=flipped(copy.random, value), **at)
    return place


def edit_row(copy: Copy) -> Place:
    place, words = copy.any_entry("applied")
    column = copy.random.choice(LEDGER_COLUMNS)
    [(value,)] = copy.ask(f'SELECT "{column}" FROM ledger WHERE seq = :seq', seq=int(words[2]))
    copy.do(f'UPDATE ledger SET "{column}" = :new WHERE seq = :seq', new=flipped(copy.random, value), seq=int(words[2]))
    return place


def edit_output(copy: Copy) -> Place:
    place, words = copy.any_entry("output")
    column = copy.random.choice(["value", "key"])
    [(value,)] = copy.ask(f"SELECT {column} FROM log WHERE seq = :seq", seq=int(words[3]))
    copy.do(f"UPDATE log SET {column} = :new WHERE seq = :seq", new=flipped(copy.random, value), seq=int(words[3]))
    return place


def edit_decision(copy: Copy) -> Place:
    while True:
        place, words = copy.any_entry("output")
        if words[2] == topics.DECISIONS:
            break
    column = copy.random.choice(DECISION_COLUMNS)
    [(value,)] = copy.ask(f"SELECT {column} FROM decisions WHERE output = :seq", seq=int(words[3]))
    new = "REJECTED" if column == "outcome" else flipped(copy.random, value)
    if column == "total":
        new = value + 1
    if new == value:
        new = "PENDING"
    copy.connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    copy.do(f"UPDATE decisions SET {column} = :new WHERE output = :seq", new=new, seq=int(words[3]))
    return place


def edit_refusal(copy: Copy) -> Place:
    place, words = copy.any_entry("refused")
    topic, partition, offset = words[1].split("/")
    column = copy.random.choice(["reason", "timestamp_ms", "errors"])
    where = 'topic = :topic AND "partition" = :partition AND "offset" = :offset'
    at = {"topic": topic, "partition": int(partition), "offset": int(offset)}
    [(value,)] = copy.ask(f"SELECT {column} FROM dead_letters WHERE {where}", **at)
    new = '[{"field":"x","message":"y"}]' if column == "errors" else flipped(copy.random, value)
    copy.do(f"UPDATE dead_letters SET {column} = :new WHERE {where}", new=new, **at)
    return Place(place.tree, place.index if column != "errors" else place.index + 1)  # type: ignore[operator]


def edit_refusals_digest(copy: Copy) -> Place:
    """By which a receipt finds it."""
    place, words = copy.any_entry("refused")
    topic, partition, offset = words[1].split("/")
    at = {"topic": topic, "partition": int(partition), "offset": int(offset)}
    where = 'topic = :topic AND "partition" = :partition AND "offset" = :offset'
    copy.do(f"UPDATE dead_letters SET digest = :new WHERE {where}", new=copy.random.randbytes(32), **at)
    return place


def edit_account(copy: Copy) -> Place:
    """How many places of a chunk are said to hold no record."""
    one = copy.any_bundle(copy.random.choice(["0", "1"]))
    copy.connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    copy.do("UPDATE chunks SET holes = holes + 1 WHERE id = :chunk", chunk=one.chunk)
    return Place(one.tree, one.first)


def edit_record(copy: Copy) -> Place:
    place, words = copy.any_entry("audit")
    copy.connection.execute(text("DROP TRIGGER audit_records_stay_on_update"))
    column = copy.random.choice(["clock", "who", "action", "subject", "reason"])
    [(value,)] = copy.ask(f"SELECT {column} FROM audit_records WHERE number = :number", number=int(words[1]))
    new = flipped(copy.random, value)
    copy.do(f"UPDATE audit_records SET {column} = :new WHERE number = :number", new=new, number=int(words[1]))
    return place


def edit_entry(copy: Copy) -> Place:
    """A leaf, its salt or a frontier."""
    one = copy.any_bundle()
    column = copy.random.choice(["salts", "entries", "frontier"])
    new = flipped(copy.random, getattr(one, column))
    where = "tree = :tree AND first = :first"
    copy.do(f"UPDATE ledger_leaves SET {column} = :new WHERE {where}", new=new, tree=one.tree, first=one.first)
    return Place(one.tree, None)


def edit_tile(copy: Copy) -> Place:
    row = copy.random.choice(copy.ask("SELECT * FROM ledger_tiles"))
    new = flipped(copy.random, row.hashes)
    where = "tree = :tree AND level = :level AND number = :number"
    at = {"tree": row.tree, "level": row.level, "number": row.number}
    copy.do(f"UPDATE ledger_tiles SET hashes = :new WHERE {where}", new=new, **at)
    return Place(row.tree, None)


def rewrite_entry(copy: Copy) -> Place:
    """As whoever may write everything but has no key: the event, its leaf, frontiers, tiles and heads fit together."""
    one = copy.any_bundle()
    at = copy.random.randrange(len(one.lines()))
    lines = one.lines()
    lines[at] = lines[at][:-64] + copy.random.randbytes(32).hex().encode()
    every = [other._replace(entries=b"\n".join(lines)) if other == one else other for other in copy.bundles(one.tree)]
    copy.write(one.tree, every)
    copy.rewrite_heads(one.tree)
    return Place("heads", None)


def delete_event(copy: Copy) -> Place:
    place, words = copy.any_entry("applied")
    copy.do("DELETE FROM ledger WHERE seq = :seq", seq=int(words[2]))
    return place


def delete_output(copy: Copy) -> Place:
    place, words = copy.any_entry("output")
    copy.do("DELETE FROM log WHERE seq = :seq", seq=int(words[3]))
    return place


def delete_bundle(copy: Copy) -> Place:
    one = copy.random.choice(copy.bundles(copy.random.choice(["0", "1", "audit"]))[:-1])
    copy.do("DELETE FROM ledger_leaves WHERE tree = :tree AND first = :first", tree=one.tree, first=one.first)
    return Place(one.tree, one.first)


def delete_checkpoint(copy: Copy) -> Place:
    row = copy.random.choice(copy.ask("SELECT size FROM ledger_checkpoints"))
    copy.do("DELETE FROM ledger_checkpoints WHERE size = :size", size=row.size)
    return Place("heads", row.size - 1)


def insert_event(copy: Copy) -> Place:
    """Under a number of its own, in a chunk that is there or not."""
    _, words = copy.any_entry("applied")
    number = int(words[2]) + copy.random.choice([100_000, 1 << 40])
    columns = 'digest, topic, "partition", "offset", clock, is_own_time, claim_id, member_number, raw'
    copy.do(
        f"INSERT INTO ledger SELECT :number, source, event_id || 'x', {columns} FROM ledger WHERE seq = :seq",
        number=number,
        seq=int(words[2]),
    )
    return Place(words[1].split("/")[1], None)


def insert_output(copy: Copy) -> Place:
    """Between those that are there: the numbers behind it are moved."""
    _, words = copy.any_entry("output")
    copy.do(
        'INSERT INTO log SELECT -seq, topic, "partition", -"offset" - 1, timestamp_ms, key, value, headers FROM log '
        "WHERE seq = :seq",
        seq=int(words[3]),
    )
    return Place("outputs", None)


def insert_record(copy: Copy) -> Place:
    copy.do("INSERT INTO audit_records (clock, who, action, result) VALUES (1, 'operator:x', 'access.add', 'done')")
    return Place("audit", None)


def double_bundle(copy: Copy) -> Place:
    """The last chunk once more, sound in itself."""
    tree = copy.random.choice(["0", "1"])
    every = copy.bundles(tree)
    copy.write(tree, [*every, copy.random.choice(every)])
    return Place(tree, every[-1].next)


def swap_bytes(copy: Copy) -> Place:
    (one, first), (other, second) = sorted([copy.any_entry("applied") for _ in range(2)])
    if first == second:
        return swap_bytes(copy)
    values = []
    for words in (first, second):
        topic, partition, offset = words[1].split("/")
        values.append({"topic": topic, "partition": int(partition), "offset": int(offset)})
    where = 'topic = :topic AND "partition" = :partition AND "offset" = :offset'
    raws = [copy.ask(f"SELECT value FROM log WHERE {where}", **at)[0][0] for at in values]
    for at, new in zip(values, reversed(raws), strict=True):
        copy.do(f"UPDATE log SET value = :new WHERE {where}", new=new, **at)
    return one


def swap_entries(copy: Copy) -> Place:
    while len((one := copy.any_bundle("0")).lines()) < 2:
        pass
    lines, salts = one.lines(), [one.salt(at) for at in range(len(one.lines()))]
    a, b = sorted(copy.random.sample(range(len(lines)), 2))
    lines[a], lines[b], salts[a], salts[b] = lines[b], lines[a], salts[b], salts[a]
    new = {"entries": b"\n".join(lines), "salts": b"".join(salts)}
    copy.do(
        "UPDATE ledger_leaves SET entries = :entries, salts = :salts WHERE tree = :tree AND first = :first",
        tree=one.tree,
        first=one.first,
        **new,
    )
    return Place(one.tree, one.first + a)


def truncate_tree(copy: Copy) -> Place:
    """The newest chunks with all that is of them."""
    tree = copy.random.choice(["0", "1"])
    every = copy.bundles(tree)
    kept = copy.random.randrange(1, len(every))
    for one in every[kept:]:
        low, end = one.chunk << 24, (one.chunk + 1) << 24  # type: ignore[operator]
        copy.connection.execute(text("DELETE FROM ledger WHERE seq >= :low AND seq < :end"), {"low": low, "end": end})
        copy.connection.execute(text("DELETE FROM dead_letters WHERE chunk = :chunk"), {"chunk": one.chunk})
        copy.connection.execute(text("DELETE FROM chunks WHERE id = :chunk"), {"chunk": one.chunk})
    copy.write(tree, every[:kept])
    return Place(tree, every[kept].first)


def restore_older(copy: Copy) -> Place:
    """All is as it was at an earlier checkpoint, which only one that was kept elsewhere shows."""
    sizes = [row.size for row in copy.ask("SELECT size FROM ledger_checkpoints ORDER BY size")]
    size = copy.random.choice(sizes[:-1])
    heads = [one for one in copy.bundles("heads") if one.next <= size]
    ends = {words[1]: int(words[2]) for words in (line.decode().split(" ") for line in heads[-1].lines())}
    for tree, end in ends.items():
        for one in copy.bundles(tree):
            if one.next > end and one.chunk is not None:
                low, last = one.chunk << 24, (one.chunk + 1) << 24
                at = {"low": low, "end": last, "chunk": one.chunk}
                copy.connection.execute(text("DELETE FROM ledger WHERE seq >= :low AND seq < :end"), at)
                copy.connection.execute(text("DELETE FROM dead_letters WHERE chunk = :chunk"), at)
                copy.connection.execute(text("DELETE FROM chunks WHERE id = :chunk"), at)
        copy.write(tree, [one for one in copy.bundles(tree) if one.next <= end])
    records = sum(one.next - one.first for one in copy.bundles("audit"))
    copy.connection.execute(text("DROP TRIGGER audit_records_stay_on_delete"))
    copy.connection.execute(text("DELETE FROM audit_records WHERE number > :number"), {"number": records})
    copy.write("heads", heads)
    copy.connection.execute(text("DELETE FROM ledger_checkpoints WHERE size > :size"), {"size": size})
    return Place("heads", size)


def foreign_leaf(copy: Copy) -> Place:
    """A leaf of another tree, and everything after it sound in itself."""
    one, other = copy.any_bundle("0"), copy.any_bundle("1")
    lines = one.lines()
    at = copy.random.randrange(len(lines))
    lines[at] = copy.random.choice(other.lines())
    copy.write("0", [each._replace(entries=b"\n".join(lines)) if each == one else each for each in copy.bundles("0")])
    copy.rewrite_heads("0")
    return Place("0", one.first + at)


def forge_checkpoint(copy: Copy) -> Place:
    row = copy.random.choice(copy.ask("SELECT * FROM ledger_checkpoints"))
    root = copy.random.randbytes(32)
    forged = copy.random.choice([
        signed_checkpoint(row.size, root, [OTHER_KEY]),
        row.note.replace(row.note.split("\n")[2], copy.notes[0].split("\n")[2][::-1].strip("=") + "=", 1),
        flipped(copy.random, row.note),
    ])  # fmt: skip
    copy.do("UPDATE ledger_checkpoints SET note = :note WHERE size = :size", note=forged, size=row.size)
    return Place("heads", None)


def replay_checkpoint(copy: Copy) -> Place:
    """An older note in the place of a newer one."""
    older, newer = sorted(copy.random.sample(copy.ask("SELECT * FROM ledger_checkpoints"), 2))
    copy.do("UPDATE ledger_checkpoints SET note = :note WHERE size = :size", note=older.note, size=newer.size)
    return Place("heads", None)


def replay_heads(copy: Copy) -> Place:
    """Older heads in the place of newer ones, sound in themselves."""
    every = copy.bundles("heads")
    older, newer = sorted(copy.random.sample(range(len(every)), 2))
    lines = every[older].entries
    if len(every[older].lines()) != len(every[newer].lines()):
        return replay_checkpoint(copy)
    copy.write("heads", [one._replace(entries=lines) if at == newer else one for at, one in enumerate(every)])
    return Place("heads", None)


KINDS: tuple[Callable[[Copy], Place], ...] = (
    edit_event,
    edit_row,
    edit_output,
    edit_decision,
    edit_refusal,
    edit_refusals_digest,
    edit_account,
    edit_record,
    edit_entry,
    edit_tile,
    rewrite_entry,
    delete_event,
    delete_output,
    delete_bundle,
    delete_checkpoint,
    insert_event,
    insert_output,
    insert_record,
    double_bundle,
    swap_bytes,
    swap_entries,
    truncate_tree,
    restore_older,
    foreign_leaf,
    forge_checkpoint,
    replay_checkpoint,
    replay_heads,
)
