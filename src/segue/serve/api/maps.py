"""`/map`: all tracks on a plane, as numbers for a canvas, and lists along a line drawn on it."""

from hashlib import blake2b
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from segue.errors import JobError
from segue.library import Job
from segue.pipeline import jobs
from segue.pipeline.affinity import Affinities
from segue.pipeline.map_jobs import map_or_job
from segue.pipeline.mapping.places import EDGE, TrackMap, draw_path
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.track_map import NOTHING_TO_MAP, map_signals
from segue.serve import dependencies as deps
from segue.serve.api.tracks import documents
from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.request_models import ExclusionsRequest, invalid
from segue.serve.responses import answer, tagged, tagged_response
from segue.serve.schemas import StrictModel, TrackIdText, TrackItem, problems

router = APIRouter(prefix="/map", tags=["map"])

NO_GENRE: Final = 65_535
_PROBLEMS = problems("not-trained", "conflict", "empty-library")
_MADE_FIRST = problems("not-trained", "conflict", "empty-library", "in-progress")
_LOOK_AGAIN: Final = 2  # seconds after which whoever waits for a map should ask again
_MOST_AT_ONCE: Final = 200
_OCTETS: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

By = Annotated[
    str | None,
    Query(max_length=100, description="A signal of `encoders`; the first by default."),
]


class MapResponse(BaseModel):
    """What the map is drawn by."""

    encoders: list[str] = Field(description="Signals that a map can be made by.")
    by: str
    n: int = Field(description="Tracks, placed or not.")
    edge: int = Field(description="The largest x and y.")
    version: str = Field(description="Another one where places or genres are others.")
    genres: list[str] = Field(description="By the numbers in the points.")


class MapTracksResponse(BaseModel):
    """Tracks of the map."""

    tracks: list[TrackItem]
    places: list[int] = Field(description="Where each is among the points.")


Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]  # a hand may slip off the map
Corner = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]


class MapPathRequest(StrictModel):
    """A line: corners on the map, or tracks to go by."""

    by: str | None = Field(default=None, max_length=100)
    points: list[Corner] | None = Field(
        default=None, min_length=1, max_length=1_000, examples=[[[100, 100], [60000, 30000]]]
    )
    tracks: list[TrackIdText] | None = Field(default=None, min_length=1, max_length=100)
    k: int = Field(default=20, ge=1, le=500)
    exclusions: ExclusionsRequest = Field(default_factory=ExclusionsRequest)


@router.get("", response_model=MapResponse, responses=_MADE_FIRST)
def get_map(
    request: Request, principal: deps.Visitor, holding: deps.Holding, by: By = None
) -> Response:
    """Tell what the map can be drawn by.

    Of more than 20,000 tracks it is made when somebody looks first, by one job for all who do;
    until then the answer is the problem `in-progress`, which tells of the `job`.
    """
    state = holding.state()
    drawn = _map(holding, state, by, principal.listener)
    genres, _ = _genres(holding, state)
    document = {
        "encoders": map_signals(state),
        "by": drawn.signal,
        "n": len(drawn.places),
        "edge": EDGE,
        "version": _version(state, drawn),
        "genres": genres,
    }
    return tagged(request, (document["version"], principal.mode), lambda: document)


@router.get(
    "/points",
    response_class=Response,
    responses={
        200: {
            "description": "Of each track in the order of the catalogue: x, y and the number of its"
            " genre, uint16 little-endian; 65535 is no place, or no genre.",
            "content": _OCTETS,
        },
        **_MADE_FIRST,
    },
)
def get_points(
    request: Request, principal: deps.Visitor, holding: deps.Holding, by: By = None
) -> Response:
    """Give the points of the map."""
    state = holding.state()
    drawn = _map(holding, state, by, principal.listener)

    def make() -> Response:
        _, numbers = _genres(holding, state)
        points = np.column_stack([drawn.places, numbers]).astype("<u2")
        return Response(points.tobytes(), media_type="application/octet-stream")

    return tagged_response(request, (_version(state, drawn), principal.mode), make)


@router.get(
    "/affinity",
    response_class=Response,
    responses={
        200: {
            "description": "Of each track in the order of the catalogue: how much it is to the"
            " listener's taste, uint8, by rank; 0 is least, or nothing known.",
            "content": _OCTETS,
        },
        **_PROBLEMS,
    },
)
def get_affinity(request: Request, me: deps.Self, holding: deps.Holding) -> Response:
    """Give how much each track of the map is to the taste of whoever asks."""
    state = holding.state()

    affinities = holding.memo("affinities", state, lambda: Affinities(state))
    shares = affinities.of(me.name).tobytes()
    # by what it says: feedback of others, or what changes nothing, needs no new answer
    said = blake2b(shares, digest_size=12).hexdigest()
    return tagged_response(
        request,
        (said, me.name),
        lambda: Response(shares, media_type="application/octet-stream"),
    )


@router.get("/tracks", response_model=MapTracksResponse, responses=_PROBLEMS)
def get_map_tracks(
    principal: deps.Visitor,
    holding: deps.Holding,
    at: Annotated[
        str,
        Query(
            max_length=2_000,
            pattern=r"^\d{1,9}(,\d{1,9})*$",
            description="Places among the points, up to 200; what is not there is left out.",
            examples=["1,2,3"],
        ),
    ],
) -> Response:
    """Tell which tracks are at some places among the points."""
    catalogue = holding.state().catalogue
    asked = dict.fromkeys(map(int, at.split(",")))
    places = [place for place in asked if place < len(catalogue)][:_MOST_AT_ONCE]
    tracks = documents(holding, catalogue, places, principal.listener)
    return answer({"tracks": tracks, "places": places})


@router.post(
    "/path", response_model=MapTracksResponse, responses=_MADE_FIRST | problems("unknown-track")
)
def go_along(wanted: MapPathRequest, principal: deps.Visitor, holding: deps.Holding) -> Response:
    """List tracks along a line."""
    if (wanted.points is None) == (wanted.tracks is None):
        raise ProblemError("invalid", "A line is given by points or by tracks: give one of them.")
    state = holding.state()
    drawn = _map(holding, state, wanted.by, principal.listener)
    corners: Any = wanted.points
    if wanted.tracks is not None:
        ends = [state.catalogue.position(each) for each in wanted.tracks]
        corners = [drawn.places[end].tolist() for end in ends if drawn.placed[end]]
        if not corners:
            raise ProblemError("conflict", "None of these tracks has a place on this map.")
    with invalid():
        allowed = ~state.excluded(wanted.exclusions.made())
        allowed[list(state.engine.missing)] = False
        places = draw_path(drawn, corners, wanted.k, allowed=allowed)
    tracks = documents(holding, state.catalogue, places, principal.listener)
    return answer({"tracks": tracks, "places": places})


def _map(holding: Held, state: ServingState, by: str | None, listener: str | None) -> TrackMap:
    """Return a map, which is looked for once for each opening of the library.

    Raises
    ------
    ProblemError
        If there is none by this signal, or a job is to make it first.
    """
    names = map_signals(state)
    if by is not None and by not in names:
        known = ", ".join(names) or "none"
        raise ProblemError("invalid", f"There is no map by this signal: choose from {known}.")
    if not names:
        raise ProblemError("conflict", NOTHING_TO_MAP)
    name = by or names[0]

    def find() -> TrackMap:
        try:
            found = map_or_job(state, name, by=listener)
        except JobError as error:
            raise ProblemError("conflict", str(error)) from None
        if isinstance(found, Job):
            raise _not_yet(holding, found)
        return found

    return holding.memo(f"map {name}", state.catalogue, find)


def _not_yet(holding: Held, job: Job) -> ProblemError:
    shown = jobs.shown(holding.library, job)
    if job.state in ("failed", "cancelled"):
        reason = shown["error"] or "Its job was cancelled: look again in a minute."
        return ProblemError("conflict", f"The map could not be made. {reason}")
    return ProblemError(
        "in-progress",
        f"The map is being made by job {job.id}: ask again when it is done.",
        more={"job": {name: shown[name] for name in ("id", "state", "done", "total", "text")}},
        headers={"Retry-After": str(_LOOK_AGAIN)},
    )


def _genres(holding: Held, state: ServingState) -> tuple[list[str], NDArray[np.uint16]]:
    """Return the genres, the commonest first, and the number of each track's ``[n_tracks]``."""

    def make() -> tuple[list[str], NDArray[np.uint16]]:
        mixes = state.facts.mixes.tocsr()
        counts = np.bincount(mixes.indices, minlength=mixes.shape[1])
        order = np.argsort(-counts, kind="stable")[:NO_GENRE]
        number = np.full(mixes.shape[1], NO_GENRE, np.uint16)
        number[order] = np.arange(len(order))
        numbers = np.full(mixes.shape[0], NO_GENRE, np.uint16)
        first = np.flatnonzero(np.diff(mixes.indptr))
        numbers[first] = number[mixes.indices[mixes.indptr[first]]]
        return [state.facts.genres[place] for place in order.tolist()], numbers

    return holding.memo("genres", state.catalogue, make)


def _version(state: ServingState, drawn: TrackMap) -> str:
    return f"{drawn.fingerprint[:12]}-{len(state.catalogue)}-{len(state.facts.genres)}"
