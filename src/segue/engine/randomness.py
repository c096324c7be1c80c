"""Randomness: reproducible random choice by seed and listener.

Adding Gumbel noise of scale T to scores and taking the best k draws k tracks without replacement,
each with odds ``exp(score / T)`` (Kool, van Hoof and Welling, "Stochastic beams and where to find
them", ICML 2019). The noise is a function of seed, listener and track only, so it does not depend
on the other candidates.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def gumbel(seed: int, positions: NDArray[np.int64], user: str | None = None) -> NDArray[np.float64]:
    """Return standard Gumbel noise for each track, ``[n]``, by SplitMix64 of seed and position.

    The name of the listener is mixed into the seed, so that listeners get different noise.

    >>> gumbel(1, np.array([5, 6]))[0] == gumbel(1, np.array([9, 5]))[1]
    np.True_
    """
    state = _mixed(np.array([seed % 2**64], np.uint64))
    if user is not None:
        name = blake2b(user.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        state = _mixed(state ^ np.uint64(int.from_bytes(name, "little")))
    return -np.log(-np.log(_uniform(state, positions)))


def uniform(seed: int, positions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number between 0 and 1 for each track, ``[n]``: a hash of seed and position."""
    return _uniform(_mixed(np.array([seed % 2**64], np.uint64)), positions)


def _uniform(state: NDArray[np.uint64], positions: NDArray[np.int64]) -> NDArray[np.float64]:
    bits = _mixed(state + positions.astype(np.uint64) * _STEP) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) / 2.0**53


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Apply the finalizer of Steele, Lea and Flood (OOPSLA 2014); arithmetic is modulo 2^64."""
    state = state + _STEP
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))
