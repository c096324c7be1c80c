"""Signals: everything that can score tracks, one file each."""

from segue.signals.collaborative import CollaborativeSignal, opinions_of
from segue.signals.earlier import EarlierSignal
from segue.signals.friends import FriendsSignal
from segue.signals.knn import KnnModel, KnnSettings, knn
from segue.signals.lyrics import lyrics
from segue.signals.metadata import metadata
from segue.signals.mixed import MixedMatrix, mixed
from segue.signals.popularity import PopularitySignal, popularity
from segue.signals.products import TakenRows
from segue.signals.recency import RecencySignal
from segue.signals.sequence import SequenceSignal, sequence
from segue.signals.signal import Profile, Scores, Signal
from segue.signals.tags import tag_matrix, tags
from segue.signals.temporal import temporal
from segue.signals.timbre import timbre
from segue.signals.vectors import VectorSignal, from_embeddings, unit_rows

__all__ = [
    "CollaborativeSignal",
    "EarlierSignal",
    "FriendsSignal",
    "KnnModel",
    "KnnSettings",
    "MixedMatrix",
    "PopularitySignal",
    "Profile",
    "RecencySignal",
    "Scores",
    "SequenceSignal",
    "Signal",
    "TakenRows",
    "VectorSignal",
    "from_embeddings",
    "knn",
    "lyrics",
    "metadata",
    "mixed",
    "opinions_of",
    "popularity",
    "sequence",
    "tag_matrix",
    "tags",
    "temporal",
    "timbre",
    "unit_rows",
]
