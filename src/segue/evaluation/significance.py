"""Paired comparison of two models on the same listeners: difference, interval, p-value.

Conventions
-----------
- Values are paired: one per listener for each model, in the same order. A listener with NaN in
  either is left out.
- The interval is the percentile bootstrap's (`segue.evaluation.intervals`); `p` is the share of
  random sign flips of the differences whose mean is at least as far from 0, two-sided. Up to
  `EXACT` listeners all flips are used; else 10,000 are drawn, and p is at least 1/10,001.
- One model is called better only if the interval excludes 0 and `p` is below `ALPHA`. With fewer
  than `MIN_LISTENERS_FOR_CLAIMS` listeners neither is given: a bootstrap over so few is far too
  narrow.

Source: the sign-flip (Fisher's randomisation) test, compared with others for ranked lists in
Smucker, Allan and Carterette, "A comparison of statistical significance tests for information
retrieval evaluation", 2007.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.intervals import DEFAULT_RESAMPLES, Interval, bootstrap_interval
from segue.evaluation.resamples import FloatArray, resampled_sums

MIN_LISTENERS_FOR_CLAIMS = 20
"""With fewer listeners reports say what was measured and claim nothing about listeners."""

ALPHA = 0.05

EXACT = 12
"""Up to this many listeners, all sign flips are used."""

_FLIPS = 10_000
_CHUNK = 2_000_000  # signs held at a time


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of first minus second over `n` listeners, its 95 % interval, and its p-value.

    Interval and p are NaN with fewer than `MIN_LISTENERS_FOR_CLAIMS`. `identical` is whether the
    two are the same for every listener.
    """

    mean: float
    interval: Interval
    p: float
    n: int
    identical: bool = False

    @property
    def is_measurable(self) -> bool:
        """Whether there are enough listeners to tell which of the two is better."""
        return self.n >= MIN_LISTENERS_FOR_CLAIMS

    @property
    def side(self) -> int:
        """1 if the first is better, -1 if the second is, 0 if that cannot be told."""
        low, high = self.interval
        if not self.is_measurable or not self.p < ALPHA:
            return 0
        return int(low > 0) - int(high < 0)

    @property
    def is_none(self) -> bool:
        """Whether the two are identical for every listener."""
        return self.identical or (self.mean == 0 and self.p == 1)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-compatible form."""
        return {"mean": self.mean, "interval": self.interval, "p": self.p, "n": self.n}


def paired(first: ArrayLike, second: ArrayLike, *, seed: int) -> Difference:
    """Compare two models by one metric on the same listeners.

    Parameters
    ----------
    first, second : float [n]

    Raises
    ------
    ValueError
        If they are not of one length.

    Examples
    --------
    >>> found = paired([0.75] * 20, [0.25] * 20, seed=0)
    >>> found.mean, found.interval, found.p < 0.001, found.side
    (0.5, (0.5, 0.5), True, 1)
    >>> few = paired([0.75, 0.5, 1.0], [0.25, 0.0, 0.5], seed=0)
    >>> few.mean, few.interval, few.side
    (0.5, (nan, nan), 0)
    """
    left, right = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(
            f"the two have shapes {left.shape} and {right.shape}: give both on the same listeners."
        )
    differences = (left - right)[np.isfinite(left - right)]
    nan, n = float("nan"), len(differences)
    mean = float(differences.mean()) if n else nan
    same = n > 0 and not differences.any()
    if n < MIN_LISTENERS_FOR_CLAIMS:
        return Difference(mean, (nan, nan), nan, n, same)
    bounds = bootstrap_interval(differences, seed=seed)
    return Difference(mean, bounds, sign_flip(differences, seed=seed), n, same)


def sign_flip(differences: ArrayLike, *, seed: int, n_flips: int = _FLIPS) -> float:
    """Return the two-sided p-value that the mean of paired differences is 0.

    Parameters
    ----------
    differences : float [n]
    n_flips : int > 0
        Number of flips drawn if there are too many to use all.

    Examples
    --------
    >>> sign_flip([1.0, 2.0, 3.0], seed=0)  # of 8 flips only all plus and all minus are as far
    0.25
    >>> sign_flip([0.0, 0.0], seed=0)
    1.0
    """
    values = np.asarray(differences, np.float64)
    values = values[values != 0]  # zeros do not change the mean
    n = len(values)
    if n == 0:
        return 1.0
    observed = abs(values.sum())
    least = observed * (1 - 1e-12)  # sums in another order differ in the last bits
    if n <= EXACT:
        plus = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return float((np.abs(_sums(plus, values)) >= least).mean())
    rng = np.random.default_rng(seed)
    size = max(_CHUNK // n, 1)
    as_far = 0
    for start in range(0, n_flips, size):
        plus = rng.integers(0, 2, (min(size, n_flips - start), n), np.int8)
        as_far += int((np.abs(_sums(plus, values)) >= least).sum())
    return (1 + as_far) / (1 + n_flips)


def ratio_interval(
    first: ArrayLike,
    second: ArrayLike,
    *,
    n_resamples: int = DEFAULT_RESAMPLES,
    confidence: float = 0.95,
    seed: int,
) -> Interval:
    """Return the bootstrap interval of ``mean(first) / mean(second)`` on the same listeners.

    ``(nan, nan)`` if the second mean is 0 in one percent of the resamples or more.

    Parameters
    ----------
    first, second : float [n]

    Examples
    --------
    >>> ratio_interval([0.5, 1.0], [0.25, 0.5], seed=0)
    (2.0, 2.0)
    """
    pairs = np.column_stack([np.asarray(first, np.float64), np.asarray(second, np.float64)])
    n = len(pairs)
    if n == 0:
        return float("nan"), float("nan")
    means = resampled_sums(pairs, n_resamples, seed) / n
    usable = means[:, 1] > 0
    if usable.mean() < 0.99:
        return float("nan"), float("nan")
    ratios = means[usable, 0] / means[usable, 1]
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return float(low), float(high)


def _sums(plus: NDArray[Any], values: FloatArray) -> FloatArray:
    """Return the sums of `values` with the signs that `plus` gives, 1 for plus and 0 for minus."""
    sums: FloatArray = 2 * (plus @ values) - values.sum()
    return sums
