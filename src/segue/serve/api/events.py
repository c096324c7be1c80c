"""`/events`: changes of the library, lists and jobs as server-sent events."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from segue.serve import dependencies as deps
from segue.serve.problems import ProblemError
from segue.serve.schemas import problems
from segue.serve.security.quotas import Quotas, counted_as
from segue.serve.security.sessions import by_key, by_session

router = APIRouter(tags=["events"])

_DESCRIPTION = (
    "`library` {version}: tracks or models changed. `list` {version}: the listener gave feedback,"
    " on this device or another. `job` {id, verb, state, done, total, text}: a job made progress"
    " (only for accounts that may see jobs). An idle stream gets a comment every 15 seconds."
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **problems("too-many"),
    200: {
        "description": _DESCRIPTION,
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: list\ndata: {"version":"5e1c-12"}\n\n',
            }
        },
    },
}


@router.get("/events", response_class=StreamingResponse, responses=_ANSWERS)
async def follow_events(
    request: Request, principal: deps.Visitor, holder: deps.Key, app_state: deps.State
) -> StreamingResponse:
    """Stream events until the client disconnects."""
    quotas: Quotas = request.app.state.quotas
    counted = ExitStack()
    counted.enter_context(quotas.stream(counted_as(request, principal.listener)))
    key = holder.credentials if holder else None

    def may_follow() -> bool:
        try:
            now = by_key(app_state, key) if key else by_session(app_state, principal.token)
        except ProblemError:
            return False
        return (now.mode, now.listener, now.admin) == (
            principal.mode,
            principal.listener,
            principal.admin,
        )

    async def stream() -> AsyncIterator[bytes]:
        follow = app_state.broadcaster.follow(
            principal.listener, admin=principal.admin, may_follow=may_follow
        )
        with counted:
            async for event in follow:
                yield event

    return StreamingResponse(
        stream(),
        background=BackgroundTask(counted.close),  # where no event was sent
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
