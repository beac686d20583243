"""Payouts: what a payment system is to pay or to get back."""

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.operations.cursors import cursor_of, places_of
from pipeline.operations.front_office import FrontOffice
from pipeline.queries.pages import PAGE_ROWS, Page
from pipeline.queries.payouts import OrderedPayout, payouts_page


def list_payouts(
    front: FrontOffice, principal: Principal, *, after: str = "", limit: int = PAGE_ROWS
) -> Page[OrderedPayout]:
    """Payouts in the order in which they were ordered, with their state of now, of at most `limit` decisions. `after`
    and `cursor`: as of `list_decisions`. Raises Denied, Poison."""
    grant_of(principal, "list_payouts")
    places, most = places_of(after), min(limit, PAGE_ROWS)
    found = payouts_page(front.store, after=places, limit=most)
    places |= {partition: place for partition, place, _ in found}
    rows = tuple(one for _, _, of_decision in found for one in of_decision)
    return Page(rows, int(len(found) == most), cursor_of(places))
