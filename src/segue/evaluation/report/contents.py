"""The contents of a report: measured numbers, and how they were measured.

Conventions
-----------
- Metrics have the names of `segue.evaluation`: ``f1_macro``, ``ndcg@10``. Intervals are ``(low,
  high)``.
- A *difference* is the interval of the paired difference: this model minus the other one.
- NaN means undefined; documents (`Report.to_document`) use null.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.evaluation.classification import ClassificationResult
from segue.evaluation.intervals import Interval
from segue.evaluation.report.details import Details
from segue.evaluation.report.session_report import SessionReport
from segue.evaluation.report.similarity import SimilarityReport
from segue.evaluation.report.tagging import TaggingReport
from segue.types import Split

Intervals = Mapping[str, Interval]
BLENDS = ("personal", "global")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One misclassified track; `confidence` is the predicted probability."""

    title: str | None
    artist: str | None
    true: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierReport:
    """The results of a classifier or baseline on the tracks of `split`.

    `target` is the predicted column (``genre``). `f1_intervals` are in the order of the classes.
    `history` has one value per epoch under ``loss``, ``val_loss``, ``accuracy``,
    ``val_accuracy``. `differences` maps the name of another classifier to the intervals of the
    difference in each metric. `trained_on` counts the train tracks of each class.
    """

    name: str
    target: str
    split: Split
    result: ClassificationResult
    intervals: Intervals = field(default_factory=dict)
    f1_intervals: Sequence[Interval] = ()
    baseline: bool = False
    history: Mapping[str, Sequence[float]] | None = None
    differences: Mapping[str, Intervals] = field(default_factory=dict)
    trained_on: Mapping[str, int] = field(default_factory=dict)
    mistakes: Sequence[Mistake] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean precision@k and recall@k for k = 1, 2, ..."""

    precision: Sequence[float]
    recall: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationReport:
    """The results of ranked lists of the engine, every single signal and the baselines.

    `models` maps each to its metrics, in the order shown; `engine` names the one that listeners
    get. `n` is the number of evaluated listeners, `n_tracks` of tracks to choose from.
    `differences` maps another model to the intervals of engine minus it, `p_values` to their
    p-values. With fewer than `MIN_LISTENERS_FOR_CLAIMS` listeners the intervals are those of
    `segue.evaluation.held_out_intervals`, and there are no p-values. `details` are parts beyond
    the table; `notes` explain parts that could not be measured. `protocol` is the published
    protocol that was followed, None for segue's own, and `shown` its metrics.
    """

    engine: str
    split: Split
    n: int
    n_tracks: int
    models: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Intervals] = field(default_factory=dict)
    differences: Mapping[str, Intervals] = field(default_factory=dict)
    p_values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    baselines: tuple[str, ...] = ("popularity", "random")
    curves: Mapping[str, Curve] = field(default_factory=dict)
    simulated: bool = False
    details: Details = field(default_factory=Details)
    notes: tuple[str, ...] = ()
    protocol: str | None = None
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.engine not in self.models:
            raise ValueError(
                f"engine {self.engine!r} is not among the models "
                f"{', '.join(self.models) or '(none)'}: give its metrics under its name."
            )

    @property
    def signals(self) -> list[str]:
        """The single signals among the models."""
        others = {self.engine, *self.baselines, *BLENDS}
        return [name for name in self.models if name not in others]

    @property
    def cuts(self) -> list[int]:
        """Every k of metrics such as ``ndcg@10``, ascending."""
        return sorted(
            {int(name.rpartition("@")[2]) for name in self.models[self.engine] if "@" in name}
        )

    @property
    def main_cut(self) -> int:
        """The k that is shown first: 10, or the nearest that was measured."""
        return min(self.cuts, key=lambda k: (abs(k - 10), k), default=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingMap:
    """Tracks in two dimensions: ``xy [n, 2]``, and their classes (None if unknown)."""

    name: str
    xy: NDArray[np.floating]
    labels: Sequence[str | None]

    def __post_init__(self) -> None:
        if self.xy.shape != (len(self.labels), 2):
            raise ValueError(
                f"xy has shape {self.xy.shape} for {len(self.labels)} labels: "
                "give one point on the plane for each."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The conditions of a measurement.

    `split_method` describes the split. `counts` has the number of ``tracks``, ``artists`` or
    ``listens`` in each part. `artist_disjoint` is None if it was not checked. `settings` are
    further facts by name.
    """

    dataset: str
    seed: int
    created: datetime
    split_method: str
    artist_disjoint: bool | None = None
    confidence: float = 0.95
    n_resamples: int = 2000
    counts: Mapping[str, Mapping[Split, int]] = field(default_factory=dict)
    undividable: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of one run of `segue evaluate`.

    `subject` is a model's name, ``similarity``, ``recommendations``, ``sessions`` or ``all``.
    `notes` explain parts that could not be measured.
    """

    measurement: Measurement
    subject: str = "all"
    classifiers: tuple[ClassifierReport, ...] = ()
    recommendations: tuple[RecommendationReport, ...] = ()
    similarity: SimilarityReport | None = None
    sessions: SessionReport | None = None
    tagging: TaggingReport | None = None
    maps: tuple[EmbeddingMap, ...] = ()
    notes: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return the document of ``segue evaluate --json``: JSON-safe, null for undefined.

        It has the fields of the main result (the recommendations, or else the first result), and
        `other_results` with the same fields for each further one. docs/evaluation.md lists them.

        Raises
        ------
        ValueError
            If the subject is one model but several, or none, were measured.
        """
        results = [self._recommendation(found) for found in self.recommendations]
        results += [self._classification(found) for found in self.classifiers if not found.baseline]
        results += self.tagging.to_documents() if self.tagging else []
        results += [self.similarity.to_dict()] if self.similarity else []
        results += [self.sessions.to_dict()] if self.sessions else []
        if self.subject != "all" and len(results) != 1:
            raise ValueError(
                f"the report on {self.subject!r} holds {len(results)} results: give one, "
                "or the subject 'all'."
            )
        main, *others = results or [{}]
        shared = {
            "subject": self.subject,
            "other_results": others,
            "notes": list(self.notes),
            "measured": self._measured(),
        }
        return _json_object(main | shared)

    def rivals(self, of: ClassifierReport) -> tuple[ClassifierReport, ...]:
        """Return all classifiers that were evaluated on the same tracks, itself included."""
        return tuple(
            found
            for found in self.classifiers
            if (found.target, found.split, found.result.n) == (of.target, of.split, of.result.n)
        )

    def _classification(self, found: ClassifierReport) -> dict[str, Any]:
        result, rivals = found.result, self.rivals(found)
        per_class: dict[str, dict[str, Any]] = {
            name: {
                "precision": score.precision,
                "recall": score.recall,
                "f1": score.f1,
                "support": score.support,
            }
            for name, score in result.per_class.items()
        }
        for name, interval in zip(result.class_names, found.f1_intervals, strict=False):
            per_class[name]["f1_interval"] = interval
        return {
            "task": "classification",
            "model": found.name,
            "target": found.target,
            "split": found.split,
            "n": result.n,
            "metrics": result.metrics,
            "intervals": found.intervals,
            "models": {rival.name: rival.result.metrics for rival in rivals},
            "model_intervals": {rival.name: rival.intervals for rival in rivals},
            "differences": found.differences,
            "baselines": [rival.name for rival in rivals if rival.baseline],
            "per_class": per_class,
            "classes": result.class_names,
            "confusion": result.confusion.tolist(),
            "history": found.history,
        }

    def _recommendation(self, found: RecommendationReport) -> dict[str, Any]:
        return {
            "task": "recommendation",
            "model": found.engine,
            "target": None,
            "split": found.split,
            "n": found.n,
            "n_tracks": found.n_tracks,
            "simulated": found.simulated,
            "protocol": found.protocol,
            "shown": found.shown,
            "metrics": found.models[found.engine],
            "intervals": found.intervals.get(found.engine, {}),
            "models": found.models,
            "model_intervals": found.intervals,
            "differences": found.differences,
            "p_values": found.p_values,
            "baselines": [name for name in found.baselines if name in found.models],
            "curves": {
                name: {"precision": curve.precision, "recall": curve.recall}
                for name, curve in found.curves.items()
            },
            **found.details.to_dict(),
        }

    def _measured(self) -> dict[str, Any]:
        how = self.measurement
        return {
            "dataset": how.dataset,
            "seed": how.seed,
            "created": how.created.isoformat(),
            "split_method": how.split_method,
            "artist_disjoint": how.artist_disjoint,
            "confidence": how.confidence,
            "n_resamples": how.n_resamples,
            "counts": how.counts,
            "undividable_classes": how.undividable,
            "versions": how.versions,
            "settings": how.settings,
        }


def _json_object(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json_safe(value) for name, value in fields.items()}


def _json_safe(value: Any) -> Any:
    """Return `value` in JSON types, with null for numbers that JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): _json_safe(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return _json_safe(value.tolist())
    if isinstance(value, list | tuple):
        return [_json_safe(entry) for entry in value]
    if isinstance(value, np.generic):
        return _json_safe(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
