"""Saved playlists: make one from a recipe, refresh it, edit it.

`segue.pipeline.playlists.recipes` defines recipes; a playlist of the kind ``tracks`` has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.engine import Playlist
from segue.errors import PlaylistError, SegueError, UnknownPlaylistError
from segue.library import PLAYLIST_KINDS, Library, SavedPlaylist
from segue.pipeline.playlists.recipes import Recipe
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState

MAX_TRACKS: Final = 10_000
MAX_PLAYLISTS: Final = 1_000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """A refreshed playlist, with the ids of added and removed tracks, in their order."""

    saved: SavedPlaylist
    added: Sequence[str]
    removed: Sequence[str]
    hints: Sequence[str] = ()


def preview(state: ServingState, owner: str, kind: str, recipe: Mapping[str, Any]) -> Playlist:
    """Return the playlist that a recipe makes now for its owner, without saving it.

    Raises
    ------
    PlaylistError
        If the recipe cannot be used.
    UnknownTrackError
        If it names tracks that are not in the library; the message lists them.
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
    playlist: str | None = None,
) -> SavedPlaylist:
    """Save a playlist: the one that its recipe makes, or `tracks` if given.

    `playlist` is the id of a deleted playlist that is restored; without it, the id is new.

    Raises
    ------
    PlaylistError
        If name or recipe is invalid, the id is taken, or the owner has `MAX_PLAYLISTS` playlists.
    UnknownTrackError
        If a track is not in the library.
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
    return store.add(owner, name, kind, recipe or {}, tracks, playlist=playlist)


def refresh(state: ServingState, owner: str, playlist: str) -> RefreshResult:
    """Run the recipe of a saved playlist again, save the result, and return the changes.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such playlist.
    PlaylistError
        If it has no recipe.
    UnknownTrackError, UnknownListenerError, ModelError, LibraryError
        As `preview` raises them; the playlist is then unchanged.
    """
    before = find(state.library, owner, playlist)
    if before.kind == "tracks":
        raise PlaylistError(f"{before.name!r} was chosen by hand: it has no recipe to run again.")
    made = preview(state, owner, before.kind, before.recipe)
    ids = _ids(made)
    if list(before.tracks) != ids or before.edited:
        state.library.playlists.replace_tracks(owner, playlist, ids)
    old, new = set(before.tracks), set(ids)
    return RefreshResult(
        find(state.library, owner, playlist),
        added=[track for track in ids if track not in old],
        removed=[track for track in dict.fromkeys(before.tracks) if track not in new],
        hints=made.hints,
    )


def find(library: Library, owner: str, playlist: str) -> SavedPlaylist:
    """Return a playlist of the owner.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such playlist, even if another listener has.
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
    remove: Sequence[str] = (),
    add: Sequence[str] = (),
    recipe: Mapping[str, Any] | None = None,
    keeps_current: bool | None = None,
) -> SavedPlaylist:
    """Change the name, the recipe or the tracks of a playlist, or whether it is kept current.

    `tracks` replaces all tracks; then those of `remove` are removed, and those of `add` that are
    not in the playlist are appended.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such playlist.
    PlaylistError
        If the name or recipe is invalid, or there are too many tracks.
    UnknownTrackError
        If a track is not in the library; the playlist is then unchanged.
    """
    found = find(library, owner, playlist)
    if keeps_current and found.kind == "tracks":
        raise PlaylistError(f"{found.name!r} was chosen by hand: it has no recipe to run again.")
    if name is not None:
        _check_name(name)
    if recipe is not None:
        Recipe.of(found.kind, recipe)

    def edited(before: list[str]) -> list[str]:
        removed = set(remove)
        kept = [one for one in (before if tracks is None else tracks) if one not in removed]
        there = set(kept)
        now = kept + [one for one in dict.fromkeys(add) if one not in there]
        _check_count(now)
        return now

    if tracks is not None or remove or add:
        library.playlists.edit_tracks(owner, playlist, edited)
    if recipe is not None:
        library.playlists.replace_recipe(owner, playlist, recipe)
    if name is not None:
        library.playlists.rename(owner, playlist, name)
    if keeps_current is not None:
        library.playlists.set_keeps_current(owner, playlist, keeps_current)
    return find(library, owner, playlist)


def refresh_all(library: Library) -> dict[str, Any]:
    """Make the playlists again that are kept current; return how many, and why others failed.

    A playlist whose tracks were changed by hand stays as it is until its owner refreshes it.
    """
    wanted = library.playlists.to_keep_current()
    service, problems = RecommenderService(library), []
    for one in wanted:
        try:
            refresh(service.state(), one.owner, one.id)
        except SegueError as error:
            problems.append(f"{one.name}: {error}")
    return {"refreshed": len(wanted) - len(problems), "problems": problems}


def delete(library: Library, owner: str, playlist: str) -> None:
    """Delete a playlist.

    Raises
    ------
    UnknownPlaylistError
        If the owner has no such playlist.
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
