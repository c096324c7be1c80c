"""Send requests to services, and read their JSON answers."""

import http.client
import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from segue.errors import DatasetError
from segue.sources.scrobble_services.forwarded_listen import UnavailableError

TIMEOUT_SECONDS: Final = 15.0
_MAX_BYTES: Final = 1 << 23
_MAX_RETRY_SECONDS: Final = 86_400.0


class ServiceAnswer(NamedTuple):
    """Status and JSON object of an answer; an empty object if there is no other."""

    status: int
    document: dict[str, Any]
    retry_seconds: float | None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Do not follow: the answer counts as it is."""


_OPENER: Final = urllib.request.build_opener(_NoRedirects)


def checked_url(url: str) -> str:
    """Return the address of a service without a slash at its end.

    Raises
    ------
    DatasetError
        If it is no address, or contains a password.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        valid = valid and parts.username is None and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url.strip():
        raise DatasetError(
            f"{url[:100]!r} is no address of a service: give one like https://music.example.org."
        )
    return url.strip().rstrip("/")


def request_json(
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> ServiceAnswer:
    """Send a request, a POST if there is a body; return the answer, whatever its status.

    Raises
    ------
    UnavailableError
        If there is no answer, or the service is overloaded or failed.
    """
    host = urllib.parse.urlsplit(url).netloc
    sent = {"User-Agent": "segue", "Accept": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=body, headers=sent)  # noqa: S310  # checked_url
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            status, content, more = answer.status, answer.read(_MAX_BYTES), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            status, content, more = error.code, _read(error), error.headers
    except urllib.error.URLError as error:
        early = isinstance(error.reason, ConnectionRefusedError | socket.gaierror)
        raise UnavailableError(
            f"{host} cannot be reached ({_reason(error.reason)}).", unprocessed=early
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"{host} gave no answer ({_reason(error)}).") from None
    retry = _seconds(more.get("Retry-After") or more.get("X-RateLimit-Reset-In"))
    if status == 429:
        raise UnavailableError(
            f"{host} takes no more requests now.", unprocessed=True, retry_seconds=retry
        )
    if status >= 500 or 300 <= status < 400:
        raise UnavailableError(f"{host} answered with status {status}.", retry_seconds=retry)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = {}
    return ServiceAnswer(status, document if isinstance(document, dict) else {}, retry)


def _read(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(_MAX_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__ if isinstance(error, Exception) else str(error)


def _seconds(text: str | None) -> float | None:
    if text is None or not text.strip().isdecimal():
        return None
    return min(float(text), _MAX_RETRY_SECONDS)
