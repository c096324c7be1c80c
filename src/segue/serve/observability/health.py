"""`/healthz`, `/readyz` and `/metrics`: addresses for load balancers and monitoring."""

from ipaddress import ip_address
from typing import Final

from anyio import fail_after, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from segue.errors import SegueError
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.security.host_origin import FORWARDING_HEADERS
from segue.serve.security.proxies import client_address, is_trusted

router = APIRouter(include_in_schema=False)

_DATABASE_SECONDS: Final = 5.0
_NO_STORE: Final = {"Cache-Control": "no-store"}


@router.get("/healthz")
async def health() -> Response:
    """Answer that the process is alive, without using the library."""
    return PlainTextResponse("ok\n", headers=_NO_STORE)


@router.get("/readyz")
async def readiness(request: Request, app_state: deps.WholeState) -> Response:
    """Answer whether the server can answer requests; 503 with the reason if it cannot."""
    if not request.app.state.warmed_up.is_set():
        raise _not_ready("The library is being opened: wait.")
    if app_state.broadcaster.stopped:
        raise _not_ready("The server is stopping: use another one.")
    try:
        with fail_after(_DATABASE_SECONDS):
            await to_thread.run_sync(app_state.library.feedback.last, abandon_on_cancel=True)
    except (SegueError, TimeoutError) as error:
        raise _not_ready("The database does not answer: see the log of the server.") from error
    if request.app.state.could_not_open.is_set() and app_state.service.opened_snapshot() is None:
        raise _not_ready("The library could not be opened: see the log of the server.")
    return PlainTextResponse("ready\n", headers=_NO_STORE)


def _not_ready(detail: str) -> ProblemError:
    return ProblemError("unavailable", detail, headers={"Retry-After": "5", **_NO_STORE})


@router.get("/metrics")
async def metrics(request: Request, app_state: deps.WholeState, principal: deps.Anyone) -> Response:
    """Return the metrics of all workers, for Prometheus."""
    if not (principal.mode == "accounts" and principal.admin) and not _may_read(request, app_state):
        raise ProblemError(
            "forbidden",
            "Metrics are for programs on the machine of the server, addresses given with --metrics"
            " and API keys of admin accounts.",
        )
    text = await to_thread.run_sync(request.app.state.metrics.exposition, app_state)
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=_NO_STORE)


def _may_read(request: Request, app_state: AppState) -> bool:
    """Return whether a request comes directly from this machine or an allowed address."""
    if any(name in request.headers for name in FORWARDING_HEADERS):
        return False
    address = client_address(request)
    try:
        local = ip_address(address or "").is_loopback
    except ValueError:
        return False
    return local or is_trusted(address, app_state.settings.metrics_from)
