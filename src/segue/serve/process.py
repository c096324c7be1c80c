"""Run the server: uvicorn with one or several worker processes on one socket.

Workers share the socket, so the kernel gives each new connection to one of them. A connection stays
with its worker; a proxy in front of several servers is the way to balance beyond that.
"""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import uvicorn
from uvicorn.supervisors import Multiprocess

from segue.errors import SegueError
from segue.library import Library
from segue.serve.app import make_app
from segue.serve.observability.server_metrics import shared_metrics
from segue.serve.observability.tracing import check_tracing
from segue.serve.security.slow_clients import SlowClientGuard
from segue.serve.settings import ENVIRONMENT, Settings
from segue.serve.single_sign_on import check_settings

CONNECTIONS: Final = 512
"""Largest number of open connections of one process; further ones get status 503."""
GRACE_SECONDS: Final = 10
"""Time that running requests have to finish after a stop signal."""


def serve(
    library: Path,
    settings: Settings,
    *,
    workers: int = 1,
    access_log: bool = True,
    say: Callable[[str], None] = lambda text: None,  # noqa: ARG005
) -> None:
    """Serve a library until the process is stopped.

    Parameters
    ----------
    workers
        Number of worker processes.
    say
        Called with one line that gives the address of the page.

    Raises
    ------
    LibraryError
        If the library cannot be opened.
    SegueError
        If the address may not or cannot be used.
    """
    directory = library.expanduser().absolute()
    opened = Library(directory)
    has_accounts = opened.accounts.any()
    opened.close()
    if settings.exposed and not has_accounts and not settings.open_to_all:
        raise SegueError(
            "The library has no accounts, so everyone who can reach the server could play and"
            " change everything: add an account with segue user add NAME --admin, or allow it"
            " with --open-to-all."
        )
    check_settings(settings)
    if settings.trace:
        check_tracing()
    listening = _bind(settings)
    port = listening.getsockname()[1]
    settings = replace(settings, port=port)
    os.environ[ENVIRONMENT] = f"{directory}\n{settings.to_json()}"
    config = uvicorn.Config(
        "segue.serve.app:from_environment"
        if workers > 1
        else make_app(directory, settings, own_process=True),
        factory=workers > 1,
        workers=workers,
        http=SlowClientGuard,
        ws="none",
        lifespan="on",
        log_config=logging_config(access_log=access_log, log_format=settings.log_format),
        access_log=access_log and settings.log_format == "plain",
        server_header=False,
        proxy_headers=False,  # ProxyMiddleware reads them
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    say(f"Listening at {address(settings.host, port, settings.root_path)}")
    try:
        if workers > 1:
            with shared_metrics():
                Multiprocess(config, [listening]).run()
        else:
            uvicorn.Server(config).run([listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()


def address(host: str, port: int, root_path: str = "") -> str:
    """Return the URL of the page.

    >>> address("127.0.0.1", 8765), address("::1", 80, "/segue")
    ('http://127.0.0.1:8765/', 'http://[::1]:80/segue/')
    """
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{root_path}/"


def _bind(settings: Settings) -> socket.socket:
    """Return the socket that the server listens on.

    Raises
    ------
    SegueError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server(
            (settings.host, settings.port), family=family, backlog=1_024
        )
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SegueError(
            f"Cannot listen on {settings.host}, port {settings.port} ({reason}):"
            " choose another --port or --host."
        ) from error
    listening.set_inheritable(True)
    return listening


def logging_config(
    *, access_log: bool, log_format: Literal["plain", "json"] = "plain"
) -> dict[str, Any]:
    """Return the logging configuration: to standard error, request lines without queries.

    Plain lines of requests are uvicorn's; JSON ones are those of `RequestObserver`.
    """
    as_json = log_format == "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": "segue.serve.logs.QueryHidingFilter"}},
        "formatters": {
            "plain": {"()": "segue.serve.logs.JsonFormatter"}
            if as_json
            else {"format": "%(asctime)s %(levelname)s %(message)s"},
            "access": {
                "()": "uvicorn.logging.AccessFormatter",
                "fmt": '%(asctime)s %(client_addr)s "%(request_line)s" %(status_code)s',
                "use_colors": False,
            },
        },
        "handlers": {
            "plain": {"class": "logging.StreamHandler", "formatter": "plain"},
            "access": {
                "class": "logging.StreamHandler",
                "formatter": "access",
                "filters": ["secrets"],
            },
        },
        "loggers": {
            "segue": {"handlers": ["plain"], "level": "INFO", "propagate": False},
            "segue.requests": {"level": "INFO" if as_json and access_log else "CRITICAL"},
            "uvicorn": {"handlers": ["plain"], "level": "WARNING", "propagate": False},
            "uvicorn.access": {
                "handlers": ["access"] if access_log and not as_json else [],
                "level": "INFO" if access_log and not as_json else "CRITICAL",
                "propagate": False,
            },
        },
    }
