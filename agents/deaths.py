"""Agent of deaths (JKM): claims, evidence, appeals."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.DEATHS), concurrency=1)  # type: ignore[untyped-decorator]
async def assess_deaths(stream: Any) -> None:
    async for message in stream.events():  # one message = one batch
        await app.runner(message.value)
