"""Splits, metrics, intervals and the report: how good segue is on a user's own data."""

from segue.evaluation.classification import (
    CLASSIFICATION_METRICS,
    ClassificationResult,
    ClassScore,
    classification_metrics,
    confusion_matrix,
)
from segue.evaluation.intervals import (
    Interval,
    bootstrap_interval,
    classification_difference,
    classification_intervals,
    paired_difference,
)
from segue.evaluation.listen_split import split_listens
from segue.evaluation.neighbours import (
    HUB_CUT,
    PRECISION_CUTS,
    Hubness,
    expected_precision,
    hubness,
    precision_per_query,
)
from segue.evaluation.projection import embedding_map
from segue.evaluation.ranking import (
    RANKING_METRICS,
    RankingResult,
    gini,
    precision_recall_curve,
    ranking_metrics,
)
from segue.evaluation.report import (
    ClassifierReport,
    Curve,
    EmbeddingMap,
    HubsTaken,
    Measurement,
    Mistake,
    Neighbours,
    RecommendationReport,
    Report,
    SimilarityReport,
    Verdict,
    verdict,
    write_report,
)
from segue.evaluation.track_split import (
    absent_classes,
    split_tracks,
    straddling_groups,
    undividable_classes,
)

__all__ = [
    "CLASSIFICATION_METRICS",
    "HUB_CUT",
    "PRECISION_CUTS",
    "RANKING_METRICS",
    "ClassScore",
    "ClassificationResult",
    "ClassifierReport",
    "Curve",
    "EmbeddingMap",
    "Hubness",
    "HubsTaken",
    "Interval",
    "Measurement",
    "Mistake",
    "Neighbours",
    "RankingResult",
    "RecommendationReport",
    "Report",
    "SimilarityReport",
    "Verdict",
    "absent_classes",
    "bootstrap_interval",
    "classification_difference",
    "classification_intervals",
    "classification_metrics",
    "confusion_matrix",
    "embedding_map",
    "expected_precision",
    "gini",
    "hubness",
    "paired_difference",
    "precision_per_query",
    "precision_recall_curve",
    "ranking_metrics",
    "split_listens",
    "split_tracks",
    "straddling_groups",
    "undividable_classes",
    "verdict",
    "write_report",
]
