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
from segue.evaluation.report.similarity import HubsTaken, Neighbours, SimilarityReport
from segue.evaluation.report.tagging import Tagged, TaggingReport
from segue.evaluation.report.verdict import Verdict, verdict
from segue.evaluation.report.writing import write_report

__all__ = [
    "ClassifierReport",
    "Curve",
    "EmbeddingMap",
    "HubsTaken",
    "Measurement",
    "Mistake",
    "Neighbours",
    "RecommendationReport",
    "Report",
    "SimilarityReport",
    "Tagged",
    "TaggingReport",
    "Verdict",
    "verdict",
    "write_report",
]
