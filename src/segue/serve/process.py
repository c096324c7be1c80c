"""The processes of one server: uvicorn, bound to one address, stopped with grace."""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from segue.errors import SegueError
from segue.library import Library
from segue.serve.app import make_app
from segue.serve.security.slow_clients import SlowClientGuard
from segue.serve.settings import ENVIRONMENT, Settings

CONNECTIONS: Final = 512
"""Of one process at the same time; who comes after is told to come back."""
GRACE_SECONDS: Final = 10
"""For answers that are under way when the server is told to stop."""
PROXIES: Final = ("127.0.0.1", "::1")
"""Whose X-Forwarded-For and X-Forwarded-Proto are believed, where a proxy was told of."""


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
    listening = _bound(settings, workers)
    port = listening[0].getsockname()[1]
    settings = replace(settings, port=port, workers=workers)
    os.environ[ENVIRONMENT] = f"{directory}\n{settings.to_json()}"
    config = uvicorn.Config(
        "segue.serve.app:from_environment" if workers > 1 else make_app(directory, settings),
        factory=workers > 1,
        workers=workers,
        http=SlowClientGuard,
        ws="none",
        lifespan="on",
        log_config=logging_config(access_log=access_log),
        access_log=access_log,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        # else uvicorn asks the environment, where one word makes it believe everybody
        forwarded_allow_ips=list(PROXIES),
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    say(f"Listening at {address(settings.host, port)}")
    try:
        if workers > 1:
            Processes(config, listening).run()
        else:
            uvicorn.Server(config).run(listening)
    except KeyboardInterrupt:
        pass
    finally:
        for each in listening:
            each.close()


def address(host: str, port: int) -> str:
    """Return the address of the page.

    >>> address("127.0.0.1", 8765), address("::1", 80)
    ('http://127.0.0.1:8765/', 'http://[::1]:80/')
    """
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class Processes(Multiprocess):
    """Processes that listen at one address, each at a socket of its own where there are several.

    The kernel then deals connections out evenly. Of those who wait at one socket the first to wake
    takes whatever has come: of sixty connections, which last, one process had fifty.
    """

    def __init__(self, config: uvicorn.Config, listening: Sequence[socket.socket]) -> None:
        super().__init__(config, list(listening))
        n = config.workers
        self._own = [[one] for one in listening] if len(listening) == n else [self.sockets] * n

    def init_processes(self) -> None:
        """Start the processes."""
        self.processes_num = 1  # at a time
        for own in self._own:
            self.sockets = own
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Start a process anew that has died, at its own socket."""
        self._one_by_one(super().keep_subprocess_alive)

    def restart_all(self) -> None:
        """Start all processes anew, one after another."""
        self._one_by_one(super().restart_all)

    def _one_by_one(self, act: Callable[[], None]) -> None:
        everyone = self.processes
        for place, own in enumerate(self._own):
            self.processes, self.sockets = everyone[place : place + 1], own
            act()
            everyone[place : place + 1] = self.processes
        self.processes = everyone


def _bound(settings: Settings, n: int) -> list[socket.socket]:
    """Return the sockets that `n` processes listen at: one for each where the kernel can do that.

    Raises
    ------
    SegueError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET

    def bound(port: int, *, shared: bool) -> socket.socket:
        listening = socket.create_server(
            (settings.host, port), family=family, backlog=1_024, reuse_port=shared
        )
        listening.set_inheritable(True)
        return listening

    try:
        alone = bound(settings.port, shared=False)  # refused where another server listens
        if n == 1 or sys.platform != "linux":
            return [alone]
        port = alone.getsockname()[1]
        alone.close()
        return [bound(port, shared=True) for _ in range(n)]
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SegueError(
            f"{settings.host} at port {settings.port} cannot be served on ({reason}):"
            " choose another --port or --host."
        ) from error


def logging_config(*, access_log: bool) -> dict[str, Any]:
    """Return how the server logs: to standard error, requests without their queries."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": "segue.serve.logs.QueryHidingFilter"}},
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
