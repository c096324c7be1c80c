"""Copy playlists between a media server and a listener.

Playlists of the server become playlists of the listener, and change when those of the server do.
The other playlists of the listener, and a daily mix, become playlists of the server, whose names
end in `SUFFIX`. Only playlists that are marked so are ever changed or deleted there. A playlist
that was copied and is equal is not copied again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from segue.errors import EmptyLibraryError, SegueError
from segue.library import Library, PlaylistLink, ServerAccount, ServerConnection
from segue.pipeline.playlists.mixes import daily_mix, today
from segue.pipeline.playlists.saved_playlists import MAX_TRACKS
from segue.pipeline.recommender.service import RecommenderService
from segue.sources.media_servers import SUFFIX, MediaServer, ServerPlaylist
from segue.text import clean_text
from segue.types import Track

if TYPE_CHECKING:
    from segue.library import SavedPlaylist

DAILY_MIX: Final = "Daily mix"
_MIX: Final = "daily mix of "
"""Stands, with the day, for the id of the daily mix, which is not saved in the library."""
_MAX_NAME: Final = 180


class PlaylistSync:
    """Copy the playlists of one account.

    `n_read`, `n_written` and `n_deleted` count the playlists that changed here and there; `notes`
    are sentences for the user.
    """

    def __init__(
        self,
        library: Library,
        one: ServerConnection,
        account: ServerAccount,
        server: MediaServer,
    ) -> None:
        self._library, self._one, self._account = library, one, account
        self._server = server
        self.n_read = self.n_written = self.n_deleted = 0
        self.notes: list[str] = []

    def read(self) -> None:
        """Copy the playlists of the server that segue did not make, if they changed."""
        store, account = self._library.connections, self._account
        links = {link.remote: link for link in store.playlists(account.row)}
        present = self._server.playlists()
        for remote in present:
            link = links.get(remote.id)
            if remote.is_marked or (link is not None and not link.from_server):
                continue
            self._copy_here(remote, link)
        there = {remote.id for remote in present}
        for link in links.values():
            if link.from_server and link.remote not in there:
                store.forget_playlist(account.row, link.remote)  # the listener keeps the copy

    def _copy_here(self, remote: ServerPlaylist, link: PlaylistLink | None) -> None:
        items = self._server.playlist_items(remote.id)
        store, owner = self._library.connections, self._account.listener
        rows = store.rows_of_items(self._one.row, items)
        ids = {row: one.track_id for row, one in self._tracks(list(rows.values())).items()}
        tracks = [ids[rows[item]] for item in items if rows.get(item) in ids][:MAX_TRACKS]
        name = clean_text(remote.name)[:_MAX_NAME] or "Playlist"
        digest = _digest([name, *tracks])
        if link is not None and link.digest == digest:
            return
        playlists = self._library.playlists
        there = link and playlists.replace_tracks(owner, link.playlist, tracks)
        if link is not None and there:
            playlists.rename(owner, link.playlist, name)
            playlist = link.playlist
        else:
            playlist = playlists.add(owner, name, "tracks", {}, tracks).id
        store.put_playlist(
            self._account.row,
            PlaylistLink(remote=remote.id, playlist=playlist, from_server=True, digest=digest),
        )
        self.n_read += 1

    def write(self, mixes: "DailyMixes") -> None:
        """Write the playlists of the listener that did not come from a server, if they changed."""
        store, account = self._library.connections, self._account
        links = store.playlists(account.row)
        present = {remote.id: remote for remote in self._server.playlists()}
        wanted = self._wanted()
        written = {link.playlist: link for link in links if not link.from_server}
        for playlist, (name, tracks) in wanted.items():
            self._copy_there(playlist, f"{name}{SUFFIX}", tracks, written.get(playlist), present)
        self._write_mix(mixes, written, present)
        for playlist, link in written.items():
            if playlist not in wanted and not playlist.startswith(_MIX):
                remote = present.get(link.remote)
                if remote is not None and remote.is_marked:
                    self._server.delete_playlist(remote.id)
                    self.n_deleted += 1
                store.forget_playlist(account.row, link.remote)

    def _copy_there(
        self,
        playlist: str,
        name: str,
        tracks: Sequence[str],
        link: PlaylistLink | None,
        present: Mapping[str, ServerPlaylist],
    ) -> None:
        store = self._library.connections
        known = self._library.reader.track_rows(tracks)
        items = store.items_of_rows(self._one.row, list(known.values()))
        wanted = [items[known[one]] for one in tracks if one in known and known[one] in items]
        digest = _digest([name, *wanted])
        remote = present.get(link.remote) if link else None
        if remote is None:  # also after a process that ended between writing and storing
            linked = {one.remote for one in store.playlists(self._account.row)}
            same = (one for one in present.values() if one.name == name and one.id not in linked)
            remote = next(same, None)
        elif link is not None and link.digest == digest:
            if link.playlist != playlist:  # the mix of another day has the same tracks
                store.put_playlist(self._account.row, replace(link, playlist=playlist))
            return
        if remote is not None and not remote.is_marked:
            self.notes.append(
                f"The playlist {remote.name!r} on the server has lost its mark: it is left alone."
            )
            return
        if remote is None and not wanted:
            return
        written = self._server.write_playlist(remote.id if remote else None, name, wanted)
        if link is not None and link.remote != written:
            store.forget_playlist(self._account.row, link.remote)
        store.put_playlist(
            self._account.row,
            PlaylistLink(remote=written, playlist=playlist, from_server=False, digest=digest),
        )
        self.n_written += 1

    def _wanted(self) -> dict[str, tuple[str, Sequence[str]]]:
        """Return the name and the tracks of each playlist to write, by its id."""
        owner = self._account.listener
        copies = {
            link.playlist
            for one in self._library.connections.all()
            for account in self._library.connections.accounts(one.row)
            for link in self._library.connections.playlists(account.row)
            if link.from_server
        }
        own: list[SavedPlaylist] = [
            one for one in self._library.playlists.of(owner) if one.id not in copies
        ]
        return {one.id: (one.name[:_MAX_NAME], one.tracks) for one in reversed(own)}

    def _write_mix(
        self,
        mixes: "DailyMixes",
        written: Mapping[str, PlaylistLink],
        present: Mapping[str, ServerPlaylist],
    ) -> None:
        """Write the daily mix, once a day."""
        today = f"{_MIX}{mixes.day}"
        link = next((written[one] for one in written if one.startswith(_MIX)), None)
        if link is not None and link.playlist == today and link.remote in present:
            return
        try:
            tracks = mixes.of(self._account.listener)
        except SegueError as error:  # nothing is known of the listener yet, or no model is trained
            self.notes.append(f"No daily mix: {error}")
            return
        self._copy_there(today, f"{DAILY_MIX}{SUFFIX}", tracks, link, present)

    def _tracks(self, rows: Sequence[int]) -> Mapping[int, Track]:
        return self._library.reader.tracks(list(dict.fromkeys(rows)))


class DailyMixes:
    """Makes the daily mixes of listeners; the library is prepared when the first one is made."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._service: RecommenderService | None = None
        self.day = today().isoformat()

    def of(self, listener: str) -> list[str]:
        """Return the ids of the tracks of today's mix of a listener.

        Raises
        ------
        SegueError
            If none can be made.
        """
        if not self._library.n_listens(listener):
            raise EmptyLibraryError(f"nothing is known of the taste of {listener} yet.")
        self._service = self._service or RecommenderService.open(self._library)
        made = daily_mix(self._service.state(), listener)
        return [track.track_id for track in made.tracks]

    def close(self) -> None:
        """Remove temporary files."""
        if self._service is not None:
            self._service.close()


def _digest(parts: Sequence[str]) -> bytes:
    return blake2b("\x1f".join(parts).encode(), digest_size=12).digest()
