"""`/events`: what happens meanwhile, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from segue.serve import deps
from segue.serve.security.sessions import by_session, mode_of

router = APIRouter(tags=["events"])

_DESCRIPTION = (
    "`library` {version}: tracks or models are others. `list` {version}: the listener gave"
    " feedback, on this device or another. `job` {id, verb, state, done, total, text}: a job goes"
    " on (for whoever may see jobs). A comment comes every 15 seconds where nothing happens."
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": _DESCRIPTION,
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: list\ndata: {"version":"5e1c-12"}\n\n',
            }
        },
    }
}


@router.get("/events", response_class=StreamingResponse, responses=_ANSWERS)
async def follow_events(asker: deps.Visitor, holding: deps.Holding) -> StreamingResponse:
    """Follow what happens meanwhile."""

    def holds() -> bool:
        if asker.token is None:
            return asker.listener is not None or mode_of(holding) == "open"
        return by_session(holding, asker.token).listener == asker.listener

    async def written() -> AsyncIterator[bytes]:
        follow = holding.news.follow(asker.listener, admin=asker.admin, holds=holds)
        async for event in follow:
            yield event

    return StreamingResponse(
        written(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
