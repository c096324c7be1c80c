"""Send HTTP requests to other servers: addresses, failures, limits of time and size.

Conventions
-----------
- An answer is returned whatever its status; `WebAnswer.is_transient` is whether a later try may
  succeed. No answer at all raises `NoAnswerError`. Callers translate both for their users.
- An answer that is longer than the limit is cut, and is no JSON then.
- Certificates of the system and those of certifi are accepted.
"""

import functools
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import SplitResult, urlsplit

from segue import __version__
from segue.errors import AddressError, SegueError

if TYPE_CHECKING:
    import httpx

Values = Mapping[str, Any]
MAX_BYTES: Final = 1 << 23
_CHUNK_BYTES: Final = 1 << 20
_MAX_SHOWN: Final = 120
_MAX_RETRY_SECONDS: Final = 86_400.0
_DOCUMENTS: Final = ("application/json", "text/xml", "application/xml")


class NoAnswerError(SegueError):
    """A request without an answer; the message is the reason.

    It certainly was not processed if it is `unprocessed`.
    """

    def __init__(self, reason: str, *, unprocessed: bool) -> None:
        super().__init__(reason[:_MAX_SHOWN] or "no answer")
        self.unprocessed = unprocessed


class WebAnswer(NamedTuple):
    """An answer; `retry_seconds` is the time that the server asks to wait for."""

    status: int
    content: bytes
    retry_seconds: float | None = None

    @property
    def is_transient(self) -> bool:
        """Whether the server is overloaded or failed, so that a later try may succeed."""
        return self.status == 429 or self.status >= 500

    def document(self) -> Any:
        """Return the JSON document.

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("The document is nested too deeply.") from None


class WebClient:
    """An HTTP client that keeps its connections open. Use it in a ``with`` statement, or close it.

    Parameters
    ----------
    headers
        Sent with every request, such as credentials.
    timeout_seconds
        Time without any data after which a server counts as gone.
    follow_redirects
        Whether redirects are followed, which may carry headers to another host.
    max_bytes
        The longest answer; a download has no limit.
    """

    def __init__(
        self,
        *,
        headers: Values | None = None,
        timeout_seconds: float,
        follow_redirects: bool = False,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        import httpx

        self._max_bytes = max_bytes
        self._errors = httpx.HTTPError, httpx.InvalidURL, httpx.StreamError
        self._early = httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL
        self._timeout = httpx.TimeoutException
        self._client = httpx.Client(
            headers={"User-Agent": f"segue/{__version__}", **(headers or {})},
            timeout=timeout_seconds,
            follow_redirects=follow_redirects,
            verify=_certificates(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        parameters: Values | None = None,
        headers: Values | None = None,
        content: bytes | None = None,
        form: Values | None = None,
        body: Any = None,
    ) -> WebAnswer:
        """Send a request with at most one of content, a form and a JSON body; return the answer.

        Raises
        ------
        NoAnswerError
            If there is none.
        """
        sent = {"params": parameters, "headers": headers, "content": content}
        with self._stream(method, url, **sent, data=form, json=body) as answer:
            parts, n_bytes = [], 0
            for part in answer.iter_bytes(_CHUNK_BYTES):
                parts.append(part)
                n_bytes += len(part)
                if n_bytes > self._max_bytes:
                    break
            retry = answer.headers.get("Retry-After") or answer.headers.get("X-RateLimit-Reset-In")
            content = b"".join(parts)[: self._max_bytes]
            return WebAnswer(answer.status_code, content, _seconds(retry))

    def download(self, url: str, target: IO[bytes], *, parameters: Values | None = None) -> int:
        """Write a file to a stream; return the status, 204 where a document is sent in its place.

        Nothing is written for a status of 400 or more, nor for a document.

        Raises
        ------
        NoAnswerError
            If there is no answer, or it ends early.
        """
        with self._stream("GET", url, params=parameters) as answer:
            if answer.status_code >= 400:
                return answer.status_code
            if answer.headers.get("content-type", "").startswith(_DOCUMENTS):
                return 204
            for chunk in answer.iter_bytes(_CHUNK_BYTES):
                target.write(chunk)
            return answer.status_code

    @contextmanager
    def _stream(self, method: str, url: str, **sent: Any) -> "Iterator[httpx.Response]":
        try:
            with self._client.stream(method, url, **sent) as answer:
                yield answer
        except self._errors as error:
            late = isinstance(error, self._timeout)
            reason = "no answer in time" if late else str(error)
            raise NoAnswerError(reason, unprocessed=isinstance(error, self._early)) from None


@functools.cache
def _certificates() -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def web_address(url: str) -> SplitResult | None:
    """Return the parts of an http address, None where it is none.

    >>> web_address("http://music.home:4533/x?y").netloc, web_address("ftp://music.home")
    ('music.home:4533', None)
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if valid and url.isprintable() and " " not in url else None


def checked_url(url: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises
    ------
    AddressError
        If it is no http address, or has a user name, password or query in it.

    Examples
    --------
    >>> checked_url("http://music.home:4533/")
    'http://music.home:4533'
    """
    parts = web_address(url.strip())
    if parts is not None and (parts.username is not None or parts.password is not None):
        raise AddressError(
            "The address of a server must not contain a user name or password: give them"
            " separately."
        )
    if parts is None or parts.query or parts.fragment:
        raise AddressError(
            f"{url.partition('?')[0].rpartition('@')[2][:100]!r} is not the address of a server:"
            " give one like http://music.home:4533."
        )
    return url.strip().rstrip("/")


def _seconds(text: str | None) -> float | None:
    if text is None or not text.strip().isdecimal():
        return None
    return min(float(text), _MAX_RETRY_SECONDS)
