"""Weekly playlists that ListenBrainz makes for a user, as saved playlists of tracks of the library.

ListenBrainz makes *weekly jams* (what the user knows) and *weekly exploration* (what is new to
them). The latest list of each is matched to tracks as a playlist file is, and replaces the tracks
of one saved playlist, also after tracks were added to the library. A playlist that its owner
deleted comes back with the list of the next week; it keeps the name that the owner gave it.

Source: listenbrainz.readthedocs.io, "Playlists"; github.com/metabrainz/
troi-recommendation-playground, `source_patch`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from segue.errors import AccountError, SegueError
from segue.library import Catalogue, Library
from segue.library.service_store import ServiceConnection, ServicePlaylist
from segue.pipeline.history.service_connections import found_connection, service_client
from segue.pipeline.playlists.playlist_files import read_playlist
from segue.pipeline.playlists.saved_playlists import MAX_PLAYLISTS
from segue.sources.playlist_files.jspf import PLAYLIST_EXTENSION
from segue.sources.scrobble_services import CredentialsError, ListenBrainzClient

WEEKLY_NAMES: Final[Mapping[str, str]] = {
    "weekly-jams": "ListenBrainz Weekly Jams",
    "weekly-exploration": "ListenBrainz Weekly Exploration",
}
"""The saved playlists by the lists that they follow."""
REFRESH_SECONDS: Final = 20 * 3_600.0
"""Time after which lists are fetched again."""
_RETRY_SECONDS: Final = 3_600.0
_SERVICE: Final = "listenbrainz"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyPlaylist:
    """One fetched list: its saved playlist, None if the library has none of its tracks.

    `matched` tracks are in the library, `missing` ones are not.
    """

    user: str
    name: str
    playlist: str | None
    matched: int
    missing: int
    changed: bool


def fetch_weekly_playlists(library: Library, owner: str) -> list[WeeklyPlaylist]:
    """Fetch the weekly playlists of a listener, and update the saved ones.

    Raises
    ------
    AccountError
        If the listener is not connected with ListenBrainz.
    UnavailableError, CredentialsError, RefusedRequestError
        If it does not answer with the lists.
    """
    connection = found_connection(library, owner, _SERVICE)
    client = service_client(library, connection)
    if not isinstance(client, ListenBrainzClient):
        raise AccountError(f"{owner!r} is not connected with ListenBrainz: connect it first.")
    catalogue = library.catalogue()
    found = []
    for name, remote in _latest(client.created_for()).items():
        content = client.playlist(remote)
        found.append(_saved(library, catalogue, owner, name, remote=remote, content=content))
    library.services.change(owner, _SERVICE, fetched=time.time())
    return found


def fetch_due_playlists(library: Library) -> dict[str, Any]:
    """Fetch the weekly playlists of all listeners who want them; return the job's document.

    A service that does not answer one listener does not keep the others from theirs.
    """
    playlists: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for connection in library.services.fetching():
        owner = connection.owner
        try:
            playlists += [asdict(one) for one in fetch_weekly_playlists(library, owner)]
        except CredentialsError as error:
            library.services.change(owner, _SERVICE, error=str(error), stopped=True)
            errors[owner] = str(error)
        except SegueError as error:
            again = time.time() - REFRESH_SECONDS + _RETRY_SECONDS
            library.services.change(owner, _SERVICE, fetched=again)
            errors[owner] = str(error)
    return {"n_playlists": len(playlists), "n_failed": len(errors)}


def is_fetch_due(connections: Sequence[ServiceConnection], now: float) -> bool:
    """Return whether the lists of one of some connections must be fetched."""
    return any(one.fetched is None or now - one.fetched > REFRESH_SECONDS for one in connections)


def _latest(lists: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the id of the latest list of each kind, by its name."""
    found: dict[str, tuple[str, str]] = {}
    for one in lists:
        name = _source_patch(one)
        number = str(one.get("identifier", "")).rstrip("/").rpartition("/")[2]
        date = str(one.get("date", ""))
        if name in WEEKLY_NAMES and number and (name not in found or date > found[name][0]):
            found[name] = (date, number)
    return {name: found[name][1] for name in WEEKLY_NAMES if name in found}


def _source_patch(playlist: Mapping[str, Any]) -> str:
    part: Any = playlist
    path = ("extension", PLAYLIST_EXTENSION, "additional_metadata", "algorithm_metadata")
    for key in (*path, "source_patch"):
        part = part.get(key) if isinstance(part, Mapping) else None
    return part if isinstance(part, str) else ""


def _saved(
    library: Library,
    catalogue: Catalogue,
    owner: str,
    name: str,
    *,
    remote: str,
    content: bytes,
) -> WeeklyPlaylist:
    read = read_playlist(catalogue, content)
    tracks, missing = list(read.tracks), len(read.unmatched)
    known = library.services.playlists(owner, _SERVICE).get(name)
    saved = None if known is None else library.playlists.get(owner, known.playlist)
    changed = saved is None or list(saved.tracks) != tracks
    if saved is not None:
        if changed:
            library.playlists.replace_tracks(owner, saved.id, tracks)
        number: str | None = saved.id
    elif (known is not None and known.remote == remote) or not tracks:
        number, changed = None, False  # the owner deleted it, or nothing of it can be played
    elif library.playlists.count(owner) >= MAX_PLAYLISTS:
        number, changed = None, False
    else:
        number = library.playlists.add(owner, WEEKLY_NAMES[name], "tracks", {}, tracks).id
    if number is not None:
        one = ServicePlaylist(name, number, remote, missing, time.time())
        library.services.put_playlist(owner, _SERVICE, one)
    return WeeklyPlaylist(
        user=owner,
        name=name,
        playlist=number,
        matched=len(tracks),
        missing=missing,
        changed=changed,
    )
