"""The producer that Faust asks a transport for. Nothing is ever sent through it: outputs are the batch's to publish."""

from typing import Any

from faust.transport.producer import Producer


class SilentProducer(Producer):  # type: ignore[misc]
    """Connects nowhere, and fails loudly where something is sent."""

    async def send(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("nothing is published through Faust")

    async def send_and_wait(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("nothing is published through Faust")

    async def create_topic(self, *args: Any, **options: Any) -> None:
        """Topics are made by `santunan topics create`, and come into being by themselves in a file."""
