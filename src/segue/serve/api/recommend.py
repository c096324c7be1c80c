"""`/recommend`: recommendations with explanations.

This is the hot path: responses are built as plain data and are not validated again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.engine import Dials, Recommendation
from segue.errors import SegueError
from segue.pipeline.hidden_paths import hide_commands
from segue.pipeline.playlists.mixes import daypart_dials
from segue.pipeline.recommender.query import RecommendationQuery
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve import dependencies as deps
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.request_models import (
    Daypart,
    DialsRequest,
    ExclusionsRequest,
    Weights,
    reject_value_errors,
)
from segue.serve.responses import etag_json, json_response
from segue.serve.schemas import StrictModel, TrackIdText, TrackItem, problems
from segue.serve.security import sessions

router = APIRouter(tags=["recommendations"])

MAX_TRACKS = 500


class RecommendRequest(StrictModel):
    """Settings of a list; each has a default.

    `interest` is the number or name of one interest of the listener, to recommend for it alone.
    `compare_to` is a list that is shown already: `changes` then says what was added and removed.
    """

    k: int = Field(default=20, ge=1, le=MAX_TRACKS)
    like: list[TrackIdText] = Field(default=[], max_length=1_000)
    dislike: list[TrackIdText] = Field(default=[], max_length=1_000)
    weights: Weights = Field(default_factory=dict)
    dials: DialsRequest = DialsRequest()
    exclusions: ExclusionsRequest = ExclusionsRequest()
    daypart: Daypart = None
    interest: str | None = Field(default=None, min_length=1, max_length=200, examples=["1", "jazz"])
    compare_to: list[TrackIdText] | None = Field(default=None, max_length=MAX_TRACKS)


class InfluenceItem(BaseModel):
    """A track of the listener that raised the score of a recommendation, and by how much."""

    track_id: str
    title: str | None
    artist: str | None
    pull: float


class InCommon(BaseModel):
    """Artist, genres and tags that a track shares with those that the listener likes."""

    artist: str | None
    genres: list[str]
    tags: list[str]


class ReasonItem(BaseModel):
    """A reason in parts, for a sentence in another language."""

    kind: str = Field(description="Kind of reason: see segue.engine.reasons.", examples=["after"])
    signal: str = Field(description="Signal that the reason is of.")
    values: dict[str, str | int | list[str]] = Field(examples=[{"track": "Weir - Iron & Oak"}])


class RecommendationItem(BaseModel):
    """A recommended track. The values of `why` sum to `score`."""

    rank: int
    score: float
    why: dict[str, float]
    top_signal: str | None = Field(
        description="Strongest reason: without it the track would fall furthest; null if there"
        " is none."
    )
    reason: str | None = Field(
        description="Strongest reason in words, for the listener; null if there is none."
    )
    reason_about: ReasonItem | None
    influenced_by: list[InfluenceItem]
    in_common: InCommon
    interest: str | None = Field(
        description="Name of the listener's interest that the track belongs to; null if none."
    )
    track: TrackItem


class ListChanges(BaseModel):
    """Track ids that were added to a list and removed from it."""

    added: list[str]
    removed: list[str]


class RecommendResponse(BaseModel):
    """Recommendations for the current listener."""

    user: str | None
    version: str = Field(description="Changes when tracks, models or feedback change.")
    weights: dict[str, float]
    tracks: list[RecommendationItem]
    hints: list[str]
    changes: ListChanges | None = None


_PROBLEMS = problems(
    "unknown-track", "unknown-interest", "not-trained", "conflict", "empty-library"
)


@dataclass(frozen=True, slots=True)
class PendingRecommendation:
    """A request that waits for its list; `tagged` is the request if its answer gets an ETag."""

    principal: sessions.Principal
    body: RecommendRequest
    tagged: Request | None = None

    def query(self, state: ServingState) -> RecommendationQuery:
        """Return the query that this asks a state for; raises what `ServingState.query` does."""
        with reject_value_errors():
            dials = self.body.dials.build(Dials(), self.body.weights)
            dials = daypart_dials(self.body.daypart, dials)
            exclusions = self.body.exclusions.build()
        return state.query(
            self.principal.listener,
            self.body.k,
            like=self.body.like,
            dislike=self.body.dislike,
            dials=dials,
            exclusions=exclusions,
            interest=self.body.interest,
        )


@router.post("/recommend", response_model=RecommendResponse, responses=_PROBLEMS)
async def recommend_tracks(
    body: RecommendRequest, principal: deps.Visitor, lists: deps.Lists
) -> Response:
    """Recommend tracks, with the weights, dials and exclusions of this request.

    Without a listener, name tracks in `like`.
    """
    if principal.listener is None and not body.like:
        raise ProblemError(
            "no-session",
            "Recommendations need a listener or a liked track: log in, or name tracks in like.",
        )
    return await lists(PendingRecommendation(principal, body))


@router.get("/recommend", response_model=RecommendResponse, responses=_PROBLEMS)
async def get_recommendations(
    *,
    request: Request,
    me: deps.Self,  # noqa: ARG001  # requires a listener
    principal: deps.Visitor,
    lists: deps.Lists,
    k: Annotated[int, Query(ge=1, le=MAX_TRACKS)] = 20,
) -> Response:
    """Recommend tracks to the current listener with default settings."""
    return await lists(PendingRecommendation(principal, RecommendRequest(k=k), request))


def answer_batch(
    app_state: AppState, pending: Sequence[PendingRecommendation]
) -> Iterator[tuple[int, Callable[[], Response]]]:
    """Yield for each request its place and a function that answers it, for a `BatchingExecutor`.

    Requests whose listeners are scored already come first; the others are scored together, those
    of accounts that see the same tracks.
    """
    unscored: dict[int, list[tuple[ServingState, RecommendationQuery]]] = defaultdict(list)
    later = []
    for place, request in enumerate(pending):
        try:
            visible = app_state.for_listener(request.principal.listener)
            state = visible.service.state_of_any_library()
            query = request.query(state)
        except (SegueError, ProblemError) as error:
            yield place, partial(_raise, error)
            continue
        answer_it = partial(_answered, visible, state, request, query)
        if state.is_scored(query):
            yield place, answer_it
        else:
            unscored[id(state)].append((state, query))
            later.append((place, answer_it))
    for together in unscored.values():
        together[0][0].score([query for _, query in together])
    yield from later


def _raise(error: Exception) -> Response:
    raise error


def _answered(
    app_state: AppState,
    state: ServingState,
    request: PendingRecommendation,
    query: RecommendationQuery,
) -> Response:
    def make() -> dict[str, Any]:
        return _document(app_state, state, request.body, query)

    if request.tagged is None:
        return json_response(make())
    return etag_json(request.tagged, (state.version, request.principal.listener), make)


def _document(
    app_state: AppState, state: ServingState, body: RecommendRequest, query: RecommendationQuery
) -> dict[str, Any]:
    user = query.profile.user
    found = state.recommend(query)
    hints = [hide_commands(hint) for hint in found.hints]
    if not found.tracks and query.dials.max_known_share == 0:
        # rather tracks that the listener knows than nothing
        dials = replace(query.dials, max_known_share=1)
        found = state.recommend(replace(query, dials=dials))
    if user is not None and not body.like and not query.has_history:
        hints.append(
            "We don't know your taste yet: this list mixes artists and genres of your library."
        )
    document: dict[str, Any] = {
        "user": user,
        "version": state.version,
        "weights": dict(found.weights),
        "tracks": recommendation_items(app_state, state, found.tracks, user),
        "hints": hints,
    }
    if body.compare_to is not None:
        there = [pick.track_id for pick in found.tracks]
        before, now = set(body.compare_to), set(there)
        document["changes"] = {
            "added": [each for each in there if each not in before],
            "removed": [each for each in body.compare_to if each not in now],
        }
    return document


def recommendation_items(
    app_state: AppState, state: ServingState, found: Sequence[Recommendation], listener: str | None
) -> list[dict[str, Any]]:
    """Return the `RecommendationItem` of each recommended track."""
    positions = [state.catalogue.positions[pick.track_id] for pick in found]
    tracks = track_items(app_state, state.catalogue, positions, listener)
    return [
        {
            "rank": pick.rank,
            "score": pick.score,
            "why": dict(pick.why),
            "top_signal": pick.top_signal,
            "reason": pick.reason,
            "reason_about": None if pick.reason_about is None else asdict(pick.reason_about),
            "influenced_by": [
                {
                    "track_id": pull.track_id,
                    "title": pull.title,
                    "artist": pull.artist,
                    "pull": pull.pull,
                }
                for pull in pick.influenced_by
            ],
            "in_common": {
                "artist": pick.in_common.artist,
                "genres": list(pick.in_common.genres),
                "tags": list(pick.in_common.tags),
            },
            "interest": pick.interest,
            "track": track,
        }
        for pick, track in zip(found, tracks, strict=True)
    ]
