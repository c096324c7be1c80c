"""`/library`: counts, files and rows that could not be used, and duplicates."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.analysis.duplicates import duplicates
from segue.pipeline.hidden_paths import hide_paths
from segue.serve import dependencies as deps
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.responses import etag_json, from_cursor, to_cursor
from segue.serve.schemas import TrackItem, problems
from segue.serve.security.sessions import Principal, visible_counts

Row = TypeVar("Row")

router = APIRouter(prefix="/library", tags=["library"])
Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=1_000)]


class LibraryResponse(BaseModel):
    """Counts of the library."""

    tracks: int
    listeners: int
    listens: int = Field(description="Plays, skips, likes, dislikes and ratings.")
    plays: int = Field(description="The same without likes, dislikes and ratings.")
    problems: int
    unmatched: int = Field(description="Imported listens that match no track of the library yet.")
    missing: int
    left_out: int
    analyzed: int = Field(description="Tracks whose audio was analyzed.")
    failed: int = Field(description="Tracks whose audio could not be analyzed.")
    playable: int
    models: list[str]
    ready: bool = Field(description="Whether recommendations can be made.")


@router.get("", response_model=LibraryResponse)
def get_library(request: Request, principal: deps.Visitor, app_state: deps.State) -> Response:
    """Show the counts of the library."""
    version = app_state.version()
    return etag_json(request, (version, principal.listener), lambda: _counts(app_state, principal))


def _counts(app_state: AppState, principal: Principal) -> dict[str, Any]:
    return {
        **visible_counts(app_state, principal),
        "models": app_state.library.models.names(),
        "ready": app_state.state_or_none() is not None,
    }


class ProblemItem(BaseModel):
    """A file or row that could not be used."""

    source: str
    reason: str
    row: int | None
    subject: str | None


class ProblemPage(BaseModel):
    """A page of problems."""

    items: list[ProblemItem]
    next: str | None


@router.get("/problems", response_model=ProblemPage, responses=problems("forbidden"))
def list_problems(
    request: Request,
    principal: deps.Admin,
    app_state: deps.State,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List files and rows that could not be used, with the reasons."""
    start = _start(cursor)

    def make() -> dict[str, Any]:
        places = app_state.places()
        part, following = _page(app_state.library.problems(), start, limit)
        items = [
            {name: _without_paths(value, places) for name, value in asdict(one).items()}
            for one in part
        ]
        return {"items": items, "next": following}

    return etag_json(request, (app_state.version(), principal.name), make)


def _without_paths(value: Any, places: Sequence[Path]) -> Any:
    return hide_paths(value, *places) if isinstance(value, str) else value


class DuplicateGroup(BaseModel):
    """Tracks that are the same recording; only one of them is recommended."""

    tracks: list[TrackItem]


class DuplicatePage(BaseModel):
    """A page of recordings that exist in several files."""

    items: list[DuplicateGroup]
    next: str | None


@router.get("/duplicates", response_model=DuplicatePage)
def list_duplicates(
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List recordings that exist in several files."""
    start = _start(cursor)

    def make() -> dict[str, Any]:
        catalogue = app_state.catalogue()
        known = catalogue.positions
        found = [
            [known[track.track_id] for track in recording if track.track_id in known]
            for recording in duplicates(app_state.library).recordings
        ]
        part, following = _page([one for one in found if len(one) > 1], start, limit)
        items = [
            {"tracks": track_items(app_state, catalogue, positions, principal.listener)}
            for positions in part
        ]
        return {"items": items, "next": following}

    return etag_json(request, (app_state.version(), principal.listener), make)


def _start(cursor: str | None) -> int:
    (start,) = from_cursor(cursor, (int,)) if cursor else (0,)
    return max(int(start), 0)


def _page(found: Sequence[Row], start: int, limit: int) -> tuple[Sequence[Row], str | None]:
    """Return one page of rows and the cursor of the next page, None after the last."""
    stop = start + limit
    return found[start:stop], to_cursor(stop) if stop < len(found) else None
