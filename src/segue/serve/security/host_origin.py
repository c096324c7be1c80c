"""From where a request may come: by which host name, and from which site's page.

**DNS rebinding**: a foreign site lets its own name point to this machine, so that a browser takes
our answers for its own. It cannot choose the Host header, which then bears that name: only names of
this machine are answered to. A number is nobody's name, so where the server listens beyond
loopback, every number is taken.

**Other sites** send requests from a visitor's browser. Browsers say so, by Origin and
Sec-Fetch-Site; such requests are refused, whatever they ask.

**Proxies** make everybody come from this machine. Who did not say that there is one may not know
that others reach the server through it: what a proxy passed on is refused then.
"""

import socket
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from segue.serve.problems import ProblemError
from segue.serve.security.headers import APIS
from segue.serve.settings import Settings, is_loopback

_SAME: Final = ("same-origin", "none")
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class HostOriginMiddleware:
    """Refuses what comes by another name, or from another site."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._names = own_names(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            problem = self._problem(scope)
            if problem is not None:
                await send_problem(problem, scope, send)
                return
        await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> ProblemError | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return ProblemError(
                "foreign-host",
                "The server does not go by this host name: use its address, or name it with"
                " segue serve --name.",
            )
        if not self._settings.exposed and any(name in headers for name in _PASSED_ON):
            return ProblemError(
                "foreign-host",
                "The request was passed on by a proxy, which others may reach: start the server"
                " with --behind-proxy, or --https where browsers come by that.",
            )
        origin = headers.get("origin")
        if origin is not None and not _is_of(origin, hosts[0]):
            return ProblemError("foreign-origin")
        if headers.get("sec-fetch-site", "none") not in _SAME and not _is_visit(scope, headers):
            return ProblemError("foreign-origin")
        return None

    def _is_own(self, host: str) -> bool:
        name = host_name(host)
        if name is None:
            return False
        if name in self._names or is_loopback(name):
            return True
        return not self._settings.loopback and _is_number(name)


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Return whether somebody follows a link to a page: nothing is told to where it stood."""
    return (
        scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and not scope["path"].startswith(APIS)
    )


def own_names(settings: Settings) -> frozenset[str]:
    """Return the names by which the server may be asked for."""
    names = {"localhost", *(name.casefold().rstrip(".") for name in settings.names)}
    if not settings.loopback:
        machine = socket.gethostname().casefold()
        names |= {machine, f"{machine}.local", settings.host.casefold()}
    return frozenset(names)


@lru_cache(maxsize=64)
def host_name(host: str) -> str | None:
    """Return the name in a Host header, without its port; None where it is none.

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


def _is_of(origin: str, host: str) -> bool:
    """Return whether an origin is a page of this very server."""
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.casefold() == host.casefold()


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def send_problem(problem: ProblemError, scope: Scope, send: Send) -> None:
    """Answer a request with a problem, and let the connection go: its body was not read."""
    body, media_type = problem.written(scope["path"])
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
