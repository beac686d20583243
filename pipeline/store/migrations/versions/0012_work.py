"""The work of officers: how urgent each open referral is, and who has it.

Revision 0012, after 0009. Up: what is open gets its deadline, in working days without the holidays, which a migration
does not know. Down: nobody has anything.
"""

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

GATEWAY = "santunan_gateway"  # the role of `agents/services/roles.sql`, where there is one
JAKARTA = dt.timezone(dt.timedelta(hours=7))
WORKING_DAYS = {"JKK": 7, "JKM": 3}
MOST = 10**12  # rupiah
NAMES = ("referred_on", "answer_by")
IS_OPEN = sa.text("urgency IS NOT NULL")


def upgrade() -> None:
    op.add_column("cases", sa.Column("urgency", sa.Text()))
    op.add_column("cases", sa.Column("referral_codes", sa.Text()))
    op.create_index(
        "ix_cases_urgency_claim_id", "cases", ["urgency", "claim_id"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )
    op.create_table(
        "work_holders",
        sa.Column("claim_id", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("lapses_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name="pk_work_holders"),
    )
    for claim_id, program, written in _open():
        progress = json.loads(written)
        began = _since(claim_id, progress)
        by = _working_days_after(began, WORKING_DAYS.get(program, 7))
        below = MOST - min(progress.get("indicative_total") or 0, MOST)
        progress |= {"referred_on": began.isoformat(), "answer_by": by.isoformat()}
        codes = ",".join(progress.get("referral_codes", ()))
        _put(claim_id, progress, f"{by:%Y%m%d}{began:%Y%m%d}{below:013}", codes)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{GATEWAY}') THEN "
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON work_holders TO {GATEWAY}; END IF; END $$"
        )


def downgrade() -> None:
    for claim_id, _, written in _open():
        progress = {name: value for name, value in json.loads(written).items() if name not in NAMES}
        _put(claim_id, progress, None, None)
    op.drop_table("work_holders")
    op.drop_index("ix_cases_urgency_claim_id", "cases")
    op.drop_column("cases", "referral_codes")
    op.drop_column("cases", "urgency")


def _open() -> list[Any]:
    statement = sa.text("SELECT claim_id, program, progress FROM cases WHERE referral_id IS NOT NULL")
    return list(op.get_bind().execute(statement))


def _since(claim_id: str, progress: dict[str, Any]) -> dt.date:
    """The day of the first of the referring decisions in a row, or of the latest decision."""
    statement = sa.text("SELECT outcome, decided_at FROM decisions WHERE claim_id = :claim_id ORDER BY revision DESC")
    found = list(op.get_bind().execute(statement, {"claim_id": claim_id}))
    began = found[0][1]
    if progress.get("outcome") == "REFERRED":
        for outcome, decided_at in found:
            if outcome != "REFERRED":
                break
            began = decided_at
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=began)).astimezone(JAKARTA).date()


def _working_days_after(day: dt.date, count: int) -> dt.date:
    while count:
        day += dt.timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _put(claim_id: str, progress: dict[str, Any], urgency: str | None, codes: str | None) -> None:
    text = json.dumps(progress, ensure_ascii=False, separators=(",", ":"))
    op.get_bind().execute(
        sa.text("UPDATE cases SET progress = :text, urgency = :urgency, referral_codes = :codes WHERE claim_id = :id"),
        {"text": text, "urgency": urgency, "codes": codes, "id": claim_id},
    )
