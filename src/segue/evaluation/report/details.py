"""What a report says of recommendations beyond the main table: for whom, for what, at what price.

Conventions
-----------
- Metrics go by the names of DESIGN.md; intervals are ``(low, high)``.
- Every part may be missing: None, or empty, where it was not measured.
- A *likeness* of a list is the mean cosine between its tracks; *off taste* is the divergence (in
  nats) of its mix of genres or tags from the listener's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.evaluation.intervals import Interval
from segue.evaluation.significance import Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How several ways to recommend did on the same `n` listeners."""

    n: int
    models: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return {"n": self.n, "models": self.models, "model_intervals": self.intervals}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`first` minus `second` in one metric, on all listeners."""

    first: str
    second: str
    metric: str
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        named = {"first": self.first, "second": self.second, "metric": self.metric}
        return named | self.difference.to_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerGroup:
    """Some of the listeners, of values `low` to `high` in what they are divided by.

    `gains` are what personal weights bring over everyone's, by metric.
    """

    name: str
    low: float
    high: float
    figures: Figures
    gains: Mapping[str, Difference]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return {
            "name": self.name,
            "low": self.low,
            "high": self.high,
            **self.figures.to_dict(),
            "personal_minus_global": {k: found.to_dict() for k, found in self.gains.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdTracks:
    """`n_tracks` that no model was told of any listen of, ranked among themselves.

    `ratios` are nDCG@20 of each model by that of the tags' cosine, with intervals; empty where
    there are no tags.
    """

    n_tracks: int
    figures: Figures
    ratios: Mapping[str, tuple[float, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        ratios = {k: {"ratio": ratio, "interval": span} for k, (ratio, span) in self.ratios.items()}
        return {"n_tracks": self.n_tracks, **self.figures.to_dict(), "by_tags": ratios}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Each content signal as it is, and with its tracks' places exchanged at random.

    `real` and `shuffled` name the same signals; `chance` are random lists. `shuffles` says over how
    many exchanges figures are means. A signal `fell` where it is no better than chance afterwards.
    """

    real: Figures
    shuffled: Figures
    chance: Figures
    shuffles: int
    fell: Mapping[str, bool]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return {
            "real": self.real.to_dict(),
            "shuffled": self.shuffled.to_dict(),
            "chance": self.chance.to_dict(),
            "shuffles": self.shuffles,
            "fell_to_chance": self.fell,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPoint:
    """What lists are like at one setting of a dial; `setting` is None where a cap is off."""

    setting: float | None
    metrics: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return {"setting": self.setting, "metrics": self.metrics}


@dataclass(frozen=True, slots=True, kw_only=True)
class DialCurves:
    """What each dial costs and brings, on lists of `k` for `n` listeners."""

    n: int
    k: int
    curves: Mapping[str, Sequence[DialPoint]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        curves = {name: [one.to_dict() for one in found] for name, found in self.curves.items()}
        return {"n": self.n, "k": self.k, "curves": curves}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithful:
    """Of the first `k` tracks of `n_listeners`, `n_tracks` in all: whether reasons are the reasons.

    `named` is the share for which a top signal is named, `share` the share of those that fall when
    it is taken away, `by_largest` the share of all that fall without their largest part.
    """

    n_listeners: int
    k: int
    n_tracks: int
    named: float
    share: float
    by_largest: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        names = ("n_listeners", "k", "n_tracks", "named", "share", "by_largest")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTrack:
    """How well the very next play is told, at `n_plays` plays.

    `model` is ours; `ahead` maps a metric to the best baseline in it and ours minus it.
    """

    model: str
    n_plays: int
    figures: Figures
    ahead: Mapping[str, tuple[str, Difference]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        ahead = {
            metric: {"baseline": name} | found.to_dict()
            for metric, (name, found) in self.ahead.items()
        }
        return {
            "model": self.model,
            "n_plays": self.n_plays,
            **self.figures.to_dict(),
            "ahead_of_best_baseline": ahead,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All parts beyond the main table.

    `best_single` names the best single signal. `groups` are listeners by what divides them
    (``popularity``, ``history``); `cold_listeners` maps how many picked tracks a new listener
    starts from to how lists did.
    """

    best_single: str | None = None
    comparisons: Sequence[Comparison] = ()
    groups: Mapping[str, Sequence[ListenerGroup]] = field(default_factory=dict)
    cold_tracks: ColdTracks | None = None
    cold_listeners: Mapping[int, Figures] = field(default_factory=dict)
    control: Control | None = None
    dials: DialCurves | None = None
    faithfulness: Faithful | None = None
    next_track: NextTrack | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the keys that a document of recommendations has beyond the contract's."""
        cold = {
            "tracks": self.cold_tracks and self.cold_tracks.to_dict(),
            "listeners": {str(n): found.to_dict() for n, found in self.cold_listeners.items()},
        }
        return {
            "best_single": self.best_single,
            "comparisons": [found.to_dict() for found in self.comparisons],
            "groups": {by: [one.to_dict() for one in found] for by, found in self.groups.items()},
            "cold": cold,
            "control": self.control and self.control.to_dict(),
            "dials": self.dials and self.dials.to_dict(),
            "faithfulness": self.faithfulness and self.faithfulness.to_dict(),
            "next_track": self.next_track and self.next_track.to_dict(),
        }
