"""`/map`: positions of all tracks on a 2-D map, and playlists along a line on it."""

from hashlib import blake2b
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.errors import JobError
from segue.library import Job, hidden_digest
from segue.pipeline.jobs import runner
from segue.pipeline.jobs.map_jobs import map_or_job
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.track_map.affinity import Affinities
from segue.pipeline.track_map.genre_groups import GenreGroups
from segue.pipeline.track_map.places import EDGE, TrackMap, draw_path
from segue.pipeline.track_map.train_maps import NOTHING_TO_MAP, map_signals
from segue.serve import dependencies as deps
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.request_models import ExclusionsRequest, reject_value_errors
from segue.serve.responses import etag_json, etag_response, json_response
from segue.serve.schemas import JobProgress, StrictModel, TrackIdText, TrackItem, problems
from segue.serve.security.quotas import EXPENSIVE

router = APIRouter(prefix="/map", tags=["map"])

_PROBLEMS = problems("not-trained", "conflict", "empty-library")
_MAP_PROBLEMS = problems("not-trained", "conflict", "empty-library", "in-progress")
_RETRY_SECONDS: Final = 2  # for clients that wait for a map
_MAX_TRACKS: Final = 200
_NOWHERE: Final = 65_535
_OCTETS: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

By = Annotated[
    str | None,
    Query(
        max_length=100,
        description="Signal that places the tracks, one of `encoders`; the first by default.",
    ),
]


class MapResponse(BaseModel):
    """Description of a map."""

    encoders: list[str] = Field(description="Signals for which there are maps.")
    by: str
    n: int = Field(description="Number of tracks, with or without a position.")
    edge: int = Field(description="Largest x and y.")
    version: str = Field(description="Changes when positions or genres change.")
    groups: list[str] = Field(
        description="Genres that color the map, in the order of the numbers in the points. A track"
        " has the one of its genres, tags, artist or predicted tags."
    )
    genres: list[str] = Field(description="Genres of all tracks, the most frequent first.")


class MapTracksResponse(BaseModel):
    """Tracks of a map."""

    tracks: list[TrackItem]
    places: list[int] = Field(description="Index of each track in the points.")


Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]  # points outside the map are allowed
Corner = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]


class MapPathRequest(StrictModel):
    """A line on the map: its corners, or tracks that it passes."""

    by: str | None = Field(default=None, max_length=100)
    points: list[Corner] | None = Field(
        default=None, min_length=1, max_length=1_000, examples=[[[100, 100], [60000, 30000]]]
    )
    tracks: list[TrackIdText] | None = Field(default=None, min_length=1, max_length=100)
    k: int = Field(default=20, ge=1, le=500)
    exclusions: ExclusionsRequest = Field(default_factory=ExclusionsRequest)


@router.get("", response_model=MapResponse, responses=_MAP_PROBLEMS)
def get_map(
    request: Request, principal: deps.Visitor, app_state: deps.State, by: By = None
) -> Response:
    """Describe a map.

    The map of more than 20,000 tracks is made by one job on the first request. Until it is done the
    response is the problem `in-progress`, with the progress of the `job`.
    """
    state = app_state.state()
    drawn = _map(app_state, state, by, principal.listener)
    groups = _groups(app_state, state)
    document = {
        "encoders": map_signals(state),
        "by": drawn.signal,
        "n": len(drawn.places),
        "edge": EDGE,
        "version": _version(state, drawn, groups),
        "groups": list(groups.names),
        "genres": _genres(state),
    }
    return etag_json(request, (document["version"], principal.mode), lambda: document)


@router.get(
    "/points",
    response_class=Response,
    responses={
        200: {
            "description": "x, y and group number of each track in catalogue order, uint16"
            " little-endian; 65535 means no position or no group.",
            "content": _OCTETS,
        },
        **_MAP_PROBLEMS,
    },
)
def get_points(
    request: Request, principal: deps.Visitor, app_state: deps.State, by: By = None
) -> Response:
    """Return the points of a map."""
    state = app_state.state()
    drawn = _map(app_state, state, by, principal.listener)

    groups = _groups(app_state, state)

    def make() -> Response:
        points = np.column_stack([drawn.places, groups.numbers]).astype("<u2")
        if state.catalogue.hidden is not None:
            points[state.catalogue.hidden] = _NOWHERE
        return Response(points.tobytes(), media_type="application/octet-stream")

    return etag_response(request, (_version(state, drawn, groups), principal.mode), make)


@router.get(
    "/affinity",
    response_class=Response,
    responses={
        200: {
            "description": "Rank of each track by the taste of the listener, in catalogue order,"
            " uint8; 255 is best, 0 is lowest or unknown.",
            "content": _OCTETS,
        },
        **_PROBLEMS,
    },
)
def get_affinity(request: Request, me: deps.Self, app_state: deps.State) -> Response:
    """Return how well each track fits the taste of the current listener."""
    state = app_state.state()

    affinities = app_state.memo("affinities", state, lambda: Affinities(state))
    shares = affinities.of(me.name).tobytes()
    # a tag of the content: it stays when feedback changes nothing for this listener
    digest = blake2b(shares, digest_size=12).hexdigest()
    return etag_response(
        request,
        (digest, me.name),
        lambda: Response(shares, media_type="application/octet-stream"),
    )


@router.get("/tracks", response_model=MapTracksResponse, responses=_PROBLEMS)
def get_map_tracks(
    principal: deps.Visitor,
    app_state: deps.State,
    at: Annotated[
        str,
        Query(
            max_length=2_000,
            pattern=r"^\d{1,9}(,\d{1,9})*$",
            description="Up to 200 indexes in the points; unknown ones are ignored.",
            examples=["1,2,3"],
        ),
    ],
) -> Response:
    """Return the tracks at some indexes of the points."""
    catalogue = app_state.state().catalogue
    asked = dict.fromkeys(map(int, at.split(",")))
    places = [place for place in asked if place < len(catalogue)][:_MAX_TRACKS]
    if catalogue.hidden is not None:
        places = [place for place in places if not catalogue.hidden[place]]
    tracks = track_items(app_state, catalogue, places, principal.listener)
    return json_response({"tracks": tracks, "places": places})


@router.post(
    "/path",
    response_model=MapTracksResponse,
    responses=_MAP_PROBLEMS | problems("unknown-track", "too-many"),
    dependencies=[EXPENSIVE],
)
def list_tracks_along_line(
    body: MapPathRequest, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """List the tracks along a line."""
    if (body.points is None) == (body.tracks is None):
        raise ProblemError("invalid", "Give either points or tracks.")
    state = app_state.state()
    drawn = _map(app_state, state, body.by, principal.listener)
    corners: Any = body.points
    if body.tracks is not None:
        ends = [state.catalogue.position(each) for each in body.tracks]
        corners = [drawn.places[end].tolist() for end in ends if drawn.placed[end]]
        if not corners:
            raise ProblemError("conflict", "None of these tracks has a position on this map.")
    with reject_value_errors():
        allowed = ~state.unwanted(body.exclusions.build(), principal.listener)
        allowed[list(state.engine.missing)] = False
        places = draw_path(drawn, corners, body.k, allowed=allowed)
    tracks = track_items(app_state, state.catalogue, places, principal.listener)
    return json_response({"tracks": tracks, "places": places})


def _map(
    app_state: AppState, state: ServingState, by: str | None, listener: str | None
) -> TrackMap:
    """Return a map, which is loaded once for each opening of the library.

    Raises
    ------
    ProblemError
        If this signal has no map, or a job must make it first.
    """
    names = map_signals(state)
    if by is not None and by not in names:
        known = ", ".join(names) or "none"
        raise ProblemError("invalid", f"There is no map for this signal: choose from {known}.")
    if not names:
        raise ProblemError("not-trained", NOTHING_TO_MAP)
    name = by or names[0]

    def find() -> TrackMap:
        try:
            found = map_or_job(state, name, by=listener)
        except JobError as error:
            raise ProblemError("conflict", str(error)) from None
        if isinstance(found, Job):
            raise _in_progress(app_state, found)
        return found

    return app_state.memo(f"map {name}", state.catalogue, find)


def _in_progress(app_state: AppState, job: Job) -> ProblemError:
    shown = runner.job_document(app_state.library, job)
    if job.state in ("failed", "cancelled"):
        reason = shown["error"] or "The job was cancelled: try again in a minute."
        return ProblemError("conflict", f"The map could not be made. {reason}")
    return ProblemError(
        "in-progress",
        f"Job {job.id} is making the map: try again when it is done.",
        more={"job": {name: shown[name] for name in JobProgress.model_fields}},
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )


def _groups(app_state: AppState, state: ServingState) -> GenreGroups:
    """Return the groups of genres that color the map."""
    vocabulary = state.snapshot.vocabulary
    return app_state.memo(
        "genre groups",
        state.catalogue,
        lambda: GenreGroups.of(
            vocabulary.words, np.asarray(state.facts.ids.artist), vocabulary.tag_scores
        ),
    )


def _genres(state: ServingState) -> list[str]:
    """Return the genres of all tracks, most frequent first."""
    genres = state.snapshot.vocabulary.words.genres
    counts = np.bincount(genres.counts.indices, minlength=len(genres.names))
    order = np.argsort(-counts, kind="stable")
    return [genres.names[place] for place in order[: len(genres.names)].tolist()]


def _version(state: ServingState, drawn: TrackMap, groups: GenreGroups) -> str:
    hidden = hidden_digest(state.catalogue.hidden)
    return f"{drawn.fingerprint[:12]}-{len(state.catalogue)}-{groups.digest}{hidden}"
