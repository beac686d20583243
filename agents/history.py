"""Agent of operators' events: any event, at the time written on it."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.HISTORY), concurrency=1)  # type: ignore[untyped-decorator]
async def take_in_history(stream: Any) -> None:
    async for message in stream.events():  # one message = one batch
        await app.runner(message.value)
