"""The months of a member apart from its other facts, so that a monthly fact does not write them all again.

Revision 0005, after 0004. Up: payments and wages leave the document; where there are many they are one row of
`member_months`, else they are the recent ones. Down: all of them in the document again.
"""

import json
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PAGE = 1_000
_SEGMENT_ROWS = 48
# Columns as they lie one after the other: in the packed months, and in the document. `paid_by` and `wage_bases` are
# letters, the others whole numbers of 4 or 8 bytes.
_PAYMENTS = (("paid_months", "i"), ("paid_days", "i"), ("paid_known", "q"), ("paid_by", "s"))
_WAGES = (("wage_months", "i"), ("wage_known", "q"), ("wage_amounts", "q"), ("wage_bases", "s"))
_SIZES = {"i": 4, "q": 8, "s": 1}


def upgrade() -> None:
    op.add_column("members", sa.Column("recent", sa.LargeBinary()))
    op.create_table(
        "member_months",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("months", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "version", name="pk_member_months"),
        sqlite_with_rowid=False,
    )
    for page in _members():
        heads, segments = [], []
        for number, version, document, _ in page:
            facts = json.loads(document)
            months = _taken_from(facts)
            rows = len(months["paid_by"]) + len(months["wage_bases"])
            head = {"number": number, "document": _text(facts), "recent": _packed(months) if rows else None}
            if rows >= _SEGMENT_ROWS:
                segments.append({"number": number, "version": version, "months": head["recent"]})
                head["recent"] = None
            heads.append(head)
        _write("UPDATE members SET document = :document, recent = :recent WHERE number = :number", heads)
        _write("INSERT INTO member_months (number, version, months) VALUES (:number, :version, :months)", segments)


def downgrade() -> None:
    for page in _members():
        segments: dict[str, list[bytes]] = {}
        for number, months in _segments(page[0][0], page[-1][0]):
            segments.setdefault(number, []).append(months)
        heads = []
        for number, version, document, recent in page:
            facts = {"number": number, "version": version, **json.loads(document)}
            packed = [bytes(one) for one in (*segments.get(number, ()), *([recent] if recent else []))]
            heads.append({"number": number, "document": _text(facts | _put_back(packed))})
        _write("UPDATE members SET document = :document WHERE number = :number", heads)
    op.drop_table("member_months")
    op.drop_column("members", "recent")


def _taken_from(facts: dict[str, Any]) -> dict[str, list[Any]]:
    """The columns of months of a document, which has none of them afterwards."""
    months: dict[str, list[Any]] = {}
    for name, kind in (*_PAYMENTS, *_WAGES):
        stored = facts.pop(name, None)
        if kind == "s":
            months[name] = list(stored) if stored is not None else ["c"] * len(months["paid_months"])
        else:
            raw = bytes.fromhex(stored)
            months[name] = list(struct.unpack(f"<{len(raw) // _SIZES[kind]}{kind}", raw))
    # A capital letter begins a payment. Rows of one day that became known at once are one payment, but for as many more
    # as were counted.
    more = Counter(_longs(facts.pop("paid_at_once", "")))
    seen = set()
    for row, key in enumerate(zip(months["paid_known"], months["paid_days"], strict=True)):
        if key not in seen:
            seen.add(key)
        elif more[key[0]]:
            more[key[0]] -= 1
        else:
            continue
        months["paid_by"][row] = months["paid_by"][row].upper()
    facts.pop("number"), facts.pop("version")
    facts.setdefault("latest_unconfirmed", 0)
    return months


def _put_back(packed: list[bytes]) -> dict[str, str]:
    """All months as a document has them, from packed ones in the order in which they were stored."""
    columns: dict[str, list[Any]] = {name: [] for name, _ in (*_PAYMENTS, *_WAGES)}
    for one in packed:
        at = 8
        for rows, names in zip(struct.unpack_from("<ii", one), (_PAYMENTS, _WAGES), strict=True):
            for name, kind in names:
                end = at + rows * _SIZES[kind]
                part = one[at:end]
                columns[name] += part.decode() if kind == "s" else struct.unpack(f"<{rows}{kind}", part)
                at = end
    paid = sorted(zip(*(columns[name] for name, _ in _PAYMENTS), strict=True), key=lambda row: row[1])
    wages = sorted(zip(*(columns[name] for name, _ in _WAGES), strict=True), key=lambda row: row[:2])
    begun = Counter((known, day) for _, day, known, by in paid if by.isupper())
    at_once = sorted(known for (known, _), payments in begun.items() for _ in range(payments - 1))
    found = {"paid_at_once": struct.pack(f"<{len(at_once)}q", *at_once).hex()}
    for rows, names in ((paid, _PAYMENTS), (wages, _WAGES)):
        for place, (name, kind) in enumerate(names):
            column = [row[place] for row in rows]
            text = "".join(column).lower() if kind == "s" else struct.pack(f"<{len(column)}{kind}", *column).hex()
            found[name] = text
    return found


def _packed(months: dict[str, list[Any]]) -> bytes:
    parts = [struct.pack("<ii", len(months["paid_by"]), len(months["wage_bases"]))]
    for name, kind in (*_PAYMENTS, *_WAGES):
        column = months[name]
        parts.append("".join(column).encode() if kind == "s" else struct.pack(f"<{len(column)}{kind}", *column))
    return b"".join(parts)


def _longs(text: str) -> tuple[int, ...]:
    raw = bytes.fromhex(text)
    return struct.unpack(f"<{len(raw) // 8}q", raw)


def _text(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def _members() -> Iterator[list[Any]]:
    last = ""
    statement = sa.text(
        "SELECT number, version, document, recent FROM members WHERE number > :last ORDER BY number LIMIT :page"
    )
    while page := list(op.get_bind().execute(statement, {"last": last, "page": _PAGE})):
        yield page
        last = page[-1][0]


def _segments(first: str, last: str) -> list[Any]:
    statement = sa.text(
        "SELECT number, months FROM member_months WHERE number BETWEEN :first AND :last ORDER BY number, version"
    )
    return list(op.get_bind().execute(statement, {"first": first, "last": last}))


def _write(statement: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(sa.text(statement), rows)
