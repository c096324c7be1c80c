"""The prior of signal weights: what they are in many libraries, where a library has learned few.

Derivation: ``python benchmarks/weight_prior.py LIBRARY...`` draws households of 1, 2 and 3
listeners from libraries with many, trains everything on each household alone, and maximizes the
likelihood of the tracks that were held out, over all of them together. PRIOR_PRECISION was chosen
on households that were not used for that (docs/evaluation.md, "Few listeners").
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

PRIOR_WEIGHTS: Final[Mapping[str, float]] = {
    "knn": 0.4,
    "timbre": 0.3,
    "temporal": 0.2,
    "tags": 0.6,
    "lyrics": 0.1,
    "metadata": 0.2,
    "collaborative": 0.5,
    "sequence": 0.3,
    "recency": 0.3,
    "popularity": 0.1,
    "friends": 0.1,
}
DEFAULT_WEIGHT: Final = 0.2
"""The weight of a signal that is not in the table."""
PRIOR_PRECISION: Final = 10.0
"""Precision of the normal prior, in listeners."""


def prior_weights(names: Sequence[str]) -> NDArray[np.float64]:
    """Return the expected weights of some signals, ``[n]``.

    >>> prior_weights(["tags", "anything"]).tolist() == [PRIOR_WEIGHTS["tags"], DEFAULT_WEIGHT]
    True
    """
    return np.array([PRIOR_WEIGHTS.get(name, DEFAULT_WEIGHT) for name in names], np.float64)
