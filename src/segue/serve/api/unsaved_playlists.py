"""Response models of playlists that were made and not saved."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from segue.engine import Playlist
from segue.pipeline.hidden_paths import hide_commands
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve.api.recommend import InCommon, InfluenceItem, ReasonItem
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.schemas import TrackItem


class PlaylistItem(BaseModel):
    """A track of a playlist; fields that its kind does not have are missing."""

    rank: int
    track: TrackItem
    score: float | None = None
    why: dict[str, float] | None = Field(
        default=None, description="Contribution of each signal; in a blend, of each listener."
    )
    top_signal: str | None = None
    reason: str | None = None
    reason_about: ReasonItem | None = None
    influenced_by: list[InfluenceItem] | None = None
    in_common: InCommon | None = None
    interest: str | None = Field(
        default=None, description="Name of the listener's interest that the track belongs to."
    )
    progress: float | None = Field(default=None, description="Position on a path, from 0 to 1.")
    step: float | None = Field(
        default=None, description="Distance from the previous track of a path, in degrees."
    )
    tastes: dict[str, float] | None = Field(
        default=None, description="Score of each listener of a blend."
    )
    serves: str | None = Field(
        default=None, description="Listener of a blend whose taste the track fits best."
    )


class UnsavedPlaylist(BaseModel):
    """A playlist that was made and not saved."""

    kind: str
    about: dict[str, Any] = Field(description="Facts about the whole playlist.")
    tracks: list[PlaylistItem]
    hints: list[str]


def unsaved_playlist(
    app_state: AppState, state: ServingState, made: Playlist, listener: str | None
) -> dict[str, Any]:
    """Return the `UnsavedPlaylist` of a playlist."""
    positions = [state.catalogue.positions[each.track_id] for each in made.tracks]
    tracks = track_items(app_state, state.catalogue, positions, listener)
    return {
        "kind": made.kind,
        "about": dict(made.about),
        "tracks": [
            {**_place(each), "track": track}
            for each, track in zip(made.tracks, tracks, strict=True)
        ],
        "hints": [hide_commands(hint) for hint in made.hints],
    }


def _place(each: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(each).items()
        if name not in ("track_id", "title", "artist")
    }
