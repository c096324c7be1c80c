"""Recommendations: ranked tracks, each with the parts of its score."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from segue.engine.blend import Ranked
from segue.types import Track

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Contribution:
    """One of the listener's own tracks, and how much it adds to the score of another."""

    track_id: str
    title: str | None
    artist: str | None
    pull: float


@dataclass(frozen=True, slots=True)
class SharedTraits:
    """Artist, genres and strongest tags that a track has in common with the liked ones."""

    artist: str | None = None
    genres: Sequence[str] = ()
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommended track.

    `why` has the part of each signal and dial; the parts sum to `score`. `top_signal` is the signal
    without which the track would fall furthest; None if no single signal decides.
    `influenced_by` names the listener's own tracks that add most to the score.
    """

    rank: int
    track_id: str
    title: str | None
    artist: str | None
    score: float
    why: Mapping[str, float]
    top_signal: str | None = None
    influenced_by: Sequence[Contribution] = ()
    in_common: SharedTraits = field(default_factory=SharedTraits)


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Tracks for a listener, or tracks similar to a seed.

    `user` is the listener's id, or None if only tracks were named; `seed` is the id of the track
    that others were compared with. `weights` sum to 1 over the signals that were used. `hints` are
    sentences about requests that may not have the intended effect. `chance` has the seed that
    repeats the list, if it used randomness.
    """

    user: str | None
    weights: Mapping[str, float]
    tracks: Sequence[Recommendation]
    seed: str | None = None
    hints: Sequence[str] = ()
    chance: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue recommend --json`` prints."""
        head: dict[str, Any] = {"user": self.user} if self.seed is None else {"track": self.seed}
        return {
            **head,
            "weights": dict(self.weights),
            **self.chance,
            "tracks": [asdict(pick) for pick in self.tracks],
            **({"hints": list(self.hints)} if self.hints else {}),
        }

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per track: its fields, and a column ``why.<part>`` per signal and dial."""
        import pandas as pd

        rows = []
        for pick in self.tracks:
            row = asdict(pick)
            why = row.pop("why")
            rows.append({**row, **{f"why.{name}": part for name, part in why.items()}})
        fields = ["rank", "track_id", "title", "artist", "score", "top_signal"]
        names = self.tracks[0].why if self.tracks else self.weights
        columns = [*fields, *(f"why.{name}" for name in names)]
        return pd.DataFrame(rows, columns=columns)


def explain(
    ranked: Ranked, names: Sequence[str], tracks: Sequence[Track]
) -> tuple[dict[str, float], list[Recommendation]]:
    """Return the weights by name and the ranked tracks with what each signal and dial adds."""
    picks = []
    for place, position in enumerate(ranked.positions.tolist()):
        track, parts = tracks[position], ranked.parts[place].tolist()
        picks.append(
            Recommendation(
                rank=place + 1,
                track_id=track.track_id,
                title=track.title,
                artist=track.artist,
                # summed here in float64, so that the displayed parts sum to the displayed score
                score=sum(parts),
                why=dict(zip((*names, *ranked.dials), parts, strict=True)),
            )
        )
    return dict(zip(names, ranked.weights.tolist(), strict=True)), picks
