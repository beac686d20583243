"""The store that the settings name, opened: with the key that its NIKs are written with."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from agents.key_files import nik_key_of
from agents.settings import Settings
from pipeline.store import connect

if TYPE_CHECKING:
    from pipeline.sealing import Sealer
    from pipeline.store.access_book import AccessBook
    from pipeline.store.postgresql import PostgresqlStore
    from pipeline.store.readable import Readable
    from pipeline.store.sqlite import SqliteStore
    from pipeline.store.webhook_book import WebhookBook


def open_store(settings: Settings) -> "SqliteStore | PostgresqlStore":
    """Raises as `pipeline.store.open_store`; so do the others here."""
    return connect.open_store(settings.database_url, partitions=settings.partitions, nik_key=nik_key_of(settings))


def open_reader(settings: Settings) -> "Readable":
    return connect.open_reader(settings.database_url, nik_key=nik_key_of(settings))


def open_access(settings: Settings, sealer: "Sealer | None" = None) -> "AccessBook":
    from pipeline.store.access_book import open_access

    return open_access(settings.database_url, sealer, nik_key=nik_key_of(settings))


def open_webhooks(settings: Settings, sealer: "Sealer | None" = None) -> "AbstractContextManager[WebhookBook]":
    from pipeline.store.webhook_book import open_webhooks

    return open_webhooks(settings.database_url, sealer, nik_key=nik_key_of(settings))
