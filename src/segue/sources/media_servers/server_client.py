"""Send requests to one media server, with one clear sentence for every failure.

A request that is not answered, or answered with a status of 429 or 5xx, is sent again after half a
second and after two seconds, unless it writes. Downloads are streamed to a file.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue.errors import MediaServerError
from segue.sources.web_requests import NoAnswerError, Values, WebAnswer, WebClient, checked_url

WAITS: Final = (0.5, 2.0)
"""Seconds before a request is sent again."""
TIMEOUT_SECONDS: Final = 60.0
_MAX_BYTES: Final = 1 << 28
_MAX_SHOWN: Final = 120


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
    AddressError
        If the address is not valid.
    """

    def __init__(
        self, url: str, *, headers: Values | None = None, parameters: Values | None = None
    ) -> None:
        self.url = checked_url(url)
        self._parameters = dict(parameters or {})
        self._client = WebClient(
            headers=headers,
            timeout_seconds=TIMEOUT_SECONDS,
            follow_redirects=True,
            max_bytes=_MAX_BYTES,
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
        return self._document(self._answer("GET", path, parameters, waits=WAITS))

    def send(
        self,
        method: str,
        path: str,
        parameters: Values | None = None,
        *,
        form: Mapping[str, Any] | None = None,
        body: Any = None,
        repeatable: bool = False,
    ) -> Any:
        """Send a request; return its JSON document, None if it has none.

        Parameters
        ----------
        repeatable
            Whether it only reads, so that it may be sent again.

        Raises
        ------
        MediaServerError
            As `get_json` does.
        """
        waits = WAITS if repeatable else ()
        answer = self._answer(method, path, parameters, form=form, body=body, waits=waits)
        return self._document(answer) if answer.content else None

    def download(self, path: str, target: Path, parameters: Values | None = None) -> None:
        """Write a file of the server to a path, completely or not at all.

        Raises
        ------
        MediaServerError
            If the server does not send it, or the file cannot be written.
        """
        part = target.with_name(f".new-{target.name}")
        sent = {**self._parameters, **(parameters or {})}
        try:
            with part.open("wb") as stream:
                status = self._client.download(f"{self.url}{path}", stream, parameters=sent)
            self._check(status)
            if status == 204:
                raise MediaServerError(
                    f"The server at {self.url} does not send {target.name}: check that the account"
                    " may download."
                )
            part.replace(target)
        except NoAnswerError as error:
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
        waits: Sequence[float],
    ) -> WebAnswer:
        sent = {**self._parameters, **(parameters or {})}
        for wait in (*waits, None):
            try:
                answer = self._client.request(
                    method, f"{self.url}{path}", parameters=sent, form=form, body=body
                )
            except NoAnswerError as error:
                if wait is None:
                    raise self._unreachable(error) from None
            else:
                if wait is None or not answer.is_transient:
                    self._check(answer.status)
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
            f"The server at {self.url} refuses the account ({reason[:_MAX_SHOWN]}): connect"
            " it again with the right one."
        )

    def not_understood(self, what: str = "a document of another form") -> MediaServerError:
        """Return the error of an answer that is not what the server's API documents."""
        return MediaServerError(
            f"The server at {self.url} answered {what}: check the address and the kind of server."
        )

    def _unreachable(self, error: NoAnswerError) -> MediaServerError:
        return MediaServerError(
            f"The server at {self.url} cannot be reached ({error}): start it or check the address,"
            " and try again; what was read is stored."
        )

    def _document(self, answer: WebAnswer) -> Any:
        try:
            return answer.document()
        except ValueError:
            raise self.not_understood("no JSON") from None
