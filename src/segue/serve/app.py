"""The application: a library, its API and its page, behind what keeps them safe."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from segue import __version__
from segue.errors import SegueError
from segue.serve import api, listenbrainz, schemas
from segue.serve.api import recommend
from segue.serve.batching import BatchingExecutor
from segue.serve.held import Held
from segue.serve.memory import TIDY_SECONDS, IdleGarbageCollector, freeze_gc, keep_few_arenas
from segue.serve.moving import Moving
from segue.serve.openapi import openapi_of
from segue.serve.page import Page
from segue.serve.problems import ProblemError, of_error, of_status
from segue.serve.security.body_limits import BodyLimitMiddleware
from segue.serve.security.encoded_paths import EncodedPathMiddleware
from segue.serve.security.error_middleware import ErrorMiddleware
from segue.serve.security.headers import SecurityHeadersMiddleware
from segue.serve.security.host_origin import HostOriginMiddleware
from segue.serve.settings import ENVIRONMENT, Settings
from segue.serve.subsonic import routes as subsonic

PAGE = Path(__file__).parent / "static"
_LOG = logging.getLogger("segue.serve")
MOST_TOGETHER = 8
"""Lists that are made together at most: more would wait longer than they gain."""
LOOK_SECONDS = 1.0
"""Between two looks at whether a job waits, or was lost."""
_MOST_INVALID = 20


def make_app(library: Path, settings: Settings | None = None) -> FastAPI:
    """Return the application that serves the library in a directory.

    Raises
    ------
    LibraryError
        If it cannot be opened.
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
    app.state.held = Held(library, settings)
    app.state.moving = Moving(settings.workers)
    app.state.tidy = IdleGarbageCollector()
    app.state.lists = _desk(app.state.held, app.state.tidy)
    app.openapi = partial(openapi_of, app)  # type: ignore[method-assign]
    app.include_router(api.router)
    app.include_router(subsonic.router)
    app.include_router(listenbrainz.router)
    app.mount("/", Page(app, PAGE), name="page")
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    # the last one added is the first to see a request
    app.add_middleware(EncodedPathMiddleware)
    app.add_middleware(ErrorMiddleware)
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    app.add_middleware(HostOriginMiddleware, settings=settings)
    app.add_middleware(SecurityHeadersMiddleware)
    return app


def from_environment() -> FastAPI:
    """Return the application of one of several processes: see `segue.serve.process`."""
    directory, _, text = os.environ[ENVIRONMENT].partition("\n")
    return make_app(Path(directory), Settings.from_json(text))


def _desk(
    held: Held, tidy: IdleGarbageCollector
) -> BatchingExecutor[recommend.PendingRecommendation, Response]:
    """Return where lists are made; beside them listeners are scored, and garbage is looked for."""
    desk = BatchingExecutor(
        partial(recommend.answers, held),
        MOST_TOGETHER,
        idle_task=lambda: held.live.make_ready() or tidy(),
    )
    held.live.something_to_do = desk.schedule_idle_task
    return desk


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    held: Held = app.state.held
    keep_few_arenas()
    app.state.tidy.begin()
    anyio.to_thread.current_default_thread_limiter().total_tokens = held.settings.threads
    warming = threading.Thread(target=_warm_up, args=(held,), daemon=True)
    warming.start()
    with suppress(ValueError):  # only the main thread of a process hears signals
        _when_stopping(partial(_stop, held))
    looking = asyncio.create_task(_look_after_jobs(held))
    tidying = asyncio.create_task(_tidy_up(app.state.lists))
    yield
    _stop(held)
    looking.cancel()
    tidying.cancel()
    await anyio.to_thread.run_sync(warming.join)
    await anyio.to_thread.run_sync(app.state.lists.close)
    await anyio.to_thread.run_sync(held.close)


def _stop(held: Held) -> None:
    """End what would last longer than the answers that are under way."""
    held.news.stop()
    held.live.stop()


def _warm_up(held: Held) -> None:
    """Open the library before anybody asks; whoever does meanwhile waits for it."""
    try:
        held.live.warm_up()
        freeze_gc()
    except SegueError as error:
        _LOG.info("nothing to recommend from yet: %s", error)
    except Exception:  # noqa: BLE001  # an edge: the first request meets it again
        _LOG.exception("the library could not be opened")


async def _look_after_jobs(held: Held) -> None:
    """Start and watch jobs; every process does, and it makes no difference which."""
    while True:
        try:
            await anyio.to_thread.run_sync(held.runner.tick)
        except SegueError as error:
            _LOG.warning("jobs: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def _tidy_up(lists: BatchingExecutor[recommend.PendingRecommendation, Response]) -> None:
    """Have garbage looked for where nobody does anything that would make the desk look."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        lists.schedule_idle_task()


def _when_stopping(stop: Callable[[], None]) -> None:
    """Let `stop` be called when the process is told to end, before the server waits for answers."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def heard(number: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(stop)
            if callable(before):
                before(number, frame)

        signal.signal(number, heard)


def _answered(problem: ProblemError, request: Request) -> Response:
    body, media_type = problem.written(request.url.path)
    return Response(
        body,
        status_code=problem.status,
        media_type=media_type,
        headers=dict(problem.headers),
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101  # registered so
    return _answered(error, request)


async def _segue_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SegueError)  # noqa: S101
    held: Held = request.app.state.held
    return _answered(of_error(error, *held.places()), request)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return _answered(of_status(error.status_code, error.headers), request)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = [
        schemas.InvalidField(where=".".join(map(str, one["loc"])), message=one["msg"]).model_dump()
        for one in error.errors()[:_MOST_INVALID]
    ]
    first = f"{found[0]['where']}: {found[0]['message']}." if found else None
    return _answered(ProblemError("invalid", first, more={"errors": found}), request)


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    ProblemError: _problem,
    SegueError: _segue_error,
    HTTPException: _http_error,
    RequestValidationError: _invalid,
}
