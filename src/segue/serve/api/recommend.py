"""`/recommend`: what comes next, and why. The hot path: answers are written once, unchecked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.engine import Dials, Pick
from segue.pipeline.opening.opened import Opened
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
    """A list that is asked for; `tagged` is the request, where its answer is to have a tag."""

    principal: sessions.Principal
    wanted: RecommendRequest
    tagged: Request | None = None


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
    holding: Held, wishes: Sequence[PendingRecommendation]
) -> Iterator[tuple[int, Callable[[], Response]]]:
    """Give what answers each wish, for a `BatchingExecutor`: at once where nobody has to be scored.

    The others are scored together, and come after.
    """
    opened = holding.opened()
    asked = [(one.principal.listener, one.wanted.like, one.wanted.dislike) for one in wishes]
    to_score = []
    for place, wish in enumerate(wishes):
        if opened.at_hand(asked[place]):
            yield place, partial(_answered, holding, opened, wish)
        else:
            to_score.append(place)
    opened.expect(asked[place] for place in to_score)
    for place in to_score:
        yield place, partial(_answered, holding, opened, wishes[place])


def _answered(holding: Held, opened: Opened, wish: PendingRecommendation) -> Response:
    def make() -> dict[str, Any]:
        return _document(holding, opened, wish.principal, wish.wanted)

    if wish.tagged is None:
        return answer(make())
    return tagged(wish.tagged, (holding.version(), wish.principal.listener), make)


def _document(
    holding: Held, opened: Opened, principal: sessions.Principal, wanted: RecommendRequest
) -> dict[str, Any]:
    with invalid():
        dials = wanted.dials.made(Dials(), wanted.weights)
        exclusions = wanted.exclusions.made()
    found = holding.live.lists_of(opened).recommend(
        principal.listener,
        wanted.k,
        like=wanted.like,
        dislike=wanted.dislike,
        dials=dials,
        exclusions=exclusions,
    )
    hints = [*found.hints, *_new_here(opened, principal.listener, wanted)]
    document: dict[str, Any] = {
        "user": principal.listener,
        "version": holding.version(),
        "weights": dict(found.weights),
        "tracks": recommendation_items(holding, opened, found.tracks, principal.listener),
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
    holding: Held, opened: Opened, found: "list[Pick] | Any", listener: str | None
) -> list[dict[str, Any]]:
    """Return the documents of recommended tracks."""
    positions = [opened.catalogue.positions[pick.track_id] for pick in found]
    tracks = documents(holding, opened.catalogue, positions, listener)
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


def _new_here(opened: Opened, listener: str | None, wanted: RecommendRequest) -> list[str]:
    if listener is None or wanted.like or listener in opened.profiles:
        return []
    return ["nothing is known of you yet: like some tracks, and the list becomes yours."]
