"""Build the FastAPI application: the API and the page of one library, and their middleware."""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from segue import __version__
from segue.errors import SegueError
from segue.serve import api, audiomuse, schemas, single_sign_on
from segue.serve.api import recommend
from segue.serve.api_compression import ApiCompressionMiddleware
from segue.serve.app_state import AppState
from segue.serve.batching import BatchingExecutor
from segue.serve.memory import COLLECT_SECONDS, IdleGarbageCollector, freeze_gc, keep_few_arenas
from segue.serve.observability import health
from segue.serve.observability.batch_metrics import BatchMetrics
from segue.serve.observability.request_observer import RequestObserver, RouteRecorder
from segue.serve.observability.server_metrics import ServerMetrics
from segue.serve.observability.tracing import ServerTracer
from segue.serve.openapi import openapi_of
from segue.serve.page import WebPage
from segue.serve.problems import ProblemError, of_error, of_status
from segue.serve.scrobbling import audioscrobbler, lastfm, lastfm_sessions, listenbrainz
from segue.serve.scrobbling.listenbrainz_errors import RequestWindow
from segue.serve.security.body_limits import BodyLimitMiddleware
from segue.serve.security.encoded_paths import EncodedPathMiddleware
from segue.serve.security.error_middleware import ErrorMiddleware
from segue.serve.security.headers import SecurityHeadersMiddleware
from segue.serve.security.host_origin import HostOriginMiddleware
from segue.serve.security.proxies import ProxyMiddleware
from segue.serve.security.quotas import Quotas
from segue.serve.settings import ENVIRONMENT, Settings
from segue.serve.subsonic import routes as subsonic

PAGE = Path(__file__).parent / "static"
_LOG = logging.getLogger("segue.serve")
MAX_BATCH = 8
"""Largest number of lists made together; larger batches cost more waiting than they save."""
JOB_POLL_SECONDS = 1.0
"""Time between two checks for waiting or lost jobs."""
SCHEDULE_POLL_SECONDS = 2.0
"""Time between two looks at the schedules, and between two attempts to get their lease."""
_MAX_INVALID = 20

ListExecutor = BatchingExecutor[recommend.PendingRecommendation, Response]


def make_app(
    library: Path,
    settings: Settings | None = None,
    *,
    own_process: bool = False,
    tracer: ServerTracer | None = None,
) -> FastAPI:
    """Return the application that serves the library in a directory.

    Parameters
    ----------
    own_process
        Whether the process does nothing but serve: the garbage collection and the memory
        allocation of the whole process are then set for it.
    tracer
        Makes the spans of traces; by default there is one if the settings ask for traces.

    Raises
    ------
    LibraryError
        If the library cannot be opened.
    """
    settings = settings or Settings()
    app = FastAPI(
        title="segue",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{api.PREFIX}/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=_lifespan,
    )
    app.state.tidy = IdleGarbageCollector()
    app.state.own_process = own_process
    app.state.quotas = Quotas()
    app.state.scrobbler_requests = RequestWindow()
    app.state.metrics = ServerMetrics()
    app.state.tracer = tracer or (ServerTracer() if settings.trace else None)
    app.state.warmed_up, app.state.could_not_open = threading.Event(), threading.Event()
    app.state.app_state, app.state.lists = _opened(
        library,
        settings,
        app.state.tidy,
        freeze_gc if own_process else lambda: None,
        BatchMetrics(app.state.metrics, app.state.tracer),
    )
    if app.state.tracer is not None:
        app.state.app_state.library.database.observe = app.state.tracer.transaction
    app.openapi = partial(openapi_of, app, settings.root_path)  # type: ignore[method-assign]
    app.include_router(health.router)
    app.include_router(api.router)
    app.include_router(subsonic.router)
    for scrobbling in (listenbrainz, audioscrobbler, lastfm, lastfm_sessions):
        app.include_router(scrobbling.router)
    app.include_router(audiomuse.router)
    app.include_router(single_sign_on.router)
    app.mount("/", WebPage(app, PAGE), name="page")
    templates = _build_routes(app)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    # the middleware added last sees a request first
    app.add_middleware(RouteRecorder, templates=templates)
    app.add_middleware(ApiCompressionMiddleware)
    app.add_middleware(EncodedPathMiddleware)
    app.add_middleware(ErrorMiddleware)
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    accounts = app.state.app_state.library.accounts
    app.add_middleware(HostOriginMiddleware, settings=settings, has_accounts=accounts.any)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(ProxyMiddleware, settings=settings)
    app.add_middleware(RequestObserver, metrics=app.state.metrics, tracer=app.state.tracer)
    return app


def _build_routes(app: FastAPI) -> dict[int, str]:
    """Build the routes of all included routers now; return the template of each by its identity.

    FastAPI builds a route when the first request looks for it. That made the first request slow,
    and it changes the warning filters of the whole process for a moment, which is not safe where
    another thread builds routes too.
    """
    return {
        id(context.original_route): context.path or "page"
        for context in iter_route_contexts(app.routes)
    }


def from_environment() -> FastAPI:
    """Return the application of one worker process: see `segue.serve.process`."""
    directory, _, text = os.environ[ENVIRONMENT].partition("\n")
    app = make_app(Path(directory), Settings.from_json(text), own_process=True)
    app.state.supervisor = multiprocessing.parent_process()
    return app


def _opened(
    library: Path,
    settings: Settings,
    tidy: IdleGarbageCollector,
    on_new_state: Callable[[], None],
    observer: BatchMetrics,
) -> tuple[AppState, ListExecutor]:
    """Open a library, and the executor that makes lists.

    When idle, the executor scores listeners who gave feedback, or collects garbage.
    """

    def on_work() -> None:
        executor.schedule_idle_task()

    app_state = AppState(library, settings, on_work, on_new_state)
    executor: ListExecutor = BatchingExecutor(
        partial(recommend.answer_batch, app_state),
        MAX_BATCH,
        idle_task=lambda: app_state.service.prefetch() or tidy(),
        observer=observer,
    )
    return app_state, executor


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app_state: AppState = app.state.app_state
    if app.state.own_process:
        keep_few_arenas()
        app.state.tidy.raise_threshold()
    anyio.to_thread.current_default_thread_limiter().total_tokens = app_state.settings.threads
    warming = threading.Thread(target=_warm_up, args=(app,), name="warm-up", daemon=True)
    warming.start()
    app_state.forwarder.start()
    with suppress(ValueError):  # signal handlers can only be set in the main thread
        _when_stopping(partial(_stop, app_state))
    watching_jobs = asyncio.create_task(_watch_jobs(app_state))
    scheduling = None
    if app.state.own_process:  # no part of another program scans music by itself
        scheduling = asyncio.create_task(_run_schedules(app_state))
        if app_state.settings.schedule:
            app_state.now_playing.start()
    idling = asyncio.create_task(_schedule_idle_tasks(app.state.lists))
    supervising = asyncio.create_task(_watch_supervisor(getattr(app.state, "supervisor", None)))
    yield
    _stop(app_state)
    watching_jobs.cancel()
    if scheduling is not None:
        scheduling.cancel()
    idling.cancel()
    supervising.cancel()
    await anyio.to_thread.run_sync(warming.join)
    await anyio.to_thread.run_sync(app_state.forwarder.stop)
    await anyio.to_thread.run_sync(app_state.now_playing.stop)
    await anyio.to_thread.run_sync(app.state.lists.close)
    await anyio.to_thread.run_sync(app_state.close)
    if app.state.tracer is not None:
        await anyio.to_thread.run_sync(app.state.tracer.close)


def _stop(app_state: AppState) -> None:
    """End event streams and background work, which would outlast the running requests."""
    app_state.broadcaster.stop()
    app_state.service.stop()


def _warm_up(app: FastAPI) -> None:
    """Open the library before the first request; requests that come meanwhile wait for it."""
    app_state: AppState = app.state.app_state
    try:
        app_state.service.warm_up()
        if app.state.own_process:
            freeze_gc()
        app_state.browse_index()  # it would take seconds of the first search of a large library
    except SegueError as error:
        _LOG.info("no recommendations yet: %s", error)
    except Exception:  # noqa: BLE001  # the first request reports it again
        app.state.could_not_open.set()
        _LOG.exception("the library could not be opened")
    finally:
        app.state.warmed_up.set()


async def _watch_jobs(app_state: AppState) -> None:
    """Start and watch jobs. Every worker process does this; any of them may start a job."""
    while True:
        try:
            await anyio.to_thread.run_sync(app_state.runner.tick)
        except SegueError as error:
            _LOG.warning("jobs: %s", error)
        await asyncio.sleep(JOB_POLL_SECONDS)


async def _run_schedules(app_state: AppState) -> None:
    """Start the jobs of schedules. Every worker process does this; the one with the lease acts."""
    while True:
        try:
            await anyio.to_thread.run_sync(app_state.scheduler.tick)
        except SegueError as error:
            _LOG.warning("schedules: %s", error)
        except Exception:  # noqa: BLE001  # one kind of job must not end the others
            _LOG.exception("the schedules failed")
        await asyncio.sleep(SCHEDULE_POLL_SECONDS)


async def _watch_supervisor(supervisor: BaseProcess | None) -> None:
    """Stop this worker process when its supervisor was killed, so that it leaves the port."""
    while supervisor is not None:
        if not supervisor.is_alive():
            _LOG.warning("the process that started this server is gone: stopping")
            os.kill(os.getpid(), signal.SIGTERM)
            return
        await asyncio.sleep(JOB_POLL_SECONDS)


async def _schedule_idle_tasks(
    lists: BatchingExecutor[recommend.PendingRecommendation, Response],
) -> None:
    """Schedule the idle task also when no request does."""
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        lists.schedule_idle_task()


def _when_stopping(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGINT and SIGTERM, before the server waits for running requests."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(stop)
            if callable(before):
                before(number, frame)

        signal.signal(number, handle)


def _problem_response(problem: ProblemError, request: Request) -> Response:
    body, media_type = problem.written(request.url.path, request.scope.get("root_path", ""))
    return Response(
        body,
        status_code=problem.status,
        media_type=media_type,
        headers=dict(problem.headers),
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101  # registered so
    return _problem_response(error, request)


async def _segue_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SegueError)  # noqa: S101
    app_state: AppState = request.app.state.app_state
    return _problem_response(of_error(error, *app_state.places()), request)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return _problem_response(of_status(error.status_code, error.headers), request)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = [
        schemas.InvalidField(where=".".join(map(str, one["loc"])), message=one["msg"]).model_dump()
        for one in error.errors()[:_MAX_INVALID]
    ]
    first = f"{found[0]['where']}: {found[0]['message']}." if found else None
    return _problem_response(ProblemError("invalid", first, more={"errors": found}), request)


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    ProblemError: _problem,
    SegueError: _segue_error,
    HTTPException: _http_error,
    RequestValidationError: _invalid,
}
