"""Protect the server from requests that web pages and proxies send in the name of a user.

**DNS rebinding.** Another site can make its own host name resolve to this machine, so that a
browser treats the server's answers as that site's. The Host header then holds that name, so only
names of this machine are accepted. Names that are IP addresses cannot be rebound; where the server
listens beyond loopback, every IP address is accepted.

**Other sites** send requests from a visitor's browser. Browsers mark them by Origin and
Sec-Fetch-Site; such requests are rejected, except by the player APIs where there are accounts: see
`segue.serve.security.cross_origin`.

**Proxies** make every client look local. If the server was not started for a proxy, the user may
not know that others can reach it, so forwarded requests are rejected.
"""

import socket
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from segue.serve.problems import ProblemError
from segue.serve.security.cross_origin import (
    PLAYER_APIS,
    is_preflight,
    readable_anywhere,
    send_preflight,
)
from segue.serve.security.headers import APIS
from segue.serve.settings import Settings, is_loopback

_SAME_SITE: Final = ("same-origin", "none")
APPROVAL_PATHS: Final = ("/api/auth", "/api/auth/")
"""Addresses of the Last.fm API that programs open in a browser; they lead to the page."""
FORWARDING_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class HostOriginMiddleware:
    """Reject requests with a foreign Host header or from a page of another site."""

    def __init__(
        self, app: ASGIApp, settings: Settings, has_accounts: Callable[[], bool] = lambda: False
    ) -> None:
        self._app = app
        self._settings = settings
        self._names = accepted_names(settings)
        self._has_accounts = has_accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or reject it."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            problem = self._host_problem(headers)
            if problem is None and await self._accepts_any_origin(scope):
                send = readable_anywhere(send)
                if is_preflight(scope):
                    await send_preflight(scope, send)
                    return
            elif problem is None:
                problem = _origin_problem(scope, headers)
            if problem is not None:
                await send_problem(problem, scope, send)
                return
        await self._app(scope, receive, send)

    async def _accepts_any_origin(self, scope: Scope) -> bool:
        if not scope["path"].startswith(PLAYER_APIS):
            return False
        return await run_in_threadpool(self._has_accounts)

    def _host_problem(self, headers: Headers) -> ProblemError | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_accepted(hosts[0]):
            return ProblemError(
                "foreign-host",
                "The server does not accept this host name: use its address, or allow the name with"
                " segue serve --name.",
            )
        if not self._settings.exposed and any(name in headers for name in FORWARDING_HEADERS):
            return ProblemError(
                "foreign-host",
                "The request was forwarded by a proxy, which other machines may reach: start the"
                " server with --behind-proxy, or with --https if browsers use https.",
            )
        return None

    def _is_accepted(self, host: str) -> bool:
        name = host_name(host)
        if name is None:
            return False
        if name in self._names or is_loopback(name):
            return True
        return not self._settings.loopback and _is_number(name)


def _origin_problem(scope: Scope, headers: Headers) -> ProblemError | None:
    origin = headers.get("origin")
    if origin is not None and not _is_same_origin(origin, headers["host"]):
        return ProblemError("foreign-origin")
    if headers.get("sec-fetch-site", "none") not in _SAME_SITE and not _is_page_visit(
        scope, headers
    ):
        return ProblemError("foreign-origin")
    return None


def _is_page_visit(scope: Scope, headers: Headers) -> bool:
    """Return whether the user follows a link to a page; the other site cannot read the answer."""
    return (
        scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and (scope["path"] in APPROVAL_PATHS or not scope["path"].startswith(APIS))
    )


def accepted_names(settings: Settings) -> frozenset[str]:
    """Return the host names that the server accepts."""
    names = {"localhost", *(name.casefold().rstrip(".") for name in settings.names)}
    if not settings.loopback:
        machine = socket.gethostname().casefold()
        names |= {machine, f"{machine}.local", settings.host.casefold()}
    return frozenset(names)


@lru_cache(maxsize=64)
def host_name(host: str) -> str | None:
    """Return the name in a Host header without its port; None if it is invalid.

    >>> [host_name(host) for host in ("LOCALHOST:8765", "[::1]:80", "evil@localhost", "a b", "")]
    ['localhost', '::1', None, None, None]
    """
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or parts.netloc != host or "@" in host or not name.isprintable() or " " in name:
        return None
    return name.casefold().rstrip(".")


def _is_same_origin(origin: str, host: str) -> bool:
    """Return whether an origin is this server."""
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.casefold() == host.casefold()


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def send_problem(problem: ProblemError, scope: Scope, send: Send) -> None:
    """Send a problem and close the connection, since the request body was not read."""
    body, media_type = problem.written(scope["path"], scope.get("root_path", ""))
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
