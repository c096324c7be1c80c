"""Exact nearest neighbors, hub reduction, and detection of duplicate recordings."""

from segue.index.exact import best, contenders, nearest, normalise
from segue.index.hubs import (
    MIN_SPREAD,
    LocalScaling,
    MutualProximity,
    Rescale,
    plain,
    probit_product,
    similarities,
)
from segue.index.recordings import (
    N_DIMENSIONS,
    find_duplicate_pairs,
    group_pairs,
    is_same_recording,
    shift_invariant_vector,
)
from segue.index.threads import for_each, one_blas_thread

__all__ = [
    "MIN_SPREAD",
    "N_DIMENSIONS",
    "LocalScaling",
    "MutualProximity",
    "Rescale",
    "best",
    "contenders",
    "find_duplicate_pairs",
    "for_each",
    "group_pairs",
    "is_same_recording",
    "nearest",
    "normalise",
    "one_blas_thread",
    "plain",
    "probit_product",
    "shift_invariant_vector",
    "similarities",
]
