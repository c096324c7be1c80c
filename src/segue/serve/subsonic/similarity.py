"""Similar songs of a song, album or artist, and paths through sound.

Sonic similarity uses sound alone: the first of `AUDIO_SIGNALS` that has a vector for the track. It
is between 0 and 1: half of one plus the cosine of the two vectors; or, where hubs were reduced, the
share of track pairs that are less close than these two (the normal distribution function of their
mutual proximity). A track has similarity 1 to itself.
"""

import random
from collections.abc import Callable
from math import erf, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.errors import LibraryError, ModelError
from segue.pipeline.playlists import generate
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError
from segue.serve.subsonic.serializers import Serializer

AUDIO_SIGNALS: Final = ("timbre", "temporal", "knn")
"""Signals of sound; the first one that has a vector for a track is used."""
MAX_COUNT: Final = 500
_SEEDS: Final = 20
_OWN_SHARE: Final = 5


def get_similar_songs(call: Call) -> dict[str, Any]:
    """List songs similar to a song, an album or an artist, by all signals."""
    return {"similarSongs": {"song": _similar(call)}}


def get_similar_songs2(call: Call) -> dict[str, Any]:
    """List songs similar to a song, an album or an artist, for newer clients."""
    return {"similarSongs2": {"song": _similar(call)}}


def _similar(call: Call) -> list[dict[str, Any]]:
    item, count = call.wanted("id"), call.number("count", 50, most=MAX_COUNT)
    serializer = Serializer(call)
    view = serializer.view
    tracks = view.tracks_of(item)
    state = call.app_state.state_or_none()
    if state is None or not count or not len(tracks):
        return []
    try:
        if item in view.catalogue.positions:
            found = [pick.track_id for pick in state.similar(item, count, user=call.me).tracks]
        else:
            found = _like_item(call, state, serializer, tracks, count)
    except (LibraryError, ModelError):  # there is no signal that can compare them
        return []
    return serializer.known(found)


def _like_item(
    call: Call,
    state: ServingState,
    serializer: Serializer,
    tracks: NDArray[np.integer[Any]],
    count: int,
) -> list[str]:
    """Return songs similar to those of an album or artist, with some of its own."""
    catalogue = serializer.view.catalogue
    drawn = random.sample(tracks.tolist(), min(_SEEDS, len(tracks)))
    seeds = [catalogue.tracks[position].track_id for position in drawn]
    own = [catalogue.tracks[position].track_id for position in may_play(call, np.array(drawn))]
    own = own[: max(count // _OWN_SHARE, 1)]
    others = generate.from_likes(state, seeds, k=max(count - len(own), 1), rules_of=call.me).tracks
    found = [pick.track_id for pick in others]
    for place, one in enumerate(own):
        found.insert(min(place * _OWN_SHARE, len(found)), one)
    return found[:count]


def may_play(call: Call, tracks: NDArray[Any]) -> NDArray[Any]:
    """Return the songs, by position, without those that the listener does not want to hear."""
    state = call.app_state.state_or_none()
    if state is None:
        return tracks
    unwanted = state.unwanted(None, call.me)
    known = tracks < len(unwanted)
    return tracks[~(known & unwanted[np.where(known, tracks, 0)])]


def get_top_songs(call: Call) -> dict[str, Any]:
    """List the songs of an artist, given by id or name, that most listeners like."""
    item, count = call.text("id"), call.number("count", 50, most=MAX_COUNT)
    serializer = Serializer(call)
    if item is not None:
        artist = serializer.view.shelves.artist(item)
        if artist is None:
            raise SubsonicError(NOT_FOUND, "There is no such artist.")
    else:
        artist = serializer.view.shelves.artist_called(call.wanted("artist"))
    tracks = artist.tracks if artist else np.zeros(0, np.int32)
    state = call.app_state.state_or_none()
    if state is not None and len(tracks):
        liked = np.asarray(state.facts.listeners)
        known = tracks[tracks < len(liked)]
        tracks = known[np.argsort(-liked[known], kind="stable")]
    return {"topSongs": {"song": serializer.songs(tracks[:count])}}


def get_sonic_similar_tracks(call: Call) -> dict[str, Any]:
    """List the songs that sound most similar to one, with their similarity."""
    track_id, count = call.wanted("id"), call.number("count", 10, most=MAX_COUNT)
    serializer = Serializer(call)
    position = serializer.view.position(track_id)
    space = sound_space(call.app_state.state_or_none(), position)
    if space is None or not count:
        return {"sonicMatch": []}
    state, name = space
    try:
        found = state.similar(track_id, count, signal=name, user=call.me).tracks
    except LibraryError:
        return {"sonicMatch": []}
    scores = {pick.track_id: pick.score for pick in found}
    alike = similarity_of(state, name)
    songs = serializer.known(scores)
    return {
        "sonicMatch": [{"entry": song, "similarity": alike(scores[song["id"]])} for song in songs]
    }


def find_sonic_path(call: Call) -> dict[str, Any]:
    """List songs on a path between two songs, with their similarity to the first."""
    start, end = call.wanted("startSongId"), call.wanted("endSongId")
    count = call.number("count", 25, least=2, most=MAX_COUNT)
    serializer = Serializer(call)
    ends = [serializer.view.position(start), serializer.view.position(end)]
    space = sound_space(call.app_state.state_or_none(), *ends)
    if space is None:
        return {"sonicMatch": []}
    state, name = space
    try:
        way = [
            step.track_id
            for step in generate.path(state, start, end, count, signal=name, user=call.me).tracks
        ]
    except LibraryError:  # both songs have the same vector, so there is no path
        way = list(dict.fromkeys((start, end)))
    scores = state.space(name).for_track(state.catalogue.position(start))
    alike = similarity_of(state, name)
    return {
        "sonicMatch": [
            {
                "entry": song,
                "similarity": 1.0
                if song["id"] == start
                else alike(float(scores[state.catalogue.position(song["id"])])),
            }
            for song in serializer.known(way)
        ]
    }


def sound_space(state: ServingState | None, *positions: int) -> tuple[ServingState, str] | None:
    """Return the first audio signal that has vectors of all these tracks, None if none has."""
    if state is None:
        return None
    for name in AUDIO_SIGNALS:
        try:
            space = state.space(name)
        except (LibraryError, ModelError):
            continue
        if space.has_vector[list(positions)].all():
            return state, name
    return None


def similarity_of(state: ServingState, name: str) -> Callable[[float], float]:
    """Return the function that makes a similarity between 0 and 1 of a score of a signal."""
    hubs = state.space(name).hubs is not None

    def alike(score: float) -> float:
        share = (1 + erf(score / sqrt(2))) / 2 if hubs else (1 + score) / 2
        return round(min(max(share, 0.0), 1.0), 6)

    return alike
