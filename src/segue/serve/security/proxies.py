"""Handle requests that a reverse proxy forwards: the client's address, and the path prefix.

The address in X-Forwarded-For is used only if the connection comes from a trusted proxy. The page
and the APIs know no prefix: it is removed from the path of a request, whether the proxy forwards it
or not, and put in front of the addresses in responses.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from segue.errors import SegueError
from segue.serve.settings import Settings

PEER: Final = "segue.peer"
"""Key of an ASGI scope: address of the program that made the connection, such as a proxy."""
_ROOT_PATH: Final = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_RESERVED: Final = ("api", "rest", "1", "assets", "oidc", "healthz", "readyz", "metrics")


class ProxyMiddleware:
    """Take the client's address from a trusted proxy, and remove the prefix of the path."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._root = settings.root_path
        inner: Any = _RootPathRemover(app, self._root) if self._root else app
        if settings.behind_proxy:
            inner = ProxyHeadersMiddleware(inner, list(settings.trusted_proxies))
        self._app = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the address of the client and the path without the prefix."""
        if scope["type"] == "http":
            scope[PEER] = scope["client"][0] if scope.get("client") else None
        await self._app(scope, receive, send)


class _RootPathRemover:
    """Remove the prefix from the path of a request, and add it to redirects in the response."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root, path = self._root, scope["path"]
        if path == root:  # relative addresses of the page need the slash
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            location = f"{root}/".encode() + query
            headers = [(b"location", location), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 308, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        inner = {**scope, "root_path": root}
        if path.startswith(f"{root}/"):
            inner["path"] = path[len(root) :]
            raw = scope.get("raw_path") or b""
            if raw.startswith(root.encode()):
                inner["raw_path"] = raw[len(root) :]

        async def send_with_prefix(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                location = headers.get("location", "")
                if location.startswith("/"):
                    headers["location"] = root + location
            await send(message)

        await self._app(inner, receive, send_with_prefix)


def client_address(request: Request) -> str | None:
    """Return the address of the client of a request, also behind a trusted proxy."""
    return request.client.host if request.client else None


def is_trusted(peer: str | None, proxies: Sequence[str]) -> bool:
    """Return whether the program at an address is one of the trusted proxies.

    >>> is_trusted("172.18.0.9", ("172.18.0.0/16",)), is_trusted("10.1.1.1", ("172.18.0.0/16",))
    (True, False)
    """
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    return any(address in ip_network(proxy) for proxy in proxies)


def proxy_user(request: Request, settings: Settings) -> str | None:
    """Return the account that a trusted proxy names in its user header; None if it names none."""
    if not settings.user_header or not is_trusted(
        request.scope.get(PEER), settings.trusted_proxies
    ):
        return None
    names = request.headers.getlist(settings.user_header)
    if len(names) != 1 or not names[0]:
        return None
    return names[0].encode("latin-1").decode("utf-8", "replace")


def external_path(scope: Scope, path: str) -> str:
    """Return the path under which browsers reach a path of this server."""
    return f"{scope.get('root_path', '')}{path}"


def check_root_path(text: str) -> str:
    """Return the prefix of all paths, without a slash at its end.

    Raises
    ------
    SegueError
        If it is not a plain path, or begins with an address that segue uses itself.

    Examples
    --------
    >>> check_root_path("/segue/"), check_root_path("/")
    ('/segue', '')
    """
    root = text.rstrip("/")
    if root and not _ROOT_PATH.fullmatch(root):
        raise SegueError(
            f"--root-path must be a path of letters, digits, - and _ such as /segue, not {text!r}."
        )
    if root.split("/")[1:2] and root.split("/")[1] in _RESERVED:
        raise SegueError(
            f"--root-path {root} begins with an address of the server itself: choose another, such"
            " as /segue."
        )
    return root


def check_networks(addresses: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Return the addresses and networks that an option names.

    Raises
    ------
    SegueError
        If one is neither an address nor a network, or is every address.

    Examples
    --------
    >>> check_networks(("172.16.0.0/12", "::1"), "--trusted-proxy")
    ('172.16.0.0/12', '::1')
    """
    for address in addresses:
        try:
            network = ip_network(address) if "/" in address else ip_network(ip_address(address))
        except ValueError:
            raise SegueError(
                f"{option} must be an IP address or a network such as 172.18.0.0/16, not"
                f" {address!r}."
            ) from None
        if network.prefixlen == 0:
            raise SegueError(
                f"{option} {address} trusts every client: name single addresses or networks."
            )
    return addresses
