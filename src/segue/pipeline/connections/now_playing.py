"""Show what the accounts of connected media servers play now.

`NowPlayingReader.read` asks every server, and stores the answers as reports of players
(`segue.pipeline.history.playback`), which all processes of a server share. They are shown and never
counted: `sync` reads the plays. A player that its server no longer names has stopped.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final

from segue.errors import SegueError
from segue.library import Library, ServerAccount, ServerConnection
from segue.library.playback import PlaybackState
from segue.pipeline.history.playback import Feed, PlaybackReport, record_playback
from segue.pipeline.repeated_task import RepeatedTask
from segue.sources.media_servers import PlayingTrack, open_server

POLL_SECONDS: Final = 30.0
"""Time between two questions to a server."""
PAUSE_SECONDS: Final = 600.0
"""Time for which a server that gave no answer is not asked."""
_MAX_PLAYER: Final = 100
_LOG = logging.getLogger("segue.now-playing")


class NowPlayingReader:
    """Reads what the connected accounts of a library play now.

    Parameters
    ----------
    feed
        Stores events of players, see `record_playback`.
    is_active
        Returns whether this process is the one that asks.
    """

    def __init__(
        self, library: Library, feed: Feed, is_active: Callable[[], bool] = lambda: True
    ) -> None:
        self._library, self._feed, self._is_active = library, feed, is_active
        self._paused: dict[int, float] = {}
        self._task = RepeatedTask("now-playing", self._read_if_active, POLL_SECONDS)

    def start(self) -> None:
        """Read in a thread until `stop` is called."""
        self._task.start()

    def stop(self) -> None:
        """Stop reading."""
        self._task.stop()

    def read(self) -> int:
        """Ask all servers that are not paused; return the number of tracks that are played.

        Raises
        ------
        LibraryError
            If the library cannot be read or written.
        """
        n_playing = 0
        for one in self._library.connections.all():
            for account in self._library.connections.accounts(one.row):
                if self._task.is_stopping:
                    return n_playing
                if time.monotonic() >= self._paused.get(account.row, 0.0):
                    n_playing += self._record(one, account, self._playing(one, account))
        return n_playing

    def _read_if_active(self) -> None:
        if self._is_active():
            self.read()

    def _playing(self, one: ServerConnection, account: ServerAccount) -> Sequence[PlayingTrack]:
        """Return what an account plays; nothing, and a pause, where its server does not answer."""
        try:
            with closing(open_server(one.kind, one.url, account.credentials)) as server:
                return server.now_playing()
        except SegueError as error:
            _LOG.info("%s, %s: %s", one.name, account.user, error)
            self._paused[account.row] = time.monotonic() + PAUSE_SECONDS
            return []

    def _record(
        self, one: ServerConnection, account: ServerAccount, playing: Sequence[PlayingTrack]
    ) -> int:
        rows = self._library.connections.rows_of_items(one.row, [each.item for each in playing])
        tracks = self._library.reader.tracks(list(set(rows.values())))
        first, present = f"{one.name} ({account.user})", set()
        for each in playing:
            track = tracks.get(rows.get(each.item, -1))
            if track is not None:
                client = f"{first}: {each.player[:_MAX_PLAYER]}"
                present.add(client)
                report = _report(track.track_id, "playing", each.position)
                self._store(account, client, report, track.duration)
        for client, before in self._library.playback.of(account.listener):
            is_own = client.startswith(f"{first}:") and client not in present
            if is_own and before.state != "stopped":
                report = _report(before.track_id, "stopped", before.position)
                self._store(account, client, report, None)
        return len(present)

    def _store(
        self, account: ServerAccount, client: str, report: PlaybackReport, duration: float | None
    ) -> None:
        record_playback(
            self._library,
            self._feed,
            account.listener,
            client,
            report,
            duration_of=lambda _: duration,
        )


def _report(track_id: str, state: PlaybackState, position: float) -> PlaybackReport:
    return PlaybackReport(track_id=track_id, state=state, position=position, ignored=True)
