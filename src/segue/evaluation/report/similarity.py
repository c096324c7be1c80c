"""The contents of a report on similar tracks: each space, with and without hubs.

Conventions
-----------
- Metrics have the names of `segue.evaluation.neighbours`. ``precision@k`` is of the target with
  the artist filter, ``precision_unfiltered@k`` without; ``artist_precision@k`` and
  ``album_precision@k`` need no target.
- `split` is the part of the queries, or ``all``; neighbors may be of every part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.evaluation.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborScores:
    """The results of spaces on the same queries; `n` is the number of queries for each metric.

    `differences` maps a space to paired intervals: the report's main space minus it.
    """

    split: str
    n: Mapping[str, int]
    models: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {
            "split": self.split,
            "n": self.n,
            "models": self.models,
            "model_intervals": self.intervals,
            "differences": self.differences,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReduction:
    """The results of one space by each method of comparing, on the queries of `split`.

    `used` is the method that segue uses, None for a space that is only measured.

    `difference` is the paired interval of ``precision@10``, mutual proximity minus plain cosine.
    """

    used: str | None
    split: str
    methods: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    difference: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {
            "used": self.used,
            "split": self.split,
            "methods": self.methods,
            "method_intervals": self.intervals,
            "difference": self.difference,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityReport:
    """The results of nearest neighbors in every space of the library.

    `judged` has all spaces on the same queries, which no space was trained on; `everything` has the
    spaces that learned no labels on all tracks, if `judged` is a part of them. `model` is the main
    space, `learned` names those that learned labels. `target` is None if only artists and albums
    could be evaluated.
    """

    model: str
    target: str | None
    n_tracks: int
    judged: NeighborScores
    everything: NeighborScores | None = None
    hubs: Mapping[str, HubReduction] = field(default_factory=dict)
    learned: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ("random",)

    def __post_init__(self) -> None:
        if self.model not in self.judged.models:
            raise ValueError(
                f"model {self.model!r} is not among {', '.join(self.judged.models) or '(none)'}:"
                " give its metrics under its name."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``segue evaluate similarity --json``."""
        main = self.judged.to_dict()
        return {
            "task": "similarity",
            "model": self.model,
            "target": self.target,
            **main,
            "n": max(self.judged.n.values(), default=0),
            "queries": self.judged.n,
            "n_tracks": self.n_tracks,
            "metrics": self.judged.models[self.model],
            "intervals": self.judged.intervals.get(self.model, {}),
            "baselines": list(self.baselines),
            "learned": list(self.learned),
            "all_tracks": self.everything.to_dict() if self.everything else None,
            "hubs": {name: found.to_dict() for name, found in self.hubs.items()},
        }
