"""Payouts by person, and what a claim keeps of its parties.

Revision 0002, after 0001. Up: each payout gets the membership number of the decision that ordered it, and the money of
a claim is kept by person and payee; a recovery is taken from the person who was paid. Every source of a claim so far
is a party to it, and what it said counts as it did. Down: by payee alone again; what 0001 does not know is left out.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PAGE = 5_000
_FACTS = "('santunan.claim.accident.v1', 'santunan.claim.death.v1', 'santunan.claim.evidence.v1')"
_NEW_NAMES = (
    "accounts",
    "answered_by",
    "filed_by",
    "chosen_children",
    "replaced_officer",
    "moved_alone",
    "parties",
    "former_events",
    "weighed_events",
    "accepted_events",
    "contest",
    "moved_by",
)


def upgrade() -> None:
    rows = list(_payouts_with_persons())
    _make_payouts("member_number")
    accounts: dict[str, list[list[Any]]] = {}
    for claim_id, own in groupby(rows, key=lambda row: row[0]):
        accounts[claim_id] = _keep(list(own))
    counts = dict(_facts_of_claims())
    for claim_id, progress in _progresses():
        changed = {name: value for name, value in progress.items() if name != "ordered"}
        if claim_id in accounts:
            changed["accounts"] = accounts[claim_id]
        changed["former_events"] = counts.get(claim_id, 0)
        _put_progress(claim_id, changed)


def downgrade() -> None:
    rows = op.get_bind().execute(sa.text("SELECT claim_id, revision, payee, direction, amount FROM payouts")).all()
    moved: dict[tuple[str, int, str], int] = {}
    for claim_id, number, payee, direction, amount in rows:
        key = claim_id, number, payee
        moved[key] = moved.get(key, 0) + (amount if direction == "pay" else -amount)
    _make_payouts()
    found = [(*key, "pay" if amount > 0 else "recover", abs(amount)) for key, amount in moved.items() if amount]
    _insert(found, "claim_id", "revision", "payee", "direction", "amount")
    for claim_id, progress in _progresses():
        changed = {name: value for name, value in progress.items() if name not in _NEW_NAMES}
        ordered: dict[str, int] = {}
        for _, payee, amount in progress.get("accounts", ()):
            ordered[payee] = ordered.get(payee, 0) + amount
        if ordered:
            changed["ordered"] = ordered
        if changed.get("ruling"):
            changed["ruling"].pop("seen_events", None)
        _put_progress(claim_id, changed)


def _keep(rows: list[Any]) -> list[list[Any]]:
    """Insert the payouts of one claim; returns its accounts, [membership number, payee, rupiah]."""
    accounts: dict[tuple[str, str], int] = {}
    kept: dict[tuple[Any, ...], int] = {}
    for claim_id, number, payee, direction, amount, person in rows:
        if direction == "pay":
            parts = [(person, amount)]
        else:  # from those who were paid, the decision's own person first
            parts, left = [], amount
            for holder in (person, *(one for one, role in list(accounts) if role == payee and one != person)):
                taken = min(left, max(0, accounts.get((holder, payee), 0)))
                if taken:
                    parts.append((holder, -taken))
                    left -= taken
        for holder, signed in parts:
            accounts[holder, payee] = accounts.get((holder, payee), 0) + signed
            kept[claim_id, number, payee, holder] = kept.get((claim_id, number, payee, holder), 0) + signed
    found = [(*key[:3], "pay" if signed > 0 else "recover", abs(signed), key[3]) for key, signed in kept.items()]
    _insert(found, "claim_id", "revision", "payee", "direction", "amount", "member_number")
    return [[person, payee, amount] for (person, payee), amount in accounts.items()]


def _payouts_with_persons() -> Iterator[Any]:
    """Payouts in the order of their claim, each with the membership number that its decision names."""
    if op.get_bind().dialect.name == "postgresql":
        outputs, named = "outputs AS o ON o.id", "convert_from(o.value, 'UTF8')::json #>> '{data,member_number}'"
    else:
        outputs, named = "log AS o ON o.seq", "json_extract(CAST(o.value AS TEXT), '$.data.member_number')"
    statement = (
        f"SELECT p.claim_id, p.revision, p.payee, p.direction, p.amount, coalesce({named}, c.key) "  # noqa: S608
        "FROM payouts AS p JOIN cases AS c ON c.claim_id = p.claim_id "
        "JOIN decisions AS d ON d.claim_id = p.claim_id AND d.revision = p.revision "
        f"JOIN {outputs} = d.output ORDER BY p.claim_id, p.revision, p.payee"
    )
    yield from op.get_bind().exec_driver_sql(statement)


def _facts_of_claims() -> Iterator[Any]:
    """Claim, and how many events its sections come from."""
    if op.get_bind().dialect.name == "postgresql":
        source, kind = "ledger AS l", "convert_from(l.raw, 'UTF8')::json ->> 'type'"
    else:
        source = (
            'ledger AS l JOIN log AS o ON o.topic = l.topic AND o."partition" = l."partition" '
            'AND o."offset" = l."offset"'
        )
        kind = "json_extract(CAST(o.value AS TEXT), '$.type')"
    statement = (
        f"SELECT l.claim_id, count(*) FROM {source} "  # noqa: S608
        f"WHERE l.claim_id IS NOT NULL AND {kind} IN {_FACTS} GROUP BY l.claim_id"
    )
    yield from op.get_bind().exec_driver_sql(statement)


def _progresses() -> Iterator[tuple[str, dict[str, Any]]]:
    last = ""
    statement = sa.text("SELECT claim_id, progress FROM cases WHERE claim_id > :last ORDER BY claim_id LIMIT :page")
    while page := op.get_bind().execute(statement, {"last": last, "page": _PAGE}).all():
        for claim_id, progress in page:
            yield claim_id, json.loads(progress)
        last = page[-1][0]


def _put_progress(claim_id: str, progress: dict[str, Any]) -> None:
    text = json.dumps(progress, ensure_ascii=False, separators=(",", ":"))
    statement = sa.text("UPDATE cases SET progress = :text WHERE claim_id = :claim_id")
    op.get_bind().execute(statement, {"text": text, "claim_id": claim_id})


def _make_payouts(*person: str) -> None:
    op.drop_table("payouts")
    op.create_table(
        "payouts",
        sa.Column("claim_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        # Before the others: SQLite's own check misreads a table without row ids whose key is not in front.
        *(sa.Column(name, sa.Text(), nullable=False) for name in person),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "revision", "payee", *person, name="pk_payouts"),
        sa.CheckConstraint("amount >= 0 AND amount <= 1000000000000", name=op.f("ck_payouts_amount_in_range")),
        sa.CheckConstraint("direction IN ('pay', 'recover')", name=op.f("ck_payouts_direction_known")),
        sqlite_with_rowid=False,
    )


def _insert(rows: list[Any], *columns: str) -> None:
    if rows:
        names = ", ".join(columns)
        values = ", ".join(f":{name}" for name in columns)
        statement = sa.text(f"INSERT INTO payouts ({names}) VALUES ({values})")  # noqa: S608
        op.get_bind().execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])
