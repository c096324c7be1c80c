"""Markov chain over the last plays, with skips and back-off.

Two plays up to `reach` apart count as a transition, with weight `skip_decay` for each play between
them. Transition probabilities are averaged over the last `order` plays, with weight `lag_decay` for
each play since, and smoothed by `pseudo_count` transitions from each item.

Source: Ludewig and Jannach, Evaluation of session-based recommendation algorithms, 2018 (their
"MC" and "SR"); `order` and `reach` of 1 are the plain first-order chain.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from segue.listening.sequences.model import (
    NO_SCORES,
    Arrays,
    Items,
    NextItemModel,
    PlayHistory,
    Plays,
    SparseScores,
    ranges,
    summed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkovSettings:
    """Settings of the chain, see the module's header.

    `most` is the number of successors kept for an item, the most frequent ones.
    """

    order: int = 10
    reach: int = 10
    lag_decay: float = 0.5
    skip_decay: float = 0.6
    pseudo_count: float = 2.0
    most: int = 500

    def __post_init__(self) -> None:
        """Check ranges."""
        if min(self.order, self.reach, self.most) < 1:
            raise ValueError("order, reach and most of a Markov chain must be at least 1.")


class Markov(NextItemModel):
    """Scores by the probability of following the last plays."""

    kind = "markov"
    settings_class = MarkovSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        self.successors_ = transitions(plays, self.n_items_, self.settings)

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the probability of each item that ever followed one of the last plays."""
        recent = history.items[-self.settings.order :][::-1]
        return followers(self.successors_, recent, self.settings.lag_decay)

    def _arrays(self) -> Arrays:
        return matrix_arrays(self.successors_)

    def _restore(self, arrays: Arrays) -> None:
        self.successors_ = matrix_of(arrays, self.n_items_)


def transitions(plays: Plays, n_items: int, settings: MarkovSettings) -> Any:
    """Return probabilities ``[n_items, n_items]``; row i is the distribution after item i."""
    counts = sparse.csr_array((n_items, n_items), dtype=np.float64)
    for distance in range(1, settings.reach + 1):
        before, after = plays.apart(distance)
        weights = np.full(len(before), settings.skip_decay ** (distance - 1))
        counts = counts + sparse.csr_array((weights, (before, after)), shape=counts.shape)
    chances = strongest(counts, settings.most)
    totals = np.asarray(counts.sum(axis=1)).ravel() + settings.pseudo_count
    chances.data /= np.repeat(totals, np.diff(chances.indptr))
    return chances


def followers(successors: Any, recent: Items, decay: float) -> SparseScores:
    """Sum the rows of `successors` for the `recent` items, the last play first."""
    if not len(recent):
        return NO_SCORES
    starts, stops = successors.indptr[recent], successors.indptr[recent + 1]
    places = ranges(starts.astype(np.int64), stops.astype(np.int64))
    weights = decay ** np.arange(len(recent))
    values = successors.data[places] * np.repeat(weights / weights.sum(), stops - starts)
    return summed(successors.indices[places].astype(np.int64), values)


def strongest(matrix: Any, most: int) -> Any:
    """Return a copy of a CSR matrix with the `most` highest values of each row."""
    kept = sparse.csr_array(matrix).copy()
    lengths = np.diff(kept.indptr)
    if lengths.max(initial=0) <= most:
        return kept
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((kept.indices, -kept.data, rows))
    place = np.arange(len(order)) - kept.indptr[rows]  # rows are in order already
    chosen = np.sort(order[place < most])
    return sparse.csr_array((kept.data[chosen], (rows[chosen], kept.indices[chosen])), kept.shape)


def matrix_arrays(matrix: Any) -> dict[str, Any]:
    """Return the parts of a CSR matrix by name."""
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}


def matrix_of(arrays: Arrays, n_columns: int) -> Any:
    """Return the CSR matrix of what `matrix_arrays` gave."""
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_array(parts, shape=(len(arrays["indptr"]) - 1, n_columns))
