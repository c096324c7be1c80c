"""`/me/interests` and `/me/home`: what the current listener likes, and rows for a start page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.playlists.home import HomeRowName, home, home_row
from segue.pipeline.recommender.interests import InterestSummary, interests_in
from segue.serve import dependencies as deps
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.responses import etag_json
from segue.serve.schemas import TrackItem, problems

router = APIRouter(prefix="/me", tags=["listeners"])


class InterestItem(BaseModel):
    """An interest: similar tracks that the listener likes."""

    number: int = Field(description="Number from 1, the largest share first.")
    name: str = Field(description="Its distinctive genres or tags, else its artists.")
    share: float = Field(description="Part of what the listener likes; the shares sum to 1.")
    n_tracks: int
    hours: list[int] | None = Field(
        description="First and last hour of the usual time of its plays; null if there is none.",
        examples=[[22, 6]],
    )
    examples: list[TrackItem]


class InterestsResponse(BaseModel):
    """The interests of the current listener, largest share first."""

    interests: list[InterestItem]


class HomeRowItem(BaseModel):
    """A row of tracks."""

    name: str = Field(
        description="on-repeat, daypart, rediscover, deep-cuts or new-in-library.",
        examples=["on-repeat"],
    )
    title: str
    tracks: list[TrackItem]


class HomeResponse(BaseModel):
    """Rows for a start page; `mixes` are the interests, whose playlists are of the kind mix."""

    rows: list[HomeRowItem]
    mixes: list[InterestItem]


_PROBLEMS = problems("no-session", "not-trained", "empty-library")


@router.get("/interests", response_model=InterestsResponse, responses=_PROBLEMS)
def get_interests(request: Request, me: deps.Self, app_state: deps.State) -> Response:
    """List the interests of the current listener."""

    def make() -> dict[str, Any]:
        found = interests_in(app_state.state(), me.name)
        return {"interests": _interest_items(app_state, found, me.name)}

    return etag_json(request, (app_state.version(), me.name), make)


@router.get("/home", response_model=HomeResponse, responses=_PROBLEMS)
def get_home(request: Request, me: deps.Self, app_state: deps.State) -> Response:
    """Return rows of tracks for a start page, and the interests with their daily mixes."""
    now = datetime.now().astimezone()

    def make() -> dict[str, Any]:
        state = app_state.state_or_none()
        if state is None:  # nothing compares the tracks yet
            return {"rows": [], "mixes": []}
        found = home(state, me.name, now=now)
        return {
            "rows": [
                {
                    "name": row.name,
                    "title": row.title,
                    "tracks": track_items(app_state, state.catalogue, list(row.positions), me.name),
                }
                for row in found.rows
            ],
            "mixes": _interest_items(app_state, found.mixes, me.name),
        }

    return etag_json(request, (app_state.version(), me.name, now.strftime("%x %H")), make)


@router.get(
    "/home/{row}",
    response_model=HomeRowItem,
    responses=problems("no-session", "not-trained", "empty-library"),
)
def get_home_row(
    row: Annotated[HomeRowName, Path(description="Name of the row.")],
    request: Request,
    me: deps.Self,
    app_state: deps.State,
    k: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Response:
    """Return one row of the start page with up to `k` tracks; it is empty if no track fits."""
    now = datetime.now().astimezone()

    def make() -> dict[str, Any]:
        state = app_state.state()
        found = home_row(state, me.name, row, now=now, length=k)
        tracks = track_items(app_state, state.catalogue, list(found.positions), me.name)
        return {"name": found.name, "title": found.title, "tracks": tracks}

    return etag_json(request, (app_state.version(), me.name, now.strftime("%x %H")), make)


def _interest_items(
    app_state: AppState, found: Sequence[InterestSummary], listener: str
) -> list[dict[str, Any]]:
    catalogue = app_state.state().catalogue
    items = []
    for one in found:
        positions = [catalogue.positions[track.track_id] for track in one.examples]
        examples = track_items(app_state, catalogue, positions, listener)
        items.append({**one.to_dict(), "examples": examples})
    return items
