"""`/search`: find tracks by name or by words for their sound."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.errors import ModelError
from segue.pipeline.catalogue.search import search_snapshot
from segue.serve import dependencies as deps
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.responses import etag_json
from segue.serve.schemas import TrackItem

router = APIRouter(tags=["tracks"])

NAME_SCORE: Final = 1.0


class SearchHit(BaseModel):
    """A track that was found."""

    score: float = Field(description="1 for a match by name, less for a match by sound.")
    matched: list[str] = Field(
        description="Reasons for the match.", examples=[["name"], ["tag piano", "sounds sad"]]
    )
    track: TrackItem


class SearchResponse(BaseModel):
    """Results of a search."""

    query: str
    terms: list[str] = Field(description="Words that were understood as descriptions of sound.")
    unknown: list[str] = Field(description="Words that match no track.")
    tracks: list[SearchHit]


@router.get("/search", response_model=SearchResponse)
def search_tracks(
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    q: Annotated[str, Query(max_length=500, examples=["sad piano"])],
    k: Annotated[int, Query(ge=1, le=500)] = 20,
) -> Response:
    """Find tracks by title, artist or album, then by words for their sound."""
    return etag_json(
        request,
        (app_state.version(), principal.listener),
        lambda: _found(app_state, q, k, principal.listener),
    )


def _found(app_state: AppState, query: str, k: int, listener: str | None) -> dict[str, Any]:
    snapshot = app_state.snapshot_or_none()
    catalogue = app_state.catalogue() if snapshot is None else snapshot.catalogue
    named = snapshot.vocabulary.names.find(query, k) if snapshot else []
    missing = frozenset(snapshot.missing.tolist()) if snapshot else frozenset()
    found = {each: (NAME_SCORE, ["name"]) for each in named if each not in missing}
    terms, unknown = [], []
    if len(found) < k and query.strip() and snapshot is not None:
        try:
            by_words = search_snapshot(snapshot, query, k)
        except ModelError:
            unknown = [] if found else query.split()
        else:
            terms, unknown = list(by_words.terms), list(by_words.unknown)
            for match in by_words.tracks:
                position = catalogue.positions.get(match.track_id)
                if position is not None and position not in found:
                    said = [by for each in match.matched.values() for by in each]
                    found[position] = (match.score, said)
    positions = list(found)[:k]
    tracks = track_items(app_state, catalogue, positions, listener)
    return {
        "query": query,
        "terms": terms,
        "unknown": unknown,
        "tracks": [
            {"score": found[position][0], "matched": found[position][1], "track": track}
            for position, track in zip(positions, tracks, strict=True)
        ],
    }
