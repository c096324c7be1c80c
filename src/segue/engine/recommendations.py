"""Recommendations: ranked tracks, each with the parts of its score."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, overload

from segue.engine.blend import Ranked
from segue.text import plural
from segue.types import Track

if TYPE_CHECKING:
    import pandas as pd


MAX_SHOWN = 20
"""Number of tracks in the text form of a list."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One of the listener's own tracks, and how much it adds to the score of another."""

    track_id: str
    title: str | None
    artist: str | None
    pull: float


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a recommendation: its kind, the signal that it is of, and the names in it.

    The value `names` is a sequence, which each language joins in its own way.
    `segue.engine.reasons` has the kinds, and words them.
    """

    kind: str
    signal: str
    values: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SharedTraits:
    """Artist, genres and strongest tags that a track has in common with the liked ones."""

    artist: str | None = None
    genres: Sequence[str] = ()
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Recommendation:
    """One recommended track.

    `why` has the part of each signal and dial; the parts sum to `score`. `top_signal` is the signal
    without which the track would fall furthest; None if no single signal decides.
    `influenced_by` names the listener's own tracks that add most to the score, `interest` is
    the listener's interest that the track belongs to. `reason` is the
    strongest reason in words, `reason_about` the same in parts; None if there is none to name.

    >>> Recommendation(1, "t7", "Weir", "Iron & Oak", 1.25, {"tags": 1.25})
    Recommendation(1: 'Iron & Oak - Weir', track_id='t7', score=1.25)
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
    reason: str | None = None
    interest: str | None = None
    reason_about: Reason | None = None

    @property
    def name(self) -> str:
        """Artist and title, or the id if both are unknown."""
        return " - ".join(part for part in (self.artist, self.title) if part) or self.track_id

    def __repr__(self) -> str:
        reason = f", reason={self.reason!r}" if self.reason else ""
        return (
            f"Recommendation({self.rank}: {self.name!r}, track_id={self.track_id!r},"
            f" score={self.score:.2f}{reason})"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Recommendations(Sequence[Recommendation]):
    """Tracks for a listener, or tracks similar to a seed: a sequence of `Recommendation`.

    `user` is the listener's id, or None if only tracks were named; `seed` is the id of the track
    that others were compared with. `weights` sum to 1 over the signals that were used. `hints` are
    sentences about requests that may not have the intended effect; the last one of an empty list
    says why it is empty. `chance` has the seed that
    repeats the list, if it used randomness.

    >>> found = Recommendations("alice", {}, [Recommendation(1, "t7", "Weir", "Oak", 1.25, {})])
    >>> len(found), found[0].title, [one.track_id for one in found[:5]]
    (1, 'Weir', ['t7'])
    >>> found
    Recommendations(1 track for 'alice'):
       1  1.25  Oak - Weir (t7)
    """

    user: str | None
    weights: Mapping[str, float]
    tracks: Sequence[Recommendation]
    seed: str | None = None
    hints: Sequence[str] = ()
    chance: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tracks)

    @overload
    def __getitem__(self, place: int) -> Recommendation: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Recommendation | Self:
        """Return one track, or for a slice the same result with fewer tracks."""
        if isinstance(place, slice):
            return replace(self, tracks=self.tracks[place])
        return self.tracks[place]

    def __repr__(self) -> str:
        owner = f" similar to {self.seed!r}" if self.seed is not None else ""
        owner = f" for {self.user!r}" if self.user is not None else owner
        lines = [
            f"{pick.rank:4}  {pick.score:.2f}  {pick.name} ({pick.track_id})"
            for pick in self.tracks[:MAX_SHOWN]
        ]
        more = [f"      ... {len(self) - MAX_SHOWN} more"] if len(self) > MAX_SHOWN else []
        head = f"Recommendations({plural(len(self), 'track')}{owner})"
        return "\n".join([f"{head}:" if lines else head, *lines, *more])

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
        fields = ["rank", "track_id", "title", "artist", "score", "top_signal", "reason"]
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
