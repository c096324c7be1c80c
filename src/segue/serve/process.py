"""The processes of one server: uvicorn, bound to one address, stopped with grace."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from segue.errors import SegueError
from segue.library import Library
from segue.serve.app import make_app
from segue.serve.security.connections import PatientConnection
from segue.serve.settings import ENVIRONMENT, Settings

CONNECTIONS: Final = 512
"""Of one process at the same time; who comes after is told to come back."""
GRACE_SECONDS: Final = 10
"""For answers that are under way when the server is told to stop."""


def serve(
    library: Path,
    settings: Settings,
    *,
    workers: int = 1,
    access_log: bool = True,
    say: Callable[[str], None] = lambda text: None,  # noqa: ARG005
) -> None:
    """Serve a library until told to stop.

    Parameters
    ----------
    workers
        Processes that answer.
    say
        Told where the page is.

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
            "Anybody who reaches the server could listen and change everything, since the library"
            " has no accounts: add one with segue user add NAME --admin, or say --open-to-all."
        )
    listening = _bound(settings)
    port = listening.getsockname()[1]
    settings = replace(settings, port=port)
    os.environ[ENVIRONMENT] = f"{directory}\n{settings.to_json()}"
    config = uvicorn.Config(
        "segue.serve.app:from_environment" if workers > 1 else make_app(directory, settings),
        factory=workers > 1,
        workers=workers,
        http=PatientConnection,
        ws="none",
        lifespan="on",
        log_config=logging_config(access_log=access_log),
        access_log=access_log,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    say(f"Listening at {address(settings.host, port)}")
    try:
        if workers > 1:
            Multiprocess(config, [listening]).run()
        else:
            uvicorn.Server(config).run([listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()


def address(host: str, port: int) -> str:
    """Return the address of the page.

    >>> address("127.0.0.1", 8765), address("::1", 80)
    ('http://127.0.0.1:8765/', 'http://[::1]:80/')
    """
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server(
            (settings.host, settings.port), family=family, backlog=1_024
        )
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SegueError(
            f"{settings.host} at port {settings.port} cannot be served on ({reason}):"
            " choose another --port or --host."
        ) from error
    listening.set_inheritable(True)
    return listening


def logging_config(*, access_log: bool) -> dict[str, Any]:
    """Return how the server logs: to standard error, requests without their queries."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": "segue.serve.logs.WithoutQueries"}},
        "formatters": {
            "plain": {"format": "%(asctime)s %(levelname)s %(message)s"},
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
            "uvicorn": {"handlers": ["plain"], "level": "WARNING", "propagate": False},
            "uvicorn.access": {
                "handlers": ["access"] if access_log else [],
                "level": "INFO" if access_log else "CRITICAL",
                "propagate": False,
            },
        },
    }
