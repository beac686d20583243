"""A front office over a site: what is handed in waits in the site's log until the site runs."""

import datetime as dt
from collections.abc import Callable, Sequence

from agents.clients.interface import topic_of
from pipeline.access.principals import Principal
from pipeline.law.book import Book
from pipeline.messages.admission import admit
from pipeline.operations.front_office import Answer, FrontOffice, Placed
from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import AuditRecord
from pipeline.store.coverage_book import CoverageBook
from pipeline.store.webhook_book import WebhookBook, passes_of
from tests.support.site import NOW_MS, Site

NOW = dt.datetime.fromtimestamp(NOW_MS / 1000, dt.UTC)


class SiteIntake:
    """`handed_in`: every document, in its order."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.handed_in: list[bytes] = []

    def hand_in(self, documents: Sequence[bytes], then: Callable[[Sequence[Placed]], Answer]) -> Answer:
        placed = []
        for raw in documents:
            topic = topic_of(admit(raw))
            self._site.send(raw, topic=topic)
            self.handed_in.append(raw)
            placed.append(Placed(topic, 0, len(self._site.sent[topic, 0]) - 1, NOW_MS))
        return then(placed)


def front_of(site: Site, *persons: Principal, records: list[AuditRecord] | None = None) -> FrontOffice:
    """`persons`: principals of which some are one person. `records`: where what is put on record goes."""

    def names_of_person(name: str) -> frozenset[str]:
        own = {one.person for one in persons if one.name == name and one.person}
        return frozenset(one.name for one in persons if one.person in own) | {name}

    note = (records if records is not None else []).append
    webhooks = WebhookBook(site.store.engine, passes_of(site.url), site.store)
    access = AccessBook(site.store.engine, passes_of(site.url), site.store, lambda: None)
    return FrontOffice(
        *(site.store, SiteIntake(site), Book.load(), names_of_person, lambda: NOW),
        webhooks=webhooks,
        put_on_record=note,
        coverage=CoverageBook(access),
    )
