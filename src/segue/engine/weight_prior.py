"""The prior of signal weights: what they are in many libraries, where a library has learned few.

Derivation: ``python benchmarks/weight_prior.py LIBRARY...`` draws households of 1, 2 and 3
listeners from libraries with many, trains everything on each household alone, and finds the weights
under which the tracks that were held out are likeliest, over all of them together. On Last.fm
(HetRec; 49 listeners), Last.fm-1K (49) and fifteen simulated people (30 draws) that is: tags .70, -
and .00; sequence -, .10 and .11; recency .00, .07 and .13; metadata .00; popularity .01, .00, .00.
With these alone, lists of simulated people keep less to the genres that they like
(``benchmarks/personas.py``: 180 of 202 checks pass with a first version of them): likelihood
rewards what is played next, and people expect what they like. So signals that compare content keep
weights that are assumed, sound and tags the most; popularity and sequence are near what was found.
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
    "sequence": 0.2,
    "recency": 0.3,
    "popularity": 0.05,
    "friends": 0.1,
}
DEFAULT_WEIGHT: Final = 0.1
"""The weight of a signal that is not in the table."""
PRIOR_PRECISION: Final = 10.0
"""Precision of the normal prior, in listeners."""


def prior_weights(names: Sequence[str]) -> NDArray[np.float64]:
    """Return the expected weights of some signals, ``[n]``.

    >>> prior_weights(["tags", "anything"]).tolist() == [PRIOR_WEIGHTS["tags"], DEFAULT_WEIGHT]
    True
    """
    return np.array([PRIOR_WEIGHTS.get(name, DEFAULT_WEIGHT) for name in names], np.float64)
