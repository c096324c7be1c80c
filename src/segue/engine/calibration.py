"""Calibration: a list with the same mix of genres as the listener's own.

Steck, "Calibrated recommendations" (RecSys 2018): the miscalibration of a list is the divergence
``KL(p || q)`` of the listener's mix p and the list's mix q, smoothed so that a genre missing from
the list does not make it infinite; the list is filled greedily.

With c(g) the sum of the mixes of the n tracks so far, smoothing q by one more track that has the
listener's own mix gives ``q(g) = (c(g) + p(g)) / (n + 1)`` and
``KL = const - sum_g p(g) log(c(g) + p(g)) + log(n + 1)``. The last term is the same for every
candidate, so the greedy choice is by the *gain* of a track i of mix q_i,

    gain_i = sum_g p(g) log(1 + q_i(g) / (c(g) + p(g)))        in nats, never below 0

which only falls as the list grows: the scores of a calibrated list still descend.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.catalogue_arrays import Matrix


@dataclass
class Calibration:
    """The gains of a pool of candidates, ``gains [n_pool]``, as a list is filled.

    Parameters
    ----------
    taste
        The listener's mix p, ``[n_genres]``, of sum 1 or 0.
    mixes
        Of the candidates, sparse ``[n_pool, n_genres]``.
    """

    taste: NDArray[np.float64]
    mixes: Matrix
    gains: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Compute the gains for the first track."""
        # one entry per genre that a candidate shares with the listener, ordered by candidate
        mixes = sparse.coo_array(self.mixes)
        own = self.taste[mixes.col] > 0
        self._candidates, self._genres = mixes.row[own], mixes.col[own]
        self._shares = mixes.data[own].astype(np.float64)
        self._so_far = self.taste.copy()
        self._added = np.zeros(len(self._shares))
        self.gains = np.zeros(self.mixes.shape[0])
        self._renew(np.arange(len(self._shares)))

    def choose(self, candidate: int) -> None:
        """Add a candidate to the list, which lowers the gains of its genres."""
        start, end = np.searchsorted(self._candidates, [candidate, candidate + 1])
        touched = np.zeros(len(self.taste), bool)
        touched[self._genres[start:end]] = True
        self._so_far[self._genres[start:end]] += self._shares[start:end]
        self._renew(np.flatnonzero(touched[self._genres]))

    def _renew(self, entries: NDArray[np.int64]) -> None:
        genres = self._genres[entries]
        now = self.taste[genres] * np.log1p(self._shares[entries] / self._so_far[genres])
        self.gains += np.bincount(
            self._candidates[entries], now - self._added[entries], minlength=len(self.gains)
        )
        self._added[entries] = now


def divergence(
    taste: NDArray[np.float64], mix: NDArray[np.float64], smoothing: float = 0.01
) -> float:
    """Return ``KL(p || q)`` in nats of a list's mix from the listener's, smoothing q as Steck does.

    >>> even, folk = np.array([0.5, 0.5]), np.array([1.0, 0.0])
    >>> round(divergence(even, even), 6), round(divergence(even, folk), 2)
    (0.0, 1.96)
    """
    own = taste > 0
    smooth = (1 - smoothing) * mix[own] + smoothing * taste[own]
    return float((taste[own] * np.log(taste[own] / smooth)).sum())
