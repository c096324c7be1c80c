"""`/recommend`: what comes next, and why. The hot path: answers are written once, unchecked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.engine import Dials, Recommendation
from segue.errors import SegueError
from segue.pipeline.recommender.query import RecommendationQuery
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve import dependencies as deps
from segue.serve.api.tracks import documents
from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.request_models import DialsRequest, ExclusionsRequest, Weights, invalid
from segue.serve.responses import answer, tagged
from segue.serve.schemas import StrictModel, TrackIdText, TrackItem, problems
from segue.serve.security import sessions

router = APIRouter(tags=["recommendations"])

MOST_TRACKS = 500


class RecommendRequest(StrictModel):
    """What to recommend; everything has a default.

    `compare_to` is a list that is shown already: what would enter it and leave it is told.
    """

    k: int = Field(default=20, ge=1, le=MOST_TRACKS)
    like: list[TrackIdText] = Field(default=[], max_length=1_000)
    dislike: list[TrackIdText] = Field(default=[], max_length=1_000)
    weights: Weights = Field(default_factory=dict)
    dials: DialsRequest = DialsRequest()
    exclusions: ExclusionsRequest = ExclusionsRequest()
    compare_to: list[TrackIdText] | None = Field(default=None, max_length=MOST_TRACKS)


class InfluenceItem(BaseModel):
    """One of the listener's own tracks that pulled a track in, and how much it added."""

    track_id: str
    title: str | None
    artist: str | None
    pull: float


class InCommon(BaseModel):
    """What a track has in common with those that the listener likes."""

    artist: str | None
    genres: list[str]
    tags: list[str]


class RecommendationItem(BaseModel):
    """A recommended track: the parts of `why` sum to `score`."""

    rank: int
    score: float
    why: dict[str, float]
    top_signal: str | None = Field(
        description="Without which the track would fall furthest; null where none decides."
    )
    influenced_by: list[InfluenceItem]
    in_common: InCommon
    track: TrackItem


class ListChanges(BaseModel):
    """What a list has that another had not, and the other way round."""

    added: list[str]
    removed: list[str]


class RecommendResponse(BaseModel):
    """A list for whoever asks."""

    user: str | None
    version: str = Field(description="Of what is known: another one may give another list.")
    weights: dict[str, float]
    tracks: list[RecommendationItem]
    hints: list[str]
    changes: ListChanges | None = None


_PROBLEMS = problems("unknown-track", "not-trained", "conflict", "empty-library")


@dataclass(frozen=True, slots=True)
class PendingRecommendation:
    """A request that waits for its list; `tagged` is the request if its answer gets an ETag."""

    principal: sessions.Principal
    wanted: RecommendRequest
    tagged: Request | None = None

    def query(self, state: ServingState) -> RecommendationQuery:
        """Return the query that this asks a state for; raises what `ServingState.query` does."""
        with invalid():
            dials = self.wanted.dials.made(Dials(), self.wanted.weights)
            exclusions = self.wanted.exclusions.made()
        return state.query(
            self.principal.listener,
            self.wanted.k,
            like=self.wanted.like,
            dislike=self.wanted.dislike,
            dials=dials,
            exclusions=exclusions,
        )


@router.post("/recommend", response_model=RecommendResponse, responses=_PROBLEMS)
async def recommend_tracks(
    wanted: RecommendRequest, principal: deps.Visitor, lists: deps.Lists
) -> Response:
    """Recommend what comes next, with the weights, dials and exclusions of this request.

    Somebody who is not logged in names tracks that they like.
    """
    if principal.listener is None and not wanted.like:
        raise ProblemError(
            "no-session",
            "Nobody to recommend to: choose a listener, or name a track that is liked.",
        )
    return await lists(PendingRecommendation(principal, wanted))


@router.get("/recommend", response_model=RecommendResponse, responses=_PROBLEMS)
async def get_recommendations(
    *,
    request: Request,
    me: deps.Self,  # noqa: ARG001  # only for somebody with a name
    principal: deps.Visitor,
    lists: deps.Lists,
    k: Annotated[int, Query(ge=1, le=MOST_TRACKS)] = 20,
) -> Response:
    """Recommend what comes next to whoever asks, with everything as it was learned."""
    return await lists(PendingRecommendation(principal, RecommendRequest(k=k), request))


def answers(
    holding: Held, pending: Sequence[PendingRecommendation]
) -> Iterator[tuple[int, Callable[[], Response]]]:
    """Yield for each request its place and a function that answers it, for a `BatchingExecutor`.

    Requests whose listeners are scored already come first; the others are scored together.
    """
    state = holding.state()
    unscored = []
    for place, request in enumerate(pending):
        try:
            query = request.query(state)
        except (SegueError, ProblemError) as error:
            yield place, partial(_raise, error)
            continue
        answer_it = partial(_answered, holding, state, request, query)
        if state.is_scored(query):
            yield place, answer_it
        else:
            unscored.append((place, query, answer_it))
    state.score([query for _, query, _ in unscored])
    yield from ((place, answer_it) for place, _, answer_it in unscored)


def _raise(error: Exception) -> Response:
    raise error


def _answered(
    holding: Held, state: ServingState, request: PendingRecommendation, query: RecommendationQuery
) -> Response:
    def make() -> dict[str, Any]:
        return _document(holding, state, request.wanted, query)

    if request.tagged is None:
        return answer(make())
    return tagged(request.tagged, (state.version, request.principal.listener), make)


def _document(
    holding: Held, state: ServingState, wanted: RecommendRequest, query: RecommendationQuery
) -> dict[str, Any]:
    user = query.profile.user
    found = state.recommend(query)
    hints = list(found.hints)
    if user is not None and not wanted.like and not query.has_history:
        hints.append("nothing is known of you yet: like some tracks, and the list becomes yours.")
    document: dict[str, Any] = {
        "user": user,
        "version": state.version,
        "weights": dict(found.weights),
        "tracks": recommendation_items(holding, state, found.tracks, user),
        "hints": hints,
    }
    if wanted.compare_to is not None:
        there = [pick.track_id for pick in found.tracks]
        before, now = set(wanted.compare_to), set(there)
        document["changes"] = {
            "added": [each for each in there if each not in before],
            "removed": [each for each in wanted.compare_to if each not in now],
        }
    return document


def recommendation_items(
    holding: Held, state: ServingState, found: Sequence[Recommendation], listener: str | None
) -> list[dict[str, Any]]:
    """Return the documents of recommended tracks."""
    positions = [state.catalogue.positions[pick.track_id] for pick in found]
    tracks = documents(holding, state.catalogue, positions, listener)
    return [
        {
            "rank": pick.rank,
            "score": pick.score,
            "why": dict(pick.why),
            "top_signal": pick.top_signal,
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
            "track": track,
        }
        for pick, track in zip(found, tracks, strict=True)
    ]
