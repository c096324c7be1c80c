"""Send requests to services, and read their JSON answers."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from segue.sources.scrobble_services.forwarded_listen import UnavailableError
from segue.sources.web_requests import NoAnswerError, WebClient

TIMEOUT_SECONDS: Final = 15.0


class ServiceAnswer(NamedTuple):
    """Status and JSON object of an answer; an empty object if there is no other."""

    status: int
    document: dict[str, Any]


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
    host = urlsplit(url).netloc
    sent = {"Accept": "application/json", **(headers or {})}
    method = "GET" if body is None else "POST"
    try:
        with WebClient(headers=sent, timeout_seconds=timeout) as client:
            answer = client.request(method, url, content=body)
    except NoAnswerError as error:
        reason = "cannot be reached" if error.unprocessed else "gave no answer"
        raise UnavailableError(
            f"{host} {reason} ({error}).", unprocessed=error.unprocessed
        ) from None
    if answer.status == 429:
        raise UnavailableError(
            f"{host} takes no more requests now.",
            unprocessed=True,
            retry_seconds=answer.retry_seconds,
        )
    if answer.is_transient or 300 <= answer.status < 400:
        raise UnavailableError(
            f"{host} answered with status {answer.status}.", retry_seconds=answer.retry_seconds
        )
    try:
        document = answer.document()
    except ValueError:
        document = {}
    return ServiceAnswer(answer.status, document if isinstance(document, dict) else {})
