"""Let pages of any origin use the player APIs (CORS, as in the Fetch standard).

Players that run in a browser engine, such as Feishin, send requests from a page of their own, whose
origin is ``null``, ``file://`` or another host. The APIs of `PLAYER_APIS` use no cookie: each
request carries the credentials of its player, so a page without them learns nothing. Without
accounts any name would be accepted, so then these APIs stay closed for other origins, too.
"""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

PLAYER_APIS: Final = ("/rest/", "/1/")
"""Prefixes of the addresses of APIs whose requests carry their own credentials."""

_ANY: Final = "*"
_EXPOSED: Final = (
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After"
)
_METHODS: Final = "GET, HEAD, POST"
_MAX_AGE_SECONDS: Final = 86_400


def is_preflight(scope: Scope) -> bool:
    """Return whether a browser asks by this request if it may send another one."""
    headers = Headers(scope=scope)
    return scope["method"] == "OPTIONS" and "access-control-request-method" in headers


async def send_preflight(scope: Scope, send: Send) -> None:
    """Allow the request that a browser asks for."""
    asked = Headers(scope=scope)
    # "*" does not include Authorization, which has to be named
    wanted = asked.get("access-control-request-headers", "").strip()
    headers = MutableHeaders(
        {
            "Access-Control-Allow-Origin": _ANY,
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": wanted or _ANY,
            "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
            "Content-Length": "0",
            "Vary": "Access-Control-Request-Headers",
        }
    )
    if asked.get("access-control-request-private-network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    await send({"type": "http.response.start", "status": 204, "headers": headers.raw})
    await send({"type": "http.response.body", "body": b""})


def readable_anywhere(send: Send) -> Send:
    """Return a function that sends a response which pages of any origin may read and show."""

    async def send_readable(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            headers["Access-Control-Allow-Origin"] = _ANY
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            message = {**message, "headers": headers.raw}
        await send(message)

    return send_readable
