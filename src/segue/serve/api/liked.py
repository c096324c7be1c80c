"""`/me/liked`: the tracks that the current listener likes, newest like first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.serve import dependencies as deps
from segue.serve.api.artists import Cursor
from segue.serve.api.tracks import track_items
from segue.serve.responses import etag_json, from_cursor, to_cursor
from segue.serve.schemas import TrackItem, problems

router = APIRouter(prefix="/me/liked", tags=["listeners"])


class LikedTrackItem(BaseModel):
    """A liked track."""

    at: float = Field(description="Time of the like in seconds since 1970; 0 if it is unknown.")
    track: TrackItem


class LikedPage(BaseModel):
    """A page of liked tracks, newest like first."""

    items: list[LikedTrackItem]
    n: int = Field(description="Number of all liked tracks.")
    next: str | None


@router.get("", response_model=LikedPage, responses=problems("no-session"))
def list_liked(
    request: Request,
    me: deps.Self,
    app_state: deps.State,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """List the liked tracks of the current listener."""
    after = tuple(from_cursor(cursor, (float, str))) if cursor else None

    def make() -> dict[str, Any]:
        catalogue = app_state.catalogue()
        liked = sorted(
            (-one.at, one.track_id)
            for one in app_state.library.histories.liked(me.name)
            if one.track_id in catalogue.positions
        )
        rest = [one for one in liked if after is None or one > after]
        part = rest[:limit]
        positions = [catalogue.positions[track_id] for _, track_id in part]
        tracks = track_items(app_state, catalogue, positions, me.name)
        return {
            "items": [
                {"at": -at, "track": track} for (at, _), track in zip(part, tracks, strict=True)
            ],
            "n": len(liked),
            "next": to_cursor(*part[-1]) if len(rest) > limit else None,
        }

    return etag_json(request, (app_state.version(), me.name), make)
