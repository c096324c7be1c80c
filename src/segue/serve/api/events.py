"""`/events`: what happens meanwhile, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from segue.serve import dependencies as deps
from segue.serve.problems import ProblemError
from segue.serve.security.sessions import by_key, by_session

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
async def follow_events(
    principal: deps.Visitor, holder: deps.Key, holding: deps.Holding
) -> StreamingResponse:
    """Follow what happens meanwhile."""
    key = holder.credentials if holder else None

    def holds() -> bool:
        try:
            now = by_key(holding, key) if key else by_session(holding, principal.token)
        except ProblemError:
            return False
        return (now.mode, now.listener, now.admin) == (
            principal.mode,
            principal.listener,
            principal.admin,
        )

    async def written() -> AsyncIterator[bytes]:
        follow = holding.news.follow(principal.listener, admin=principal.admin, holds=holds)
        async for event in follow:
            yield event

    return StreamingResponse(
        written(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
