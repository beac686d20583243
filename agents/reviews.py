"""Agent of officers' reviews of referred claims."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.REVIEWS), concurrency=1)  # type: ignore[untyped-decorator]
async def apply_reviews(stream: Any) -> None:
    async for message in stream.events():  # one message = one batch
        await app.runner(message.value)
