"""The contents of a report on recommendations, beyond the main table.

Conventions
-----------
- Metrics have the names of `segue.evaluation`; intervals are ``(low, high)``.
- Every part may be None or empty if it was not measured.
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
    """The results of several models on the same `n` listeners."""

    n: int
    models: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {"n": self.n, "models": self.models, "model_intervals": self.intervals}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelComparison:
    """`first` minus `second` in one metric, on all listeners."""

    first: str
    second: str
    metric: str
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        named = {"first": self.first, "second": self.second, "metric": self.metric}
        return named | self.difference.to_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerGroup:
    """A group of listeners, with values from `low` to `high` of the grouping property.

    By metric, `gains` are the differences of personal and global weights, `over_single` of personal
    weights and the best single signal.
    """

    name: str
    low: float
    high: float
    figures: Figures
    gains: Mapping[str, Difference]
    over_single: Mapping[str, Difference] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {
            "name": self.name,
            "low": self.low,
            "high": self.high,
            **self.figures.to_dict(),
            "personal_minus_global": {k: found.to_dict() for k, found in self.gains.items()},
            "personal_minus_best_single": {
                k: found.to_dict() for k, found in self.over_single.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdTracks:
    """Results on `n_tracks` without any listens in training, ranked among themselves.

    `ratios` are nDCG@20 of each model relative to tag similarity, with intervals; empty without
    tags.
    """

    n_tracks: int
    figures: Figures
    ratios: Mapping[str, tuple[float, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        ratios = {k: {"ratio": ratio, "interval": span} for k, (ratio, span) in self.ratios.items()}
        return {"n_tracks": self.n_tracks, **self.figures.to_dict(), "by_tags": ratios}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Results of each content signal, original and with content exchanged between tracks.

    `real` and `shuffled` name the same signals; `chance` are random lists. `shuffles` is the number
    of exchanges that numbers are means of. `fell` marks signals that drop to chance.
    """

    real: Figures
    shuffled: Figures
    chance: Figures
    shuffles: int
    fell: Mapping[str, bool]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {
            "real": self.real.to_dict(),
            "shuffled": self.shuffled.to_dict(),
            "chance": self.chance.to_dict(),
            "shuffles": self.shuffles,
            "fell_to_chance": self.fell,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPoint:
    """Metrics of lists at one setting of a dial; `setting` is None if a cap is off."""

    setting: float | None
    metrics: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {"setting": self.setting, "metrics": self.metrics}


@dataclass(frozen=True, slots=True, kw_only=True)
class DialCurves:
    """Metrics at several settings of each dial, on lists of `k` for `n` listeners."""

    n: int
    k: int
    curves: Mapping[str, Sequence[DialPoint]]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        curves = {name: [one.to_dict() for one in found] for name, found in self.curves.items()}
        return {"n": self.n, "k": self.k, "curves": curves}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithful:
    """Faithfulness of top signals, for the first `k` tracks of `n_listeners`: `n_tracks` in all.

    `named` is the share with a named top signal, `share` the share of those that fall without it,
    `by_largest` the share of all that fall without their largest part.
    """

    n_listeners: int
    k: int
    n_tracks: int
    named: float
    share: float
    by_largest: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        names = ("n_listeners", "k", "n_tracks", "named", "share", "by_largest")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTrack:
    """Results of next-track prediction at `n_plays` plays.

    `model` is segue's; `ahead` maps a metric to its best baseline and segue's difference from it.
    """

    model: str
    n_plays: int
    figures: Figures
    ahead: Mapping[str, tuple[str, Difference]]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
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
class Organic:
    """Results on all held-out tracks, and on those that segue did not propose.

    `share` is the share of organic plays among the `n_plays` held-out plays whose origin is known.
    """

    n_plays: int
    share: float
    on_all: Figures
    on_organic: Figures

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {
            "n_plays": self.n_plays,
            "share": self.share,
            "all": self.on_all.to_dict(),
            "organic": self.on_organic.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All parts beyond the main table.

    `best_single` names the best single signal. `groups` are by property (``popularity``,
    ``history``); `cold_listeners` maps the number of picked tracks to the results.
    """

    best_single: str | None = None
    comparisons: Sequence[ModelComparison] = ()
    groups: Mapping[str, Sequence[ListenerGroup]] = field(default_factory=dict)
    cold_tracks: ColdTracks | None = None
    cold_listeners: Mapping[int, Figures] = field(default_factory=dict)
    control: Control | None = None
    dials: DialCurves | None = None
    faithfulness: Faithful | None = None
    next_track: NextTrack | None = None
    organic: Organic | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the additional keys of a document on recommendations."""
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
            "organic": self.organic and self.organic.to_dict(),
        }
