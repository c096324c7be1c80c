"""Playlists: tracks in an order, with details of each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from segue.engine.recommendations import Recommendation

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """One track of a playlist that has no scores."""

    rank: int
    track_id: str
    title: str | None
    artist: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One track of a path: its `progress` from 0 to 1, and the `step` to it in degrees."""

    rank: int
    track_id: str
    title: str | None
    artist: str | None
    progress: float
    step: float


@dataclass(frozen=True, slots=True)
class Served:
    """One track of a blend.

    `why` has the part of each listener and dial in the score; `tastes` each listener's opinion of
    the track, in standard deviations; `serves` names the listener who likes it most.
    """

    rank: int
    track_id: str
    title: str | None
    artist: str | None
    score: float
    why: Mapping[str, float]
    tastes: Mapping[str, float]
    serves: str


@dataclass(frozen=True, slots=True)
class Playlist:
    """Tracks in an order; `about` has details of the whole list."""

    kind: str
    tracks: Sequence[Recommendation | Step | Served | ListedTrack]
    about: Mapping[str, Any] = field(default_factory=dict)
    hints: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue playlist ... --json`` prints."""
        return {
            "playlist": self.kind,
            **self.about,
            "tracks": [asdict(track) for track in self.tracks],
            **({"hints": list(self.hints)} if self.hints else {}),
        }

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per track."""
        import pandas as pd

        return pd.DataFrame([asdict(track) for track in self.tracks])
