"""Answers of the ListenBrainz API: errors with `code` and `error`, and headers of its rate limit.

A client sees in the headers `X-RateLimit-*` how many requests it has left in the present window,
and gets status 429 when there are none. Requests count by token, else by address, in each process.

Source: listenbrainz.readthedocs.io, "ListenBrainz API", "Rate limiting".
"""

import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from segue.serve.security.proxies import client_address
from segue.sources.history_import import UnusableRow

MAX_REQUESTS: Final = 300
WINDOW_SECONDS: Final = 10

Document = dict[str, Any]


@dataclass
class ListenBrainzError(Exception):
    """A rejected request: status and one sentence."""

    code: int
    error: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        """Return the response."""
        document = {"code": self.code, "error": self.error}
        return JSONResponse(document, status_code=self.code, headers=dict(self.headers))


class RequestWindow:
    """Counts of requests by client in the present window of `WINDOW_SECONDS`."""

    def __init__(self) -> None:
        self._number = 0
        self._counts: Counter[str] = Counter()

    def count(self, client: str, now: float) -> tuple[int, int]:
        """Count a request; return how many are left, -1 for one too many, and seconds to reset."""
        number = int(now // WINDOW_SECONDS)
        if number != self._number:
            self._number = number
            self._counts.clear()
        self._counts[client] += 1
        reset = (number + 1) * WINDOW_SECONDS - now
        return MAX_REQUESTS - self._counts[client], max(1, round(reset))


class ListenBrainzRoute(APIRoute):
    """A route whose errors and headers are those of ListenBrainz."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route, with the rate limit around it."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            window: RequestWindow = request.app.state.scrobbler_requests
            address = client_address(request) or ""
            client = request.headers.get("authorization") or address
            now = time.time()
            left, reset = window.count(client, now)
            too_many = ListenBrainzError(429, f"Too many requests: send the next one in {reset} s.")
            try:
                response = await handler(request) if left >= 0 else too_many.answer()
            except ListenBrainzError as refused:
                response = refused.answer()
            except UnusableRow as error:
                response = ListenBrainzError(400, f"A listen cannot be used: {error}.").answer()
            response.headers["X-RateLimit-Limit"] = str(MAX_REQUESTS)
            response.headers["X-RateLimit-Remaining"] = str(max(left, 0))
            response.headers["X-RateLimit-Reset-In"] = str(reset)
            response.headers["X-RateLimit-Reset"] = str(int(now) + reset)
            return response

        return handle
