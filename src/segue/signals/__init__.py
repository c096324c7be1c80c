"""Signals: each scores tracks for listeners or against a track; one file each."""

from segue.signals.collaborative import CollaborativeSignal, opinions_of
from segue.signals.definition import (
    ListeningInputs,
    SignalColor,
    SignalDefinition,
    SignalInfo,
    TrackInputs,
)
from segue.signals.friends import FriendsSignal
from segue.signals.hybrid_matrix import HybridMatrix, as_hybrid, matrix_from, matrix_parts, narrow
from segue.signals.knn import KnnModel, KnnSettings, knn
from segue.signals.lyrics import lyrics
from segue.signals.metadata import metadata
from segue.signals.padded import PaddedSignal
from segue.signals.popularity import PopularitySignal, popularity
from segue.signals.products import RowSubset
from segue.signals.recency import RecencySignal
from segue.signals.registry import SIGNALS, load_signal, save_signal
from segue.signals.sequence import SequenceSignal
from segue.signals.signal import Scores, Signal, SignalWrapper, UserProfile, reads_same
from segue.signals.tags import tag_matrix, tags
from segue.signals.temporal import temporal
from segue.signals.timbre import timbre
from segue.signals.vectors import VectorSignal, from_embeddings, unit_rows

__all__ = [
    "SIGNALS",
    "CollaborativeSignal",
    "FriendsSignal",
    "HybridMatrix",
    "KnnModel",
    "KnnSettings",
    "ListeningInputs",
    "PaddedSignal",
    "PopularitySignal",
    "RecencySignal",
    "RowSubset",
    "Scores",
    "SequenceSignal",
    "Signal",
    "SignalColor",
    "SignalDefinition",
    "SignalInfo",
    "SignalWrapper",
    "TrackInputs",
    "UserProfile",
    "VectorSignal",
    "as_hybrid",
    "from_embeddings",
    "knn",
    "load_signal",
    "lyrics",
    "matrix_from",
    "matrix_parts",
    "metadata",
    "narrow",
    "opinions_of",
    "popularity",
    "reads_same",
    "save_signal",
    "tag_matrix",
    "tags",
    "temporal",
    "timbre",
    "unit_rows",
]
