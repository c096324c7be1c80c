"""Connections that take and give nothing: uvicorn bears with them for ever, and we do not.

- The headers of a request must have come within `HEADER_SECONDS`, and be no more than `HEAD_BYTES`.
  What comes besides a body (trailers, sizes of chunks) must be in proportion to it.
- Where there are more than `CROWD` connections, one that waits for the rest of a request makes room
  for one that comes: who sends slowly keeps nobody out.
- A request that was answered before it had come whole is not waited for.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEADER_SECONDS: Final = 15.0
"""Within which the headers of a request must have come."""
HEAD_BYTES: Final = 64 * 1024
CROWD: Final = 256
"""Connections of one process, above which those that wait make room."""
_OVERHEAD: Final = 8  # bytes a byte of body: chunks of one byte have five around each

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class SlowClientGuard(HttpToolsProtocol):
    """A connection that is closed where its requests do not come in time, or without end."""

    _waiting: asyncio.TimerHandle | None = None
    _unfinished: Final[dict["SlowClientGuard", None]] = {}  # of the process, the oldest first
    _besides = _body = 0  # bytes of the request that comes
    _began = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > CROWD and self._unfinished:
            next(iter(self._unfinished))._let_go()
        self._unfinished[self] = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._unfinished.pop(self, None)
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request, unless it has become too large."""
        self._began, body = False, self._body
        super().data_received(data)
        if self._began or self.transport.is_closing():
            return  # of a part with several requests in it, none is told from the others
        self._besides += len(data) - (self._body - body)
        if self._besides > HEAD_BYTES + _OVERHEAD * self._body:
            if self._waiting is not None:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the headers."""
        super().on_message_begin()
        self._began, self._besides, self._body = True, 0, 0
        self._unfinished.setdefault(self)
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Stop waiting: from here on the application decides."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Go on to the answer."""
        self._unfinished.pop(self, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless the one that was answered has not come whole."""
        cycle: RequestResponseCycle = self.cycle
        if cycle.response_complete:
            if cycle.more_body:
                self.transport.close()
            else:
                self._unfinished[self] = None
        super().on_response_complete()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()

    def _let_go(self) -> None:
        self._unfinished.pop(self, None)
        self.transport.close()
