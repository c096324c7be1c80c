"""A client of Maloja. It takes one listen at a time, and none twice at one second.

Source: github.com/krateng/maloja, maloja/apis/native_v1.py.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from segue.sources.scrobble_services.forwarded_listen import (
    CredentialsError,
    ForwardedListen,
    RefusedRequestError,
)
from segue.sources.scrobble_services.service_request import request_json


class MalojaClient:
    """The API of a Maloja server, with one of its keys."""

    max_batch = 1

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key

    def check(self) -> None:
        """Check the address and the key.

        Raises
        ------
        UnavailableError, CredentialsError, RefusedRequestError
            If the server does not answer, does not know the key, or is no Maloja.
        """
        answer = request_json(f"{self._url}/apis/mlj_1/test?{urlencode({'key': self._key})}")
        if answer.status in (401, 403):
            raise CredentialsError("Maloja refuses the key: create one in its settings.")
        if answer.document.get("status") != "ok":
            raise RefusedRequestError("The server is no Maloja: check its address.")

    def submit(self, listens: Sequence[ForwardedListen]) -> list[str | None]:
        """Send listens: see `ScrobbleService`."""
        for one in listens:
            values = {
                "artist": one.artist,
                "title": one.title,
                "album": one.album,
                "time": one.at,
                "length": None if one.duration is None else round(one.duration),
                "duration": None if one.seconds_played is None else round(one.seconds_played),
            }
            self._post("newscrobble", {name: value for name, value in values.items() if value})
        return [None] * len(listens)

    def known(self, listens: Sequence[ForwardedListen]) -> list[bool]:
        """Return False for all: Maloja itself stores no listen twice."""
        return [False] * len(listens)

    def _post(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({**given, "key": self._key}).encode()
        headers = {"Content-Type": "application/json"}
        answer = request_json(f"{self._url}/apis/mlj_1/{method}", body=body, headers=headers)
        error = answer.document.get("error")
        kind = error.get("type") if isinstance(error, dict) else None
        if answer.status in (401, 403):
            raise CredentialsError("Maloja refuses the key: create one in its settings.")
        if kind == "duplicate_timestamp":
            return answer.document  # sent before, or another track at the same second
        if answer.status >= 400:
            said = error.get("desc") if isinstance(error, dict) else None
            raise RefusedRequestError(str(said or f"Maloja answered status {answer.status}.")[:200])
        return answer.document
