"""Tables of bootstrap resamples: how often each unit is drawn in each resample.

A table depends only on the number of units, of resamples, and the seed, so all metrics and models
that are measured on the same units share one: it is drawn once and kept, and intervals are products
of the table and the values.

Conventions
-----------
- ``counts [n_resamples, n_units]``: how often each unit is drawn; each row sums to ``n_units``.
- Tables above `MAX_KEPT_BYTES` are drawn in chunks each time instead of being kept.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

MAX_KEPT_BYTES = 16_000_000
"""Largest table that is kept, of one byte a count: 2,000 resamples of 8,000 units."""

_MAX_TABLES = 4
MAX_DRAWN = 1_000_000
"""Number of drawn indices in memory at a time: some arrays of 8 MB."""


def resampled_counts(n: int, n_resamples: int, seed: int, step: int = 0) -> Iterator[FloatArray]:
    """Yield the counts of `n` units in parts of the resamples, ``[n_part, n]``.

    Parameters
    ----------
    step
        Number of resamples in a part; by default about 8 MB of counts.

    Examples
    --------
    >>> [counts] = resampled_counts(3, 2, seed=0)
    >>> counts.shape, counts.sum(axis=1).tolist()
    ((2, 3), [3.0, 3.0])
    """
    step = max(step or MAX_DRAWN // max(n, 1), 1)
    parts = (
        _parts_of_kept(n, n_resamples, seed, step)
        if n * n_resamples <= MAX_KEPT_BYTES
        else _drawn(n, n_resamples, seed, step)
    )
    for counts in parts:
        yield counts.astype(np.float64)


def resampled_sums(units: FloatArray, n_resamples: int, seed: int) -> FloatArray:
    """Return the sums of the drawn rows of ``units [n, m]`` in each resample, ``[n_resamples, m]``.

    Examples
    --------
    >>> resampled_sums(np.full((4, 1), 0.5), 3, seed=0).ravel().tolist()
    [2.0, 2.0, 2.0]
    """
    parts = [counts @ units for counts in resampled_counts(len(units), n_resamples, seed)]
    return np.concatenate([np.zeros((0, units.shape[1])), *parts])


def resampled_members(
    n: int, n_resamples: int, groups: ArrayLike | None, seed: int
) -> Iterator[FloatArray]:
    """Yield how often each of `n` units is drawn, with its whole group: ``[n_part, n]``.

    Raises
    ------
    ValueError
        If `groups` are not ``[n]``.

    Examples
    --------
    >>> [times] = resampled_members(3, 2, ["a", "a", "b"], seed=0)
    >>> times.shape, bool((times[:, 0] == times[:, 1]).all())
    ((2, 3), True)
    """
    owner = np.arange(n) if groups is None else owners_of(groups, n)
    n_groups = int(owner.max(initial=-1)) + 1
    # callers sort and sum units, in several arrays of this size
    for times in resampled_counts(n_groups, n_resamples, seed, MAX_DRAWN // max(n, 1)):
        yield times[:, owner]


def owners_of(groups: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the number of each unit's group, in the order of the groups' names ``[n]``.

    Raises
    ------
    ValueError
        If `groups` are not ``[n]``.
    """
    _, owner = np.unique(np.asarray(groups), return_inverse=True)
    if owner.shape != (n,):
        raise ValueError(f"groups have shape {owner.shape} for {n} units: give one group a unit.")
    return np.asarray(owner, np.int64)


def group_sums(table: FloatArray, groups: ArrayLike | None) -> FloatArray:
    """Sum the rows of ``table [n, m]`` that belong together, in the order of the groups' names."""
    if groups is None:
        return table
    owner = owners_of(groups, len(table))
    sums = np.zeros((owner.max(initial=-1) + 1, table.shape[1]))
    np.add.at(sums, owner, table)
    return sums


def _parts_of_kept(
    n: int, n_resamples: int, seed: int, step: int
) -> Iterator[NDArray[np.unsignedinteger]]:
    table = _kept_table(n, n_resamples, seed)
    for start in range(0, n_resamples, step):
        yield table[start : start + step]


@lru_cache(maxsize=_MAX_TABLES)
def _kept_table(n: int, n_resamples: int, seed: int) -> NDArray[np.unsignedinteger]:
    """Return all counts; the table is shared, so it cannot be written to."""
    step = max(MAX_DRAWN // max(n, 1), 1)
    empty = np.zeros((0, n), np.uint8)
    table = np.concatenate([empty, *_drawn(n, n_resamples, seed, step)])
    table.setflags(write=False)
    return table


def _drawn(n: int, n_resamples: int, seed: int, step: int) -> Iterator[NDArray[np.unsignedinteger]]:
    """Draw `n` of `n` with replacement; yield the counts of `step` resamples at a time.

    The size of the parts does not change what is drawn.
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        drawn = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        yield times.astype(np.min_scalar_type(int(times.max(initial=0))))
