"""What officers decide about claims that were referred to them."""

from typing import Any

from agents.app import app, intake
from schemas import topics


@app.agent(intake(topics.REVIEWS), concurrency=1)  # type: ignore[untyped-decorator]
async def apply_reviews(stream: Any) -> None:
    async for message in stream.events():  # one message = one chunk of one partition
        await app.runner(message.value)
