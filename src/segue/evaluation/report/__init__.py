"""The report: what was measured, as dataclasses, a document and one HTML page."""

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
    Comparison,
    Control,
    Details,
    DialCurves,
    DialPoint,
    Faithful,
    Figures,
    ListenerGroup,
    NextTrack,
)
from segue.evaluation.report.similarity import HubsTaken, Neighbours, SimilarityReport
from segue.evaluation.report.tagging import Tagged, TaggingReport
from segue.evaluation.report.templates import detail_findings
from segue.evaluation.report.writing import write_report

__all__ = [
    "ClassifierReport",
    "ColdTracks",
    "Comparison",
    "Control",
    "Curve",
    "Details",
    "DialCurves",
    "DialPoint",
    "EmbeddingMap",
    "Faithful",
    "Figures",
    "HubsTaken",
    "ListenerGroup",
    "Measurement",
    "Mistake",
    "Neighbours",
    "NextTrack",
    "RecommendationReport",
    "Report",
    "SimilarityReport",
    "Tagged",
    "TaggingReport",
    "detail_findings",
    "write_report",
]
