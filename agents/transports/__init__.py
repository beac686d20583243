"""The ways of records in and out: the log of an embedded file, and Kafka. Both give Faust the producer below."""

from typing import Any

from faust.transport.producer import Producer


class SilentProducer(Producer):  # type: ignore[misc]
    """The producer that Faust asks a transport for. Connects nowhere: the processor's outputs do not go through it."""

    async def send(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("nothing is published through Faust")

    async def send_and_wait(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("nothing is published through Faust")

    async def create_topic(self, *args: Any, **options: Any) -> None:
        """`santunan topics create` makes topics on Kafka; those of a file appear with their first event."""
