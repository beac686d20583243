"""Agent of work accidents (JKK): claims, evidence, appeals."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.ACCIDENTS), concurrency=1)  # type: ignore[untyped-decorator]
async def assess_accidents(stream: Any) -> None:
    async for message in stream.events():  # one message = one batch
        await app.runner(message.value)
