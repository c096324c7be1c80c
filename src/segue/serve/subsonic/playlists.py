"""Playlists of the listener. They are private: other listeners cannot see them.

Virtual playlists (`segue.pipeline.playlists.virtual_playlists`) follow the saved ones. They cannot
be changed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from segue.library import SavedPlaylist
from segue.pipeline.playlists import saved_playlists
from segue.pipeline.playlists.mixes import today
from segue.pipeline.playlists.virtual_playlists import (
    PREFIX,
    VirtualPlaylist,
    virtual_playlists,
    with_times_of,
)
from segue.serve.subsonic.calls import Call, missing, whole_number
from segue.serve.subsonic.catalogue_view import CatalogueView, catalogue_view
from segue.serve.subsonic.responses import FORBIDDEN, GENERIC, NOT_FOUND, SubsonicError, moment
from segue.serve.subsonic.serializers import Serializer
from segue.sources.media_servers import COMMENT


def get_playlists(call: Call) -> dict[str, Any]:
    """List the playlists of the listener."""
    name = call.text("username")
    if name is not None and name != call.me:
        raise SubsonicError(FORBIDDEN, "Playlists are only visible to their owners.")
    view = catalogue_view(call.app_state)
    found = [_about(view, one) for one in call.app_state.library.playlists.of(call.me)]
    found += [_about_virtual(call, view, one) for one in virtual_playlists_of(call)]
    return {"playlists": {"playlist": found}}


def get_playlist(call: Call) -> dict[str, Any]:
    """Show a playlist with its songs."""
    item = call.wanted("id")
    virtual = next((one for one in virtual_playlists_of(call, item) if one.id == item), None)
    if virtual is not None:
        serializer = Serializer(call)
        about = _about_virtual(call, serializer.view, virtual)
        return {"playlist": {**about, "entry": serializer.known(virtual.track_ids)}}
    return _with_songs(call, saved_playlists.find(call.app_state.library, call.me, item))


def virtual_playlists_of(call: Call, item: str = PREFIX) -> list[VirtualPlaylist]:
    """Return the virtual playlists of the listener; none if `item` cannot be one of them.

    They are made again when anything that they depend on has changed, and on another day.
    """
    state = call.app_state.state_or_none() if item.startswith(PREFIX) else None
    if state is None or state.profiles.resolve(call.me) is None:
        return []
    known: dict[str, tuple[str, list[VirtualPlaylist]]] = call.app_state.memo(
        "virtual playlists", "of all listeners", dict
    )
    version = f"{state.version} {today().isoformat()}"
    made_for, before = known.get(call.me, ("", []))
    if made_for == version:
        return before
    made = with_times_of(virtual_playlists(state, call.me), before)
    known[call.me] = version, made
    return made


def _check_is_saved(item: str) -> None:
    if item.startswith(PREFIX):
        raise SubsonicError(FORBIDDEN, "This playlist refreshes by itself: it cannot be changed.")


def create_playlist(call: Call) -> dict[str, Any]:
    """Create a playlist, or replace the songs of one."""
    playlist_id, name, songs = call.text("playlistId"), call.text("name"), call.texts("songId")
    _check_songs(call, songs)
    if playlist_id is not None:
        _check_is_saved(playlist_id)
        library = call.app_state.library
        made = saved_playlists.edit(library, call.me, playlist_id, name=name, tracks=songs)
    elif name is not None:
        made = saved_playlists.save(call.app_state.state(), call.me, name, tracks=songs)
    else:
        raise missing("name")
    return _with_songs(call, made)


def update_playlist(call: Call) -> dict[str, Any]:
    """Rename a playlist, append songs, or remove songs by index.

    Comments and public playlists are not supported; those parameters are ignored.
    """
    playlist_id, name = call.wanted("playlistId"), call.text("name")
    _check_is_saved(playlist_id)
    added = call.texts("songIdToAdd")
    away = [whole_number("songIndexToRemove", one) for one in call.texts("songIndexToRemove")]
    _check_songs(call, added)
    library = call.app_state.library
    found = saved_playlists.find(library, call.me, playlist_id)
    known = catalogue_view(call.app_state).catalogue.positions
    shown = [place for place, one in enumerate(found.tracks) if one in known]
    if any(not 0 <= place < len(shown) for place in away):
        raise SubsonicError(GENERIC, "songIndexToRemove is not a position in the playlist.")
    if len(found.tracks) + len(added) > saved_playlists.MAX_TRACKS:
        raise SubsonicError(
            GENERIC, f"A playlist can have at most {saved_playlists.MAX_TRACKS:,} songs."
        )
    if name is not None:
        saved_playlists.edit(library, call.me, playlist_id, name=name)
    if added or away:
        gone = {shown[place] for place in away}

        def edit(tracks: list[str]) -> Sequence[str]:
            return [one for place, one in enumerate(tracks) if place not in gone] + added

        library.playlists.edit_tracks(call.me, playlist_id, edit)
    return {}


def delete_playlist(call: Call) -> dict[str, Any]:
    """Delete a playlist."""
    item = call.wanted("id")
    _check_is_saved(item)
    saved_playlists.delete(call.app_state.library, call.me, item)
    return {}


def _check_songs(call: Call, track_ids: Sequence[str]) -> None:
    positions = catalogue_view(call.app_state).catalogue.positions
    if any(one not in positions for one in track_ids):
        raise SubsonicError(NOT_FOUND, "There is no such song.")


def _with_songs(call: Call, saved: SavedPlaylist) -> dict[str, Any]:
    serializer = Serializer(call)
    about = _about(serializer.view, saved)
    return {"playlist": {**about, "entry": serializer.known(saved.tracks)}}


def _about(view: CatalogueView, saved: SavedPlaylist) -> dict[str, Any]:
    return {
        "id": saved.id,
        "name": saved.name,
        "owner": saved.owner,
        "public": False,
        **_totals(view, saved.tracks),
        "created": moment(saved.created),
        "changed": moment(saved.changed),
        "coverArt": saved.id,
        "readonly": False,
    }


def _about_virtual(call: Call, view: CatalogueView, playlist: VirtualPlaylist) -> dict[str, Any]:
    return {
        "id": playlist.id,
        "name": playlist.name,
        "comment": f"{COMMENT}. Refreshes by itself.",
        "owner": call.me,
        "public": False,
        **_totals(view, playlist.track_ids),
        "created": moment(playlist.made),
        "changed": moment(playlist.made),
        "coverArt": playlist.id,
        "readonly": True,
        "validUntil": moment(playlist.valid_until),
    }


def _totals(view: CatalogueView, track_ids: Sequence[str]) -> dict[str, int]:
    found = map(view.catalogue.positions.get, track_ids)
    positions = [position for position in found if position is not None]
    duration = float(np.nansum(view.shelves.durations[positions]))
    return {"songCount": len(positions), "duration": round(duration)}
