"""Agent of membership: insured persons, their programs and their contributions."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.MEMBERS), concurrency=1)  # type: ignore[untyped-decorator]
async def keep_members(stream: Any) -> None:
    async for message in stream.events():  # one message = one batch
        await app.runner(message.value)
