"""The disability table of PP 44/2015, Lampiran III: the share of the whole that was lost. Pure.

Shares are millionths of the whole (13 % = 130_000), so that 4.5 % of 33 % stays exact.
"""

from typing import Any, Final, NamedTuple

from pipeline.claims.case import Case
from pipeline.law import references
from pipeline.law.declarations import Law, basis_points
from pipeline.law.references import weakest
from schemas.claims import Disability, Medical
from schemas.codes import Marker

_WHOLE: Final = 100  # percent
_POINTS: Final = 100  # basis points in a percent


class Loss(NamedTuple):
    """`share`: None where a fact is missing that the table needs. `is_capped`: cut to the table's ceiling.

    `needs_person`: the table leaves this to a medical advisor, also with a certificate.
    """

    share: int | None
    is_capped: bool
    needs_person: bool
    marker: Marker
    reference: str


def determined_loss(case: Case, law: Law) -> Loss | None:
    """The share of the whole as determined, up to the ceiling of the table; None: it does not speak of it."""
    if case.determination is None or case.determination.disability_percent is None:
        return None
    share = basis_points(case.determination.disability_percent)
    ceiling = law.disability_cap_percent.value * _POINTS
    source = references.DETERMINATION
    return Loss(min(share, ceiling) * _WHOLE, share > ceiling, False, source.marker, source.reference)


def loss_of(medical: Medical, law: Law) -> Loss:
    """All findings of one claim together."""
    table = law.disability_table
    cap = law.disability_cap_percent
    total, is_known, needs_person = 0, True, False
    marker: Marker = "VERIFIED"
    for one in medical.disabilities:
        row = _row(one.part, medical.handedness, table.value)
        if row is None:
            is_known, needs_person = False, True
            continue
        share = _share(one, row)
        if share is None:
            is_known, needs_person = False, True
            continue
        if row["kind"] == "always_refer":
            needs_person = True
        marker = weakest(marker, row["marker"])
        total += share
    ceiling = cap.value * _POINTS * _WHOLE
    is_capped = total > ceiling
    if is_capped:
        total, marker = ceiling, weakest(marker, cap.marker)
    return Loss(total if is_known else None, is_capped, needs_person, marker, table.reference)


def _row(part: str, handedness: str, table: dict[str, Any]) -> dict[str, Any] | None:
    """Of a left-handed person the rows for right and left swap."""
    row = table.get(part)
    if row is not None and handedness == "left" and (mirror := row.get("mirror")) is not None:
        return table.get(mirror)
    return row


def _share(one: Disability, row: dict[str, Any]) -> int | None:
    """Millionths, or None where the doctor's figure is missing or lies outside what the table allows."""
    kind = row["kind"]
    if kind == "per_ten":
        # What was measured is the loss itself, so no loss percent is applied to it again; whole tens only.
        return None if one.measured is None else one.measured // 10 * row["percent"] * _WHOLE
    points = row["percent"]
    if kind == "range":
        if one.table_percent is None:
            return None
        points = one.table_percent * _POINTS
        if not row["min"] <= points <= row["max"]:
            return None
    return points * (_WHOLE if one.loss_percent is None else one.loss_percent)  # type: ignore[no-any-return]
