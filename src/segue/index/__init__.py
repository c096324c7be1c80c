"""Nearest neighbours: exact, and free of hubs. And which tracks are one recording."""

from segue.index.exact import best, nearest, normalise
from segue.index.hubs import (
    MIN_SPREAD,
    LocalScaling,
    MutualProximity,
    Rescale,
    both_nearer,
    likenesses,
    plain,
)
from segue.index.landmarks import N_LANDMARKS, Neighbours, near_neighbours
from segue.index.recordings import N_DIMENSIONS, alike_pairs, grouped, shiftless
from segue.index.threads import for_each, one_blas_thread

__all__ = [
    "MIN_SPREAD",
    "N_DIMENSIONS",
    "N_LANDMARKS",
    "LocalScaling",
    "MutualProximity",
    "Neighbours",
    "Rescale",
    "alike_pairs",
    "best",
    "both_nearer",
    "for_each",
    "grouped",
    "likenesses",
    "near_neighbours",
    "nearest",
    "normalise",
    "one_blas_thread",
    "plain",
    "shiftless",
]
