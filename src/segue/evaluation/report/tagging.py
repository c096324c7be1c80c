"""The contents of a report on tags.

Metrics have the names of `segue.evaluation.tagging`: ``roc_auc_macro``, and ``roc_auc`` of a tag.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.evaluation.intervals import Interval
from segue.evaluation.tagging import TaggingResult
from segue.types import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """The results of one model or baseline.

    `tag_intervals` are by tag and metric; `differences` maps the name of a baseline to the
    intervals of this model minus it. `history` is that of `ClassifierReport`.
    """

    result: TaggingResult
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    tag_intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    baseline: bool = False
    history: Mapping[str, Sequence[float]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggingReport:
    """The results of models and baselines on the same `n` tracks of `split`.

    `trained_on` counts the train tracks that have each tag.
    """

    target: str
    split: Split
    n: int
    models: Mapping[str, Tagged]
    trained_on: Mapping[str, int] = field(default_factory=dict)

    @property
    def trained(self) -> dict[str, Tagged]:
        """The models that are not baselines."""
        return {name: found for name, found in self.models.items() if not found.baseline}

    @property
    def baselines(self) -> dict[str, Tagged]:
        """The models that are baselines."""
        return {name: found for name, found in self.models.items() if found.baseline}

    def to_documents(self) -> list[dict[str, Any]]:
        """Return a document per trained model, without the parts common to all reports."""
        return [self._document(name, found) for name, found in self.trained.items()]

    def _document(self, name: str, found: Tagged) -> dict[str, Any]:
        per_tag: dict[str, dict[str, Any]] = {
            tag: {
                "roc_auc": score.roc_auc,
                "average_precision": score.average_precision,
                "support": score.support,
                "trained_on": self.trained_on.get(tag),
            }
            for tag, score in found.result.per_tag.items()
        }
        for tag, intervals in found.tag_intervals.items():
            per_tag[tag] |= {f"{metric}_interval": bound for metric, bound in intervals.items()}
        return {
            "task": "tagging",
            "model": name,
            "target": self.target,
            "split": self.split,
            "n": self.n,
            "metrics": found.result.metrics,
            "intervals": found.intervals,
            "models": {each: other.result.metrics for each, other in self.models.items()},
            "model_intervals": {each: other.intervals for each, other in self.models.items()},
            "differences": found.differences,
            "baselines": list(self.baselines),
            "tags": list(found.result.per_tag),
            "judged_tags": found.result.n_judged,
            "per_tag": per_tag,
            "history": found.history,
        }
