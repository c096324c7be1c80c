"""What is like what: songs like a song, an album or an artist, and ways through sound.

Sonic similarity is told by sound alone: by the first of `AUDIO` in whose space a track has a place.
It is between 0 and 1: half of one more than the cosine of two tracks in that space; or, where hubs
were taken away from the space, the share of pairs of tracks that are less near than these two (the
normal distribution function of their mutual proximity). A track is like itself by 1.
"""

import random
from math import erf, sqrt
from typing import Any, Final

import numpy as np

from segue.errors import LibraryError, ModelError
from segue.pipeline import playlists
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.serializers import Serializer

AUDIO: Final = ("timbre", "temporal", "knn")
"""Signals that hear; the first one that has a place for a track is asked."""
MOST: Final = 500
_SEEDS: Final = 20
_OWN_SHARE: Final = 5


def get_similar_songs(call: Call) -> dict[str, Any]:
    """List songs like a song, an album or an artist, by all signals together."""
    return {"similarSongs": {"song": _similar(call)}}


def get_similar_songs2(call: Call) -> dict[str, Any]:
    """List the same, as newer players ask for it."""
    return {"similarSongs2": {"song": _similar(call)}}


def _similar(call: Call) -> list[dict[str, Any]]:
    item, count = call.wanted("id"), call.number("count", 50, most=MOST)
    serializer = Serializer(call)
    view = serializer.view
    tracks = view.tracks_of(item)
    state = call.holding.state_or_none()
    if state is None or not count or not len(tracks):
        return []
    try:
        if item in view.catalogue.positions:
            found = [pick.track_id for pick in state.similar(item, count).tracks]
        else:
            found = _like_shelf(state, serializer, tracks.tolist(), count)
    except (LibraryError, ModelError):  # nothing is known by which they could be compared
        return []
    return serializer.known(found)


def _like_shelf(
    state: ServingState, serializer: Serializer, tracks: list[int], count: int
) -> list[str]:
    """Return songs like those of a shelf, some of its own among them."""
    track_ids = [serializer.view.catalogue.tracks[position].track_id for position in tracks]
    seeds = random.sample(track_ids, min(_SEEDS, len(track_ids)))
    own = seeds[: max(count // _OWN_SHARE, 1)]
    others = playlists.from_likes(state, seeds, k=max(count - len(own), 1)).tracks
    found = [pick.track_id for pick in others]
    for place, one in enumerate(own):
        found.insert(min(place * _OWN_SHARE, len(found)), one)
    return found[:count]


def get_top_songs(call: Call) -> dict[str, Any]:
    """List the songs of an artist that most listeners like."""
    name, count = call.wanted("artist"), call.number("count", 50, most=MOST)
    serializer = Serializer(call)
    artist = serializer.view.shelves.artist_called(name)
    tracks = artist.tracks if artist else np.zeros(0, np.int32)
    state = call.holding.state_or_none()
    if state is not None and len(tracks):
        liked = np.asarray(state.facts.listeners)
        known = tracks[tracks < len(liked)]
        tracks = known[np.argsort(-liked[known], kind="stable")]
    return {"topSongs": {"song": serializer.songs(tracks[:count])}}


def get_sonic_similar_tracks(call: Call) -> dict[str, Any]:
    """List the songs that sound most like one, with how much they do."""
    track_id, count = call.wanted("id"), call.number("count", 10, most=MOST)
    serializer = Serializer(call)
    position = serializer.view.position(track_id)
    space = _hearing(call, position)
    if space is None or not count:
        return {"sonicMatch": []}
    state, name = space
    try:
        found = state.similar(track_id, count, signal=name).tracks
    except LibraryError:
        return {"sonicMatch": []}
    scores = {pick.track_id: pick.score for pick in found}
    alike = _between_0_and_1(state, name)
    songs = serializer.known(scores)
    return {
        "sonicMatch": [{"entry": song, "similarity": alike(scores[song["id"]])} for song in songs]
    }


def find_sonic_path(call: Call) -> dict[str, Any]:
    """List songs that lead from one to another by small steps, with how like the first they are."""
    start, end = call.wanted("startSongId"), call.wanted("endSongId")
    count = call.number("count", 25, least=2, most=MOST)
    serializer = Serializer(call)
    ends = [serializer.view.position(start), serializer.view.position(end)]
    space = _hearing(call, *ends)
    if space is None:
        return {"sonicMatch": []}
    state, name = space
    try:
        way = [
            step.track_id for step in playlists.path(state, start, end, count, signal=name).tracks
        ]
    except LibraryError:  # they stand in one place: there is no way, and none is needed
        way = list(dict.fromkeys((start, end)))
    scores = state.space(name).for_track(state.catalogue.position(start))
    alike = _between_0_and_1(state, name)
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


def _hearing(call: Call, *positions: int) -> tuple[ServingState, str] | None:
    """Return the first audio signal in whose space tracks have a place; None where none has."""
    state = call.holding.state_or_none()
    if state is None:
        return None
    for name in AUDIO:
        try:
            space = state.space(name)
        except (LibraryError, ModelError):
            continue
        if space.has_vector[list(positions)].all():
            return state, name
    return None


def _between_0_and_1(state: ServingState, name: str) -> Any:
    hubs = state.space(name).hubs is not None

    def alike(score: float) -> float:
        share = (1 + erf(score / sqrt(2))) / 2 if hubs else (1 + score) / 2
        return round(min(max(share, 0.0), 1.0), 6)

    return alike
