"""Send requests to one media server, with one clear sentence for every failure.

A request that is not answered, or answered with a status of 5xx, is sent again after half a second
and after two seconds, unless it writes. Downloads are streamed to a file.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from segue import __version__
from segue.errors import MediaServerError, MissingExtraError

if TYPE_CHECKING:
    import httpx

WAITS: Final = (0.5, 2.0)
"""Seconds before a request is sent again."""
TIMEOUT_SECONDS: Final = 60.0
_MAX_SHOWN: Final = 120

Values = Mapping[str, Any]


class ServerClient:
    """An HTTP client of one server.

    Parameters
    ----------
    url
        The address of the server; user names and passwords in it are refused.
    headers, parameters
        Sent with every request, such as credentials. They are never part of a message.

    Raises
    ------
    MediaServerError
        If the address is not valid.
    MissingExtraError
        If httpx is not installed.
    """

    def __init__(
        self, url: str, *, headers: Values | None = None, parameters: Values | None = None
    ) -> None:
        self.url = checked_url(url)
        try:
            import httpx
        except ImportError:
            raise MissingExtraError("Connecting to a media server", "connect") from None
        self._errors = httpx.HTTPError, httpx.InvalidURL
        self._parameters = dict(parameters or {})
        self._client = httpx.Client(
            headers={"User-Agent": f"segue/{__version__}", **(headers or {})},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=True,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get_json(self, path: str, parameters: Values | None = None) -> Any:
        """Return the JSON document at a path below the address.

        Raises
        ------
        MediaServerError
            If the server does not answer, refuses, or answers no JSON.
        """
        return self._document(self._answer("GET", path, parameters))

    def send(
        self,
        method: str,
        path: str,
        parameters: Values | None = None,
        *,
        form: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Any:
        """Send a request that may write, once; return its JSON document, None if it has none.

        Raises
        ------
        MediaServerError
            As `get_json` does.
        """
        answer = self._answer(method, path, parameters, form=form, body=body, waits=())
        return self._document(answer) if answer.content else None

    def download(self, path: str, target: Path, parameters: Values | None = None) -> None:
        """Write a file of the server to a path, completely or not at all.

        Raises
        ------
        MediaServerError
            If the server does not send it, or the file cannot be written.
        """
        part = target.with_name(f".new-{target.name}")
        try:
            with self._client.stream(
                "GET", f"{self.url}{path}", params={**self._parameters, **(parameters or {})}
            ) as answer:
                self._check(answer.status_code)
                kind = answer.headers.get("content-type", "")
                if kind.startswith(("application/json", "text/xml", "application/xml")):
                    raise MediaServerError(
                        f"The server at {self.url} does not send {target.name}: check that the"
                        " account may download."
                    )
                with part.open("wb") as stream:
                    for chunk in answer.iter_bytes(1 << 20):
                        stream.write(chunk)
            part.replace(target)
        except self._errors as error:
            raise self._unreachable(error) from None
        except OSError as error:
            raise MediaServerError(
                f"{target.name} cannot be written ({error.strerror}): free space, or choose another"
                " folder."
            ) from None
        finally:
            part.unlink(missing_ok=True)

    def _answer(
        self,
        method: str,
        path: str,
        parameters: Values | None,
        *,
        form: Mapping[str, Any] | None = None,
        body: Any = None,
        waits: Sequence[float] = WAITS,
    ) -> "httpx.Response":
        sent = {**self._parameters, **(parameters or {})}
        for wait in (*waits, None):
            try:
                answer = self._client.request(
                    method, f"{self.url}{path}", params=sent, data=form, json=body
                )
            except self._errors as error:
                if wait is None:
                    raise self._unreachable(error) from None
            else:
                if answer.status_code < 500 or wait is None:
                    self._check(answer.status_code)
                    return answer
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _check(self, status: int) -> None:
        if status in (401, 403):
            raise self.refused()
        if status >= 400:
            raise MediaServerError(
                f"The server at {self.url} answered with status {status}: check the address, or try"
                " again later."
            )

    def refused(
        self, reason: str = "the user name, password or token is wrong"
    ) -> MediaServerError:
        """Return the error of a server that refuses the account."""
        return MediaServerError(
            f"The server at {self.url} refuses the account ({reason[:_MAX_SHOWN]}): run segue"
            " connect again with the right one."
        )

    def not_understood(self, what: str = "a document of another form") -> MediaServerError:
        """Return the error of an answer that is not what the server's API documents."""
        return MediaServerError(
            f"The server at {self.url} answered {what}: check the address and the kind of server."
        )

    def _unreachable(self, error: Exception) -> MediaServerError:
        reason = "no answer in time" if "Timeout" in type(error).__name__ else str(error)
        return MediaServerError(
            f"The server at {self.url} cannot be reached ({reason[:_MAX_SHOWN] or 'no answer'}):"
            " start it or check the address, and run the command again; what was read is stored."
        )

    def _document(self, answer: "httpx.Response") -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self.not_understood("no JSON") from None


def checked_url(url: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises
    ------
    MediaServerError
        If it is no http address, or has a user name or password in it.

    Examples
    --------
    >>> checked_url("http://music.home:4533/")
    'http://music.home:4533'
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid, parts = False, urlsplit("")
    if not valid or parts.query or parts.fragment:
        raise MediaServerError(
            f"{url.partition('?')[0]!r} is not the address of a server: give one like"
            " http://music.home:4533."
        )
    if parts.username or parts.password:
        raise MediaServerError(
            "The address of a server must not contain a user name or password: use --user and"
            " --password."
        )
    return url.rstrip("/")
