"""What a report holds of nearest neighbours: per space, before and after hubs are taken away.

Conventions
-----------
- Metrics go by the names of `segue.evaluation.neighbours`. ``precision@k`` is of the target with
  the artist filter, ``precision_unfiltered@k`` without; ``artist_precision@k`` and
  ``album_precision@k`` need no target.
- `split` is the part that the queries are of, or ``all``; neighbours may be of every part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.evaluation.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """How spaces did on the same queries. `n` counts, for each metric, those who could be asked.

    `differences` maps a space to paired intervals: the one that the report tells first, minus it.
    """

    split: str
    n: Mapping[str, int]
    models: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return {
            "split": self.split,
            "n": self.n,
            "models": self.models,
            "model_intervals": self.intervals,
            "differences": self.differences,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HubsTaken:
    """One space by each way to compare, on the queries of `split`.

    `used` names the way that segue compares by, None for a space that it only measures.

    `difference` is the paired interval of ``precision@10``, mutual proximity minus plain cosine.
    """

    used: str | None
    split: str
    methods: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    difference: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return {
            "used": self.used,
            "split": self.split,
            "methods": self.methods,
            "method_intervals": self.intervals,
            "difference": self.difference,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityReport:
    """How good nearest neighbours are in every space that places the library's tracks.

    `judged` holds all spaces on queries that are fair to all, as segue compares them; `everything`
    those spaces that learned no labels, on all tracks, where `judged` had to be a part. `model` is
    the space that is told first, `learned` names those that learned labels. `target` is None where
    only artists and albums could be judged.
    """

    model: str
    target: str | None
    n_tracks: int
    judged: Neighbours
    everything: Neighbours | None = None
    hubs: Mapping[str, HubsTaken] = field(default_factory=dict)
    learned: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ("random",)

    def __post_init__(self) -> None:
        if self.model not in self.judged.models:
            raise ValueError(
                f"model {self.model!r} is not among {', '.join(self.judged.models) or '(none)'}:"
                " give its metrics under its name."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``segue evaluate similarity --json``, less what reports share."""
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
