"""Clients of clinics, officers and auditors: submit events, follow decisions, read the history.

Each has two kinds behind one small interface (`agents.clients.interface`): over Kafka, and over the embedded file.
Nothing here imports Faust or decides anything.
"""

from collections.abc import Sequence
from pathlib import Path

from agents.clients.interface import Feed, History, Outgoing, Published, Range, Receipt, Submitter, outgoing
from agents.settings import Settings

__all__ = [
    "Feed",
    "History",
    "Outgoing",
    "Published",
    "Range",
    "Receipt",
    "Submitter",
    "open_feed",
    "open_history",
    "open_submitter",
    "outgoing",
]


def open_submitter(settings: Settings, *, spool: Path | None = None) -> Submitter:
    """Submits events. `spool`: keeps them while a Kafka broker is away; None: that is an error."""
    if settings.is_embedded:
        from agents.clients.embedded import EmbeddedSubmitter

        return EmbeddedSubmitter(settings)
    from agents.clients.submitter import KafkaSubmitter

    return KafkaSubmitter(settings, spool)


def open_feed(settings: Settings, topics: Sequence[str], *, position_file: Path | None = None) -> Feed:
    """Follows published events. `position_file`: remembers where to continue; None: from the beginning each time."""
    if settings.is_embedded:
        from agents.clients.embedded import EmbeddedFeed

        return EmbeddedFeed(settings, topics, position_file)
    from agents.clients.feed import KafkaFeed

    return KafkaFeed(settings, topics, position_file)


def open_history(settings: Settings) -> History:
    """Reads past events, up to where the topics ended when the reading began."""
    if settings.is_embedded:
        from agents.clients.embedded import EmbeddedHistory

        return EmbeddedHistory(settings)
    from agents.clients.history import KafkaHistory

    return KafkaHistory(settings)
