"""A client of Last.fm, or of a server with its API.

Source: last.fm/api.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from segue.sources.scrobble_services.forwarded_listen import (
    CredentialsError,
    ForwardedListen,
    RefusedRequestError,
    UnavailableError,
)
from segue.sources.scrobble_services.service_request import request_json

LASTFM_URL: Final = "https://ws.audioscrobbler.com/2.0"
_CREDENTIALS: Final = (4, 9, 10, 13, 14, 15, 17, 26)
_UNAVAILABLE: Final = (8, 11, 16, 29)
_IGNORED: Final = {
    "1": "the artist is ignored",
    "2": "the track is ignored",
    "3": "it is too long ago",
    "4": "its time is in the future",
}
_TRY_AGAIN: Final = "5"  # the limit of a day


class LastfmClient:
    """The API of Last.fm, for the user of a session key."""

    max_batch = 50

    def __init__(
        self, url: str, api_key: str, api_secret: str, session: str = "", account: str = ""
    ) -> None:
        self._url, self._session, self._account = url, session, account
        self._api_key, self._api_secret = api_key, api_secret

    def log_in(self, user: str, password: str) -> tuple[str, str]:
        """Return the session key of a user, and the name of the user.

        Raises
        ------
        UnavailableError, CredentialsError, RefusedRequestError
            If the service does not answer, or refuses.
        """
        given = {"username": user, "password": password}
        found = self._call("auth.getMobileSession", given).get("session")
        key = found.get("key") if isinstance(found, dict) else None
        if not isinstance(found, dict) or not isinstance(key, str) or not key:
            raise RefusedRequestError("Last.fm gave no session: try again later.")
        return key, str(found.get("name") or user)

    def submit(self, listens: Sequence[ForwardedListen]) -> list[str | None]:
        """Send listens: see `ScrobbleService`."""
        given: dict[str, str] = {"sk": self._session}
        for place, one in enumerate(listens):
            values = {**_names(one), "timestamp": str(one.at)}
            given |= {f"{name}[{place}]": value for name, value in values.items()}
        scrobbles = self._call("track.scrobble", given).get("scrobbles")
        found = scrobbles.get("scrobble") if isinstance(scrobbles, dict) else None
        answers = found if isinstance(found, list) else [found]
        if len(answers) != len(listens):
            raise UnavailableError("Last.fm gave an answer that is not understood.")
        codes = [_code(one) for one in answers]
        if _TRY_AGAIN in codes and set(codes) == {_TRY_AGAIN}:
            raise UnavailableError(
                "Last.fm takes no more listens today.", unprocessed=True, retry_seconds=3_600
            )
        return [
            None if code in ("", "0") else f"Last.fm ignores it: {_IGNORED.get(code, code)}"
            for code in codes
        ]

    def known(self, listens: Sequence[ForwardedListen]) -> list[bool]:
        """Return which listens the service has: see `ScrobbleService`."""
        times = [one.at for one in listens]
        span = {"from": str(min(times) - 1), "to": str(max(times) + 1)}
        given = {"user": self._account, "limit": "200", **span}
        recent = self._call("user.getRecentTracks", given).get("recenttracks")
        tracks = recent.get("track") if isinstance(recent, dict) else None
        there = set()
        for one in tracks if isinstance(tracks, list) else [tracks]:
            date = one.get("date") if isinstance(one, dict) else None
            there.add(str(date.get("uts")) if isinstance(date, dict) else "")
        return [str(one.at) in there for one in listens]

    def give_opinion(self, listen: ForwardedListen, score: int) -> None:
        """Love a track, or take that back: see `OpinionService`. There are no dislikes."""
        method = "track.love" if score > 0 else "track.unlove"
        self._call(method, {"sk": self._session, "artist": listen.artist, "track": listen.title})

    def show_playing(self, listen: ForwardedListen) -> None:
        """Send that a track is playing now: see `OpinionService`."""
        self._call("track.updateNowPlaying", {"sk": self._session, **_names(listen)})

    def _call(self, method: str, given: Mapping[str, str]) -> dict[str, Any]:
        sent = {**given, "method": method, "api_key": self._api_key}
        signed = "".join(f"{name}{sent[name]}" for name in sorted(sent)) + self._api_secret
        digest = hashlib.md5(signed.encode("utf-8", "replace"), usedforsecurity=False)
        form = {**sent, "api_sig": digest.hexdigest(), "format": "json"}
        body = urlencode(form, errors="replace").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = request_json(f"{self._url}/", body=body, headers=headers)
        number = answer.document.get("error")
        said = str(answer.document.get("message", ""))[:200]
        if number in _CREDENTIALS or answer.status == 401:
            raise CredentialsError(f"Last.fm refuses the log-in ({said}): connect again.")
        if number in _UNAVAILABLE:
            raise UnavailableError(f"Last.fm cannot take it now ({said}).")
        if number is not None or answer.status >= 400:
            raise RefusedRequestError(said or f"Last.fm answered status {answer.status}.")
        return answer.document


def _names(one: ForwardedListen) -> dict[str, str]:
    """Return the parameters that name a track."""
    values = {
        "artist": one.artist,
        "track": one.title,
        "album": one.album,
        "mbid": one.recording,
        "duration": None if one.duration is None else str(round(one.duration)),
    }
    return {name: value for name, value in values.items() if value}


def _code(answer: Any) -> str:
    ignored = answer.get("ignoredMessage") if isinstance(answer, dict) else None
    return str(ignored.get("code", "")) if isinstance(ignored, dict) else ""
