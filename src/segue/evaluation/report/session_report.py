"""The contents of a report on sessions: next-item prediction from the plays of a session alone.

Metrics have the names of `segue.evaluation.session_metrics`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.evaluation.intervals import Interval
from segue.types import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """The results of models at the same `n` points of `n_sessions` sessions.

    `model` is segue's; `differences` maps another model to paired intervals: segue's minus it.
    `n_known` is the number of sessions that the models were fitted on.
    """

    model: str
    split: Split
    n: int
    n_sessions: int
    n_known: int
    n_tracks: int
    models: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``segue evaluate sessions --json``."""
        return {
            "task": "sessions",
            "model": self.model,
            "target": None,
            "split": self.split,
            "n": self.n,
            "n_sessions": self.n_sessions,
            "n_known_sessions": self.n_known,
            "n_tracks": self.n_tracks,
            "metrics": self.models[self.model],
            "intervals": self.intervals.get(self.model, {}),
            "models": self.models,
            "model_intervals": self.intervals,
            "differences": self.differences,
            "baselines": [name for name in self.models if name != self.model],
        }
