"""Keep the queue of MPD filled with tracks similar to the current one.

The radio begins with the current track, or with the taste of its listener, and adds tracks behind
the last one of the queue; it never removes or moves any. If another track is chosen by hand, the
radio goes on from that one. Plays and skips of a listener are stored as feedback.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from segue.errors import LibraryError, MediaServerError
from segue.library import Event, Library
from segue.pipeline.history.playback import outcome
from segue.pipeline.playlists.radio import RadioSession
from segue.pipeline.recommender.service import RecommenderService
from segue.sources.history_import.matching import Matcher
from segue.sources.media_servers.mpd import MpdReader
from segue.types import TrackReference

AHEAD: Final = 5
"""Tracks behind the current one that the queue is filled up to."""
POLL_SECONDS: Final = 1.0
_MAX_TRIES: Final = 200


@dataclass(slots=True)
class _PlayedSong:
    id: str
    track_id: str
    elapsed: float
    duration: float


class MpdRadio:
    """A radio that plays through MPD.

    Parameters
    ----------
    user
        The listener whose taste counts, and who gets the plays; without one only tracks count.

    Raises
    ------
    MediaServerError
        If MPD cannot be reached.
    LibraryError, ModelError
        If the library has no tracks, or nothing to compare them by.
    """

    def __init__(
        self,
        library: Library,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        ahead: int = AHEAD,
    ) -> None:
        self._library, self._user, self._ahead = library, user, ahead
        self._service = RecommenderService.open(library)
        self._server = MpdReader(url, {"password": password} if password else {})
        self._matcher = Matcher(library.each_track())
        self._uris: dict[str, str] = {}
        self._ids: dict[str, str | None] = {}
        self._read_tracks()
        self._added: set[str] = set()
        self._session: RadioSession | None = None
        self._current: _PlayedSong | None = None

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Fill the queue until `stopped` returns true.

        Raises
        ------
        MediaServerError
            If MPD cannot be reached any more.
        """
        while not stopped():
            self.step()
            time.sleep(POLL_SECONDS)

    def step(self) -> list[str]:
        """Follow what is played, and fill the queue; return the paths that were added."""
        status = self._server.status()
        queue = self._server.queue()
        place = int(status.get("song", -1))
        song = queue[place] if 0 <= place < len(queue) else None
        self._follow(song, float(status.get("elapsed") or 0.0), status)
        if song is None and (self._user is None or queue):
            return []
        behind = len(queue) - place - 1 if song else 0
        return self._fill(queue, song, self._ahead - behind)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()
        self._service.close()

    def _read_tracks(self) -> None:
        for batch in self._server.tracks():
            rows = {one.item: self._matcher.match(one.reference) for one in batch}
            found = self._library.reader.tracks([one.row for one in rows.values() if one])
            for item, match in rows.items():
                self._ids[item] = found[match.row].track_id if match else None
                if match:
                    self._uris.setdefault(found[match.row].track_id, item)
        if not self._uris:
            raise MediaServerError(
                "MPD and the library have no track in common: run segue preprocess with MPD's"
                " music directory."
            )

    def _track_id(self, song: dict[str, Any]) -> str | None:
        path = str(song["file"])
        if path not in self._ids:
            match = self._matcher.match(TrackReference(track_id=path))
            found = self._library.reader.tracks([match.row]) if match else {}
            self._ids[path] = found[match.row].track_id if match else None
        return self._ids[path]

    def _follow(self, song: dict[str, Any] | None, elapsed: float, status: dict[str, Any]) -> None:
        """Take account of what is played now, and of what was played before."""
        before = self._current
        number = None if song is None else str(song["id"])
        if before is not None and before.id != number:
            self._finish(before)
        track_id = None if song is None else self._track_id(song)
        if number is None or track_id is None:
            self._current = None
        elif before is None or before.id != number:
            duration = float(status.get("duration") or 0.0)
            self._current = _PlayedSong(number, track_id, elapsed, duration)
            if number not in self._added:
                self._session = None  # chosen by hand
        else:
            before.elapsed = max(before.elapsed, elapsed)

    def _finish(self, song: _PlayedSong) -> None:
        """Store a play or a skip."""
        ended = outcome(song.elapsed + POLL_SECONDS, song.duration or None)
        kind: Literal["play", "skip"] = "skip" if ended == "skip" else "play"
        if self._session is not None:
            self._session.feedback(song.track_id, kind)
        if self._user is not None:
            event = Event(
                user=self._user,
                track_id=song.track_id,
                kind=kind,
                key=f"mpd:{secrets.token_hex(8)}",
                at=time.time() - song.elapsed,
                ms_played=1e3 * song.elapsed,
                recommended=song.id in self._added,
            )
            self._service.feedback([event])

    def _fill(
        self, queue: Sequence[dict[str, Any]], song: dict[str, Any] | None, wanted: int
    ) -> list[str]:
        if wanted <= 0:
            return []
        session = self._session or self._new_session(queue, song)
        if session is None:
            return []
        self._session = session
        present = {self._track_id(one) for one in queue}
        added: list[str] = []
        for _ in range(_MAX_TRIES):
            try:
                track_id = session.next().track_id
            except LibraryError:  # every track was played
                break
            uri = self._uris.get(track_id)
            if uri is None or track_id in present:
                continue
            self._added.add(self._server.add(uri))
            present.add(track_id)
            added.append(uri)
            if len(added) == wanted:
                break
        return added

    def _new_session(
        self, queue: Sequence[dict[str, Any]], song: dict[str, Any] | None
    ) -> RadioSession | None:
        current = None if song is None else self._track_id(song)
        known = self._user is not None and self._user in self._library.listeners()
        user = self._user if known else None
        if current is None and user is None:
            return None
        session = RadioSession(self._service.state(), user, like=[current] if current else [])
        session.played([one for one in map(self._track_id, queue) if one])
        return session
