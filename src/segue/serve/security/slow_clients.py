"""Close connections of slow clients, for which uvicorn would wait without limit.

- The headers of a request must arrive within `HEADER_SECONDS` and are limited to `MAX_HEAD_BYTES`.
  Framing of the body (chunk sizes, trailers) must be in proportion to the body.
- Above `MAX_IDLE_CONNECTIONS` connections, a new connection closes the oldest one that is still
  waiting for a request, so that slow clients do not keep others out.
- A request that was answered before it was received completely is not read to its end.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEADER_SECONDS: Final = 15.0
"""Time limit for receiving the headers of a request."""
MAX_HEAD_BYTES: Final = 64 * 1024
MAX_IDLE_CONNECTIONS: Final = 256
"""Number of connections of one process above which waiting ones are closed."""
_MAX_OVERHEAD: Final = 8  # framing bytes for each byte of body; one-byte chunks have five

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class SlowClientGuard(HttpToolsProtocol):
    """A connection that is closed if a request arrives too slowly or is endless."""

    _waiting: asyncio.TimerHandle | None = None
    _unfinished: Final[dict["SlowClientGuard", None]] = {}  # all of the process, oldest first
    _overhead = _body = 0  # bytes of the current request
    _message_began = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first request."""
        super().connection_made(transport)
        if len(self.connections) > MAX_IDLE_CONNECTIONS and self._unfinished:
            next(iter(self._unfinished))._close()
        self._unfinished[self] = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._unfinished.pop(self, None)
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request; close the connection if the request is too large."""
        self._message_began, body = False, self._body
        super().data_received(data)
        if self._message_began or self.transport.is_closing():
            return  # a part with several requests cannot be split among them
        self._overhead += len(data) - (self._body - body)
        if self._overhead > MAX_HEAD_BYTES + _MAX_OVERHEAD * self._body:
            if self._waiting is not None:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start the timer for the rest of the headers."""
        super().on_message_begin()
        self._message_began, self._overhead, self._body = True, 0, 0
        self._unfinished.setdefault(self)
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Stop the timer; the application has its own time limit for the body."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Remove the connection from those that wait for a request."""
        self._unfinished.pop(self, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or close if the current one was not received completely."""
        cycle: RequestResponseCycle = self.cycle
        if cycle.response_complete:
            if cycle.more_body:
                self.transport.close()
            else:
                self._unfinished[self] = None
        super().on_response_complete()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._time_out)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _time_out(self) -> None:
        self._waiting = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()

    def _close(self) -> None:
        self._unfinished.pop(self, None)
        self.transport.close()
