"""Answer the calls of AudioMuse-AI's plugins for Navidrome and Jellyfin with segue's lists.

Tracks are named by their ids on the connected media server (see `segue.library.connections`), or by
segue's own ids; an answer names them the same way, and leaves out tracks that the server lacks.
`distance` is 1 less the similarity by sound. The token of a plugin is an API key of an account,
sent as ``Authorization: Bearer``; a library without accounts needs none. Errors are documents with
`error`.

Source: github.com/NeptuneHub/AudioMuse-AI (the documents of its HTTP API, release of August 2026),
and the calls of its two plugins.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from segue.errors import LibraryError, ModelError, SegueError, UnknownTrackError
from segue.pipeline.catalogue.search import find_names
from segue.pipeline.catalogue.similar_entities import similar_entities
from segue.pipeline.playlists import generate
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError, of_error
from segue.serve.security import sessions
from segue.serve.subsonic.catalogue_view import catalogue_view
from segue.serve.subsonic.similarity import similarity_of, sound_space

router = APIRouter(prefix="/api", include_in_schema=False)

MAX_COUNT: Final = 500
_PATH_LENGTH: Final = 25
_UNKNOWN: Final = "unknown"
_NO_NEIGHBORS: Final = "Target track not found in index or no similar tracks found."


class AudioMuseError(Exception):
    """A request that cannot be answered: status and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ServerIds:
    """Translate between ids of one media server and those of the library.

    Without a connection that knows the track that is asked for, both are the same.
    """

    def __init__(self, app_state: AppState, *wanted: str) -> None:
        self._library = app_state.library
        self._row: int | None = None
        self._ids: dict[str, str] = {}
        for one in self._library.connections.all():
            found = self._library.connections.rows_of_items(
                one.row, [*wanted, *map(_plain, wanted)]
            )
            if found or not wanted:
                self._row = one.row
                tracks = self._library.reader.tracks(list(found.values()))
                self._ids = {item: tracks[row].track_id for item, row in found.items()}
                break

    def track_id(self, item: str) -> str:
        """Return the id of a track in the library."""
        return self._ids.get(item) or self._ids.get(_plain(item)) or item

    def items(self, track_ids: Sequence[str]) -> dict[str, str]:
        """Return the ids on the server of some tracks, by their ids in the library."""
        if self._row is None:
            return {one: one for one in track_ids}
        rows = self._library.reader.track_rows(track_ids)
        items = self._library.connections.items_of_rows(self._row, list(rows.values()))
        return {one: items[rows[one]] for one in track_ids if rows.get(one) in items}


class PluginCall:
    """A call of a plugin: the state of the server, the listener of its token, its parameters."""

    def __init__(self, request: Request, app_state: AppState) -> None:
        self.me = _listener(request, app_state)
        self.app_state = app_state.for_listener(self.me)
        self._values = request.query_params

    def text(self, name: str) -> str:
        """Return a parameter as text, an empty one where it is missing."""
        return self._values.get(name, "").strip()

    def number(self, name: str, default: int) -> int:
        """Return a parameter as a whole number, the default where it is none."""
        try:
            return int(self._values.get(name, default))
        except ValueError:
            return default

    @property
    def state(self) -> ServingState:
        """The state of the library to recommend from.

        Raises
        ------
        AudioMuseError
            If there is nothing to recommend yet.
        """
        found = self.app_state.state_or_none()
        if found is None:
            raise AudioMuseError(503, "The index is not available yet: analyze the library first.")
        return found


Method = Callable[[PluginCall], Any]


def _answered(method: Method, request: Request, app_state: AppState) -> JSONResponse:
    """Return the answer of a method; errors are answered as AudioMuse-AI does."""
    try:
        return JSONResponse(method(PluginCall(request, app_state)))
    except AudioMuseError as error:
        status, text = error.status, str(error)
    except UnknownTrackError:
        status, text = 404, _NO_NEIGHBORS
    except SegueError as error:
        problem = of_error(error, *app_state.places())
        status, text = problem.status, problem.detail or ""
    return JSONResponse({"error": text}, status_code=status)


def _listener(request: Request, app_state: AppState) -> str | None:
    if sessions.mode_of(app_state) == "open":
        return None
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer" and key.strip():
        found = sessions.listener_of_key(app_state, key.strip())
        if found is not None:
            return found
    raise AudioMuseError(401, "Unauthorized")


def _similar_tracks(call: PluginCall) -> Any:
    item_id, title, artist = (call.text(one) for one in ("item_id", "title", "artist"))
    state, ids = call.state, ServerIds(call.app_state, *filter(None, [item_id]))
    if not item_id and not (title and artist):
        raise AudioMuseError(
            400, "Request must include either 'item_id' or both 'title' and 'artist'."
        )
    track_id = ids.track_id(item_id) if item_id else f"{artist} - {title}"
    position = state.catalogue.position(track_id)
    n = min(max(call.number("n", 10), 1), MAX_COUNT)
    space = sound_space(state, position)
    name = space[1] if space else None
    found = state.similar(
        state.catalogue.tracks[position].track_id,
        min(2 * n + 20, MAX_COUNT),
        signal=name,
        user=call.me,
    ).tracks
    if name is None:
        distances = {one.track_id: one.rank / (len(found) + 1) for one in found}
    else:
        alike = similarity_of(state, name)
        distances = {one.track_id: 1.0 - alike(one.score) for one in found}
    listed = _documents(state, ids, list(distances))[:n]
    if not listed:
        raise AudioMuseError(404, _NO_NEIGHBORS)
    return [{**document, "distance": round(distances[one], 6)} for one, document in listed]


def _find_path(call: PluginCall) -> Any:
    start_song_id, end_song_id = call.text("start_song_id"), call.text("end_song_id")
    if not start_song_id or not end_song_id:
        raise AudioMuseError(400, "Both a start and an end song are required.")
    if start_song_id == end_song_id:
        raise AudioMuseError(400, "Start and end songs cannot be the same.")
    state, ids = call.state, ServerIds(call.app_state, start_song_id, end_song_id)
    ends = [ids.track_id(one) for one in (start_song_id, end_song_id)]
    positions = [state.catalogue.position(one) for one in ends]
    space = sound_space(state, *positions)
    steps = min(max(call.number("max_steps", _PATH_LENGTH), 2), MAX_COUNT)
    try:
        made = generate.path(
            state, ends[0], ends[1], steps, signal=space[1] if space else None, user=call.me
        )
    except (LibraryError, ModelError):
        raise AudioMuseError(
            404, f"No path found between the selected songs within {steps} steps."
        ) from None
    listed = _documents(state, ids, [one.track_id for one in made.tracks])
    total = sum(_sound_distances(state, [one for one, _ in listed]))
    return {"path": [document for _, document in listed], "total_distance": round(total, 6)}


def _sound_distances(state: ServingState, track_ids: Sequence[str]) -> list[float]:
    """Return the distances between consecutive tracks."""
    positions = [state.catalogue.position(one) for one in track_ids]
    space = sound_space(state, *positions) if positions else None
    if space is None:
        return []
    alike, vectors = similarity_of(state, space[1]), state.space(space[1])
    return [1.0 - alike(float(vectors.for_track(one)[other])) for one, other in pairwise(positions)]


def _max_distance(call: PluginCall) -> Any:
    item_id = call.text("item_id")
    if not item_id:
        raise AudioMuseError(400, "Missing 'item_id' parameter.")
    state, ids = call.state, ServerIds(call.app_state, item_id)
    position = state.catalogue.position(ids.track_id(item_id))
    space = sound_space(state, position)
    if space is None:
        raise AudioMuseError(404, f"Item '{item_id}' not found in index or index unavailable.")
    signal = state.space(space[1])
    scores = np.where(signal.has_vector, signal.for_track(position), np.inf)
    scores[np.asarray(state.engine.missing, np.int64)] = np.inf
    far = int(np.argmin(scores))
    track_id = state.catalogue.tracks[far].track_id
    distance = 1.0 - similarity_of(state, space[1])(float(scores[far]))
    return {
        "max_distance": round(distance, 6),
        "farthest_item_id": ids.items([track_id]).get(track_id),
    }


def _search_tracks(call: PluginCall) -> Any:
    query = call.text("search_query") or f"{call.text('artist')} {call.text('title')}".strip()
    start = max(call.number("start", 0), 0)
    stop = min(call.number("end", start + 20), start + MAX_COUNT)
    snapshot = call.app_state.snapshot_or_none()
    if not query or stop <= start or snapshot is None:
        return []
    state = call.state
    found = find_names(snapshot, query, n_tracks=stop).tracks[start:stop]
    tracks = [state.catalogue.tracks[one].track_id for one in found]
    listed = _documents(state, ServerIds(call.app_state), tracks)
    return [{**document, "album_artist": document["author"]} for _, document in listed]


def _track(call: PluginCall) -> Any:
    item_id = call.text("item_id")
    if not item_id:
        raise AudioMuseError(400, "Missing 'item_id' parameter.")
    state, ids = call.state, ServerIds(call.app_state, item_id)
    position = state.catalogue.position(ids.track_id(item_id))
    listed = _documents(state, ids, [state.catalogue.tracks[position].track_id])
    if not listed:
        raise AudioMuseError(404, f"Item '{item_id}' not found.")
    return listed[0][1]


def _similar_artists(call: PluginCall) -> Any:
    artist, artist_id = call.text("artist"), call.text("artist_id")
    if not artist and not artist_id:
        raise AudioMuseError(400, "Missing 'artist' or 'artist_id' parameter")
    state, shelves = call.state, catalogue_view(call.app_state).shelves
    one = (shelves.artist(artist_id) if artist_id else None) or shelves.artist_called(artist)
    if one is None:
        raise AudioMuseError(
            404, f"Artist '{artist or artist_id}' not found in index or no similar artists found."
        )
    n = min(max(call.number("n", 10), 1), MAX_COUNT)
    found = similar_entities(state, shelves, "artist", one.id, k=n, user=call.me)
    top = max((each.score for each in found), default=0.0)
    return [
        {
            "artist": shelves.artists[each.number].name,
            "artist_id": shelves.artists[each.number].id,
            "divergence": round(top - each.score, 6),
        }
        for each in found
    ]


_METHODS: Final[Mapping[str, Method]] = {
    "similar_tracks": _similar_tracks,
    "find_path": _find_path,
    "max_distance": _max_distance,
    "search_tracks": _search_tracks,
    "track": _track,
    "similar_artists": _similar_artists,
}


@router.get("/{method}")
def call_method(method: str, request: Request, app_state: deps.WholeState) -> JSONResponse:
    """Call a method of AudioMuse-AI's HTTP API."""
    if method not in _METHODS:
        raise ProblemError("not-found")
    return _answered(_METHODS[method], request, app_state)


def _documents(
    state: ServingState, ids: ServerIds, track_ids: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return tracks that the server has, in order: id in the library, and document."""
    items = ids.items(track_ids)
    found = []
    for one in track_ids:
        if one in items:
            track = state.catalogue.tracks[state.catalogue.position(one)]
            document = {
                "item_id": items[one],
                "title": track.title or one,
                "author": track.artist or _UNKNOWN,
                "album": track.album or _UNKNOWN,
            }
            found.append((one, document))
    return found


def _plain(item: str) -> str:
    """Return an id without hyphens: Jellyfin writes its ids in both ways."""
    return item.replace("-", "")
