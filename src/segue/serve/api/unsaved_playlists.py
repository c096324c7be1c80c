"""Lists that were made just now, of whatever kind, as documents."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from segue.engine import Playlist
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve.api.recommend import InCommon, InfluenceItem
from segue.serve.api.tracks import documents
from segue.serve.held import Held
from segue.serve.schemas import TrackItem


class PlaylistItem(BaseModel):
    """A track of a list, with what its kind knows of its place; the rest is missing."""

    rank: int
    track: TrackItem
    score: float | None = None
    why: dict[str, float] | None = Field(
        default=None, description="What each signal adds; of a blend, each listener."
    )
    top_signal: str | None = None
    influenced_by: list[InfluenceItem] | None = None
    in_common: InCommon | None = None
    progress: float | None = Field(default=None, description="Of a path: from 0 to 1.")
    step: float | None = Field(default=None, description="Of a path: degrees from the one before.")
    tastes: dict[str, float] | None = Field(
        default=None, description="Of a blend: what each listener thinks of it."
    )
    serves: str | None = Field(default=None, description="Of a blend: whose taste it meets most.")


class UnsavedPlaylist(BaseModel):
    """A list that was made and not saved."""

    kind: str
    about: dict[str, Any] = Field(description="What is worth knowing of the whole list.")
    tracks: list[PlaylistItem]
    hints: list[str]


def unsaved_playlist(
    holding: Held, state: ServingState, made: Playlist, listener: str | None
) -> dict[str, Any]:
    """Return the `UnsavedPlaylist` of a list."""
    positions = [state.catalogue.positions[each.track_id] for each in made.tracks]
    tracks = documents(holding, state.catalogue, positions, listener)
    return {
        "kind": made.kind,
        "about": dict(made.about),
        "tracks": [
            {**_place(each), "track": track}
            for each, track in zip(made.tracks, tracks, strict=True)
        ],
        "hints": list(made.hints),
    }


def _place(each: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(each).items()
        if name not in ("track_id", "title", "artist")
    }
