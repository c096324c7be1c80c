"""Saved playlists: made from a recipe, made again from it, and edited by hand.

What a recipe may hold is told in `segue.pipeline.playlists.recipes`; a list of the kind ``tracks``
has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.engine import Playlist
from segue.errors import PlaylistError, UnknownPlaylistError
from segue.library import PLAYLIST_KINDS, Library, SavedPlaylist
from segue.pipeline.playlists.recipes import Recipe
from segue.pipeline.recommender.serving_state import ServingState

MAX_TRACKS: Final = 10_000
MAX_PLAYLISTS: Final = 1_000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """A list whose recipe was run again: what came in, what is gone (track ids, in their order)."""

    saved: SavedPlaylist
    added: Sequence[str]
    removed: Sequence[str]
    hints: Sequence[str] = ()


def preview(state: ServingState, owner: str, kind: str, recipe: Mapping[str, Any]) -> Playlist:
    """Return what a recipe makes now, for its owner; nothing is saved.

    Raises
    ------
    PlaylistError
        If the recipe cannot be used.
    UnknownTrackError
        If it names tracks that the library does not hold; all are told.
    UnknownListenerError, ModelError, LibraryError
        As the playlist of that kind raises them: see `segue.pipeline.playlists.generate`.
    """
    return Recipe.of(kind, recipe).make(state, owner)


def save(
    state: ServingState,
    owner: str,
    name: str,
    kind: str = "tracks",
    *,
    recipe: Mapping[str, Any] | None = None,
    tracks: Sequence[str] | None = None,
) -> SavedPlaylist:
    """Save a list: what its recipe makes, or `tracks` where they are given.

    Raises
    ------
    PlaylistError
        If name or recipe cannot be used, or the owner has as many lists as one may have.
    UnknownTrackError
        If a track is named that the library does not hold.
    UnknownListenerError, ModelError, LibraryError
        As `preview` raises them.
    """
    store = state.library.playlists
    _check_name(name)
    if store.count(owner) >= MAX_PLAYLISTS:
        raise PlaylistError(f"There are {MAX_PLAYLISTS:,} playlists already: delete one first.")
    if kind not in PLAYLIST_KINDS:
        known = ", ".join(PLAYLIST_KINDS)
        raise PlaylistError(f"There is no playlist of the kind {kind!r}: choose from {known}.")
    if kind == "tracks" and recipe:
        raise PlaylistError("A playlist of chosen tracks has no recipe: leave it out.")
    if kind != "tracks":
        read = Recipe.of(kind, recipe or {})
        read.check_tracks(state)
        tracks = _ids(read.make(state, owner)) if tracks is None else tracks
    tracks = tracks or []
    _check_count(tracks)
    return store.add(owner, name, kind, recipe or {}, tracks)


def refresh(state: ServingState, owner: str, playlist: str) -> RefreshResult:
    """Run a saved list's recipe again and keep what it makes; return what is other now.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such list.
    PlaylistError
        If it has no recipe.
    UnknownTrackError, UnknownListenerError, ModelError, LibraryError
        As `preview` raises them; the list is then as it was.
    """
    before = find(state.library, owner, playlist)
    if before.kind == "tracks":
        raise PlaylistError(f"{before.name!r} was chosen by hand: it has no recipe to run again.")
    made = preview(state, owner, before.kind, before.recipe)
    ids = _ids(made)
    if list(before.tracks) != ids:
        state.library.playlists.replace_tracks(owner, playlist, ids)
    old, new = set(before.tracks), set(ids)
    return RefreshResult(
        find(state.library, owner, playlist),
        added=[track for track in ids if track not in old],
        removed=[track for track in dict.fromkeys(before.tracks) if track not in new],
        hints=made.hints,
    )


def find(library: Library, owner: str, playlist: str) -> SavedPlaylist:
    """Return a list of the owner's.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such list; whether another has is not told.
    """
    found = library.playlists.get(owner, playlist)
    if found is None:
        raise UnknownPlaylistError(
            f"There is no playlist {playlist!r}: list the playlists for their ids."
        )
    return found


def edit(
    library: Library,
    owner: str,
    playlist: str,
    *,
    name: str | None = None,
    tracks: Sequence[str] | None = None,
) -> SavedPlaylist:
    """Give a list another name, or other tracks in an order; its recipe stays.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such list.
    PlaylistError
        If the name cannot be one, or the tracks are too many.
    UnknownTrackError
        If the library does not hold one of the tracks; the list is then as it was.
    """
    find(library, owner, playlist)
    if tracks is not None:
        _check_count(tracks)
    if name is not None:
        _check_name(name)
    if tracks is not None:
        library.playlists.replace_tracks(owner, playlist, tracks)
    if name is not None:
        library.playlists.rename(owner, playlist, name)
    return find(library, owner, playlist)


def delete(library: Library, owner: str, playlist: str) -> None:
    """Delete a list.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such list.
    """
    if not library.playlists.delete(owner, playlist):
        find(library, owner, playlist)


def _ids(made: Playlist) -> list[str]:
    return [track.track_id for track in made.tracks]


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise PlaylistError(
            f"The playlist name {name[:_LONGEST_NAME]!r} is not valid: use 1 to {_LONGEST_NAME}"
            " characters and no control characters."
        )


def _check_count(tracks: Sequence[str]) -> None:
    if len(tracks) > MAX_TRACKS:
        raise PlaylistError(f"The playlist has {len(tracks):,} tracks: use up to {MAX_TRACKS:,}.")
