"""Agent of settlements: payments made or failed, reported by the payment system."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.SETTLEMENTS), concurrency=1)  # type: ignore[untyped-decorator]
async def keep_settlements(stream: Any) -> None:
    async for message in stream.events():  # one message = one batch
        await app.runner(message.value)
