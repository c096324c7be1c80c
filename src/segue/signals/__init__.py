"""Signals: everything that can score tracks, one file each."""

from segue.signals.knn import KnnModel, KnnSettings, knn
from segue.signals.metadata import metadata
from segue.signals.popularity import popularity
from segue.signals.sequence import sequence
from segue.signals.signal import Profile, Scores, Signal
from segue.signals.temporal import temporal
from segue.signals.timbre import timbre
from segue.signals.vectors import VectorSignal, from_embeddings

__all__ = [
    "KnnModel",
    "KnnSettings",
    "Profile",
    "Scores",
    "Signal",
    "VectorSignal",
    "from_embeddings",
    "knn",
    "metadata",
    "popularity",
    "sequence",
    "temporal",
    "timbre",
]
