"""The evaluation report: dataclasses, a JSON document and an HTML page."""

from segue.evaluation.report.contents import (
    ClassifierReport,
    Curve,
    EmbeddingMap,
    Measurement,
    Mistake,
    RecommendationReport,
    Report,
)
from segue.evaluation.report.details import (
    ColdTracks,
    Control,
    Details,
    DialCurves,
    DialPoint,
    Faithful,
    Figures,
    ListenerGroup,
    ModelComparison,
    NextTrack,
    Organic,
)
from segue.evaluation.report.files import current_document, report_files
from segue.evaluation.report.session_report import SessionReport
from segue.evaluation.report.similarity import HubReduction, NeighborScores, SimilarityReport
from segue.evaluation.report.tagging import Tagged, TaggingReport

__all__ = [
    "ClassifierReport",
    "ColdTracks",
    "Control",
    "Curve",
    "Details",
    "DialCurves",
    "DialPoint",
    "EmbeddingMap",
    "Faithful",
    "Figures",
    "HubReduction",
    "ListenerGroup",
    "Measurement",
    "Mistake",
    "ModelComparison",
    "NeighborScores",
    "NextTrack",
    "Organic",
    "RecommendationReport",
    "Report",
    "SessionReport",
    "SimilarityReport",
    "Tagged",
    "TaggingReport",
    "current_document",
    "report_files",
]
