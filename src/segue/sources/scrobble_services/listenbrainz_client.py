"""A client of ListenBrainz, or of a server with its API.

Source: listenbrainz.readthedocs.io, "Core", "Playlists", "Recordings", "Metadata".
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from segue.sources.scrobble_services.forwarded_listen import (
    CredentialsError,
    ForwardedListen,
    RefusedRequestError,
)
from segue.sources.scrobble_services.service_request import request_json

LISTENBRAINZ_URL: Final = "https://api.listenbrainz.org"
_MAX_LISTS: Final = 100


class ListenBrainzClient:
    """The API of ListenBrainz, for the user of a token."""

    max_batch = 100

    def __init__(self, url: str, token: str, account: str = "") -> None:
        self._url, self._token, self._account = url, token, account

    def account(self) -> str:
        """Return the name of the user of the token.

        Raises
        ------
        UnavailableError, CredentialsError
            If the service does not answer, or does not know the token.
        """
        found = self._get("/1/validate-token", {})
        name = found.get("user_name")
        if found.get("valid") is not True or not isinstance(name, str):
            raise CredentialsError("ListenBrainz does not know this token: copy it again.")
        return name

    def submit(self, listens: Sequence[ForwardedListen]) -> list[str | None]:
        """Send listens: see `ScrobbleService`."""
        kind = "single" if len(listens) == 1 else "import"
        document = {"listen_type": kind, "payload": [_document(one) for one in listens]}
        answer = self._post("/1/submit-listens", document)
        reasons: list[str | None] = [None] * len(listens)
        rejected = answer.get("rejected")  # a server of segue takes the others
        for one in rejected if isinstance(rejected, list) else []:
            if isinstance(one, dict) and one.get("index") in range(len(listens)):
                reasons[one["index"]] = str(one.get("error"))[:200]
        return reasons

    def known(self, listens: Sequence[ForwardedListen]) -> list[bool]:
        """Return which listens the service has: see `ScrobbleService`."""
        found: set[int] = set()
        for one in listens:
            if one.at in found:
                continue
            near = {"min_ts": one.at - 1, "max_ts": one.at + 1, "count": 10}
            payload = self._get(f"/1/user/{quote(self._account)}/listens", near).get("payload")
            there = payload.get("listens") if isinstance(payload, dict) else None
            for each in there if isinstance(there, list) else []:
                if isinstance(each, dict) and each.get("listened_at") == one.at:
                    found.add(one.at)
        return [one.at in found for one in listens]

    def give_opinion(self, listen: ForwardedListen, score: int) -> None:
        """Send a love, hate or neither: see `OpinionService`.

        ListenBrainz has opinions of MusicBrainz recordings; one that is unknown is looked up there.
        """
        recording = listen.recording
        if recording is None:
            names = {"artist_name": listen.artist, "recording_name": listen.title}
            found = self._get("/1/metadata/lookup/", names).get("recording_mbid")
            recording = found if isinstance(found, str) else None
        if not recording:
            raise RefusedRequestError("ListenBrainz knows no recording of these names.")
        self._post("/1/feedback/recording-feedback", {"recording_mbid": recording, "score": score})

    def show_playing(self, listen: ForwardedListen) -> None:
        """Send that a track is playing now: see `OpinionService`."""
        playing = {"track_metadata": _document(listen)["track_metadata"]}
        self._post("/1/submit-listens", {"listen_type": "playing_now", "payload": [playing]})

    def created_for(self) -> list[dict[str, Any]]:
        """Return the playlists that ListenBrainz made for the user, without tracks, latest first.

        Raises
        ------
        UnavailableError, CredentialsError, RefusedRequestError
            If it does not answer with them.
        """
        path = f"/1/user/{quote(self._account)}/playlists/createdfor"
        lists = self._get(path, {"count": _MAX_LISTS}).get("playlists")
        found = [one.get("playlist") for one in lists or [] if isinstance(one, dict)]
        return [one for one in found if isinstance(one, dict)]

    def playlist(self, number: str) -> bytes:
        """Return a playlist as the bytes of a JSPF file; raises as `created_for` does."""
        return json.dumps(self._get(f"/1/playlist/{quote(number, safe='')}", {})).encode()

    def _get(self, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        return self._request(f"{path}?{urlencode(query)}" if query else path)

    def _post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return self._request(path, json.dumps(document).encode())

    def _request(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Token {self._token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = request_json(self._url + path, body=body, headers=headers)
        said = str(answer.document.get("error", ""))[:200]
        if answer.status in (401, 403):
            raise CredentialsError("ListenBrainz refuses the token: copy it again.")
        if answer.status >= 400:
            raise RefusedRequestError(said or f"ListenBrainz answered status {answer.status}.")
        return answer.document


def _document(one: ForwardedListen) -> dict[str, Any]:
    more: dict[str, Any] = {
        "media_player": "segue",
        "submission_client": "segue",
        "recording_mbid": one.recording,
        "duration_ms": None if one.duration is None else round(one.duration * 1e3),
        "duration_played": None if one.seconds_played is None else round(one.seconds_played),
    }
    metadata: dict[str, Any] = {"artist_name": one.artist, "track_name": one.title}
    if one.album:
        metadata["release_name"] = one.album
    metadata["additional_info"] = {name: value for name, value in more.items() if value is not None}
    return {"listened_at": one.at, "track_metadata": metadata}
