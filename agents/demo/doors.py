"""Doors to the console on the demo's data: a link for one use for a person of each role."""

import datetime as dt
from typing import Final

from agents.demo.place import settings

HAND: Final = "demo"
ROLES: Final = (
    "officer:klaim-01",
    "clinic:plkk-0012",
    "cooperative:tng00007",
    "desk:keluarga-01",
    "office:tangerang",
    "operator:pengelola-01",
    "auditor:pemeriksa-01",
)


def links(now: dt.datetime) -> dict[str, str]:
    """By KIND:WHO. They sign in from this machine alone, without password. Who is missing is added."""
    from agents.stores import open_access
    from pipeline.access.principals import new_principal
    from pipeline.store.link_book import LinkBook

    place = settings()
    with open_access(place) as book:
        known = {one.principal.name for one in book.accounts()}
        found = {}
        for role in ROLES:
            principal = new_principal(*role.split(":"))
            if principal.name not in known:
                book.add(principal, HAND, now)
            found[role] = f"{place.public_url}/link/{LinkBook(book).make('demo', principal.name, HAND, now)}"
        return found
