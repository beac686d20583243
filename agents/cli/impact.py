"""The impact of another rule book as a table: of `santunan rules impact` and of `santunan replay --rules`."""

from typing import TYPE_CHECKING, Final

from agents.terminal import console, field, rupiah, signed_rupiah, table

if TYPE_CHECKING:
    from pipeline.audit.impact import Impact

_MOST_SHOWN: Final = 30


def show_impact(found: "Impact") -> None:
    """A table of the claims that would end otherwise, with its total."""
    print(f"{found.claims:,} claims decided again; {len(found.differences):,} would end otherwise.")
    if not (found.differences or found.left_out):
        return
    shown = table("claim", "decided", "would be", "families get", right=("families get",))
    for one in found.differences[:_MOST_SHOWN]:
        shown.add_row(
            f"{field(one.claim_id)}{' *' if one.left_out else ''}",
            f"{field(one.outcome or '')} {rupiah(one.total)}",
            f"{field(one.new_outcome or 'no decision')} {rupiah(one.new_total)}",
            signed_rupiah(one.difference),
        )
    if rest := found.differences[_MOST_SHOWN:]:
        more = signed_rupiah(sum(one.difference for one in rest))
        shown.add_row(f"{len(rest):,} more", "--json lists all", "", more)
    shown.add_section()
    shown.add_row("total", rupiah(found.total), rupiah(found.new_total), signed_rupiah(found.difference))
    if found.waiting:
        shown.add_row("of it open", "", f"{found.waiting:,} not decided yet", signed_rupiah(found.open_difference))
    if found.left_out:
        events = sum(one.events for one in found.left_out)
        reasons = ", ".join(sorted({field(one.reason) for one in found.left_out}))
        shown.add_row("* left out", f"{events:,} event{'s' if events > 1 else ''}", reasons, "not counted")
    console().print(shown)
    if others := sum(one.is_of_other_rules for one in found.differences):
        print(f"{others:,} were decided by other rules than today's: part of the difference may be older.")
