"""Signals: everything that can score tracks, one file each."""

from segue.signals.collaborative import CollaborativeSignal, opinions_of
from segue.signals.friends import FriendsSignal
from segue.signals.hybrid_matrix import HybridMatrix, as_hybrid
from segue.signals.knn import KnnModel, KnnSettings, knn
from segue.signals.lyrics import lyrics
from segue.signals.metadata import metadata
from segue.signals.padded import PaddedSignal
from segue.signals.popularity import PopularitySignal, popularity
from segue.signals.products import RowSubset
from segue.signals.recency import RecencySignal
from segue.signals.sequence import SequenceSignal, sequence
from segue.signals.signal import Profile, Scores, Signal
from segue.signals.tags import tag_matrix, tags
from segue.signals.temporal import temporal
from segue.signals.timbre import timbre
from segue.signals.vectors import VectorSignal, from_embeddings, unit_rows

__all__ = [
    "CollaborativeSignal",
    "FriendsSignal",
    "HybridMatrix",
    "KnnModel",
    "KnnSettings",
    "PaddedSignal",
    "PopularitySignal",
    "Profile",
    "RecencySignal",
    "RowSubset",
    "Scores",
    "SequenceSignal",
    "Signal",
    "VectorSignal",
    "as_hybrid",
    "from_embeddings",
    "knn",
    "lyrics",
    "metadata",
    "opinions_of",
    "popularity",
    "sequence",
    "tag_matrix",
    "tags",
    "temporal",
    "timbre",
    "unit_rows",
]
