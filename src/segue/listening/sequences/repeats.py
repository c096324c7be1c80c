"""Predict repeats of items that the listener has played before.

`BaseLevel` is the base-level activation of ACT-R, ``ln sum t^-d`` over the plays of an item, where
t is the number of plays since (or days, if ages are given); it scores the sum, whose logarithm is
the activation. `RepeatConsumption` is the share of items, over all listeners, that were played next
after the same number of plays since and with the same play count. `Replay` scores the items that
followed the last plays when this listener played them earlier. `habit` is the probability that the
next play is a repeat.

Source: Anderson and Schooler, Reflections of the environment in memory, 1991; Reiter-Haas et al.,
Predicting music relistening behavior using the ACT-R framework, 2021.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.listening.sequences.model import (
    NO_SCORES,
    Arrays,
    Items,
    NextItemModel,
    PlayHistory,
    Plays,
    SparseScores,
    Values,
    summed,
)

_GAP_STARTS = np.unique(np.r_[1:9, np.rint(8 * 2 ** (np.arange(1, 16) / 2)).astype(np.int64)])
"""Smallest gap of each row of the table: single gaps up to 7, then half octaves."""
_COUNTS = 6
"""Columns of the table: play counts by octaves."""
_PRIOR = 10.0
"""Prior plays with the repeat share of all listeners, added to a listener's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLevelSettings:
    """`decay` is d of the base level: 0 counts plays, large values use only the last play."""

    decay: float = 0.5


class BaseLevel(NextItemModel):
    """Scores played items by base-level activation."""

    kind = "base-level"
    settings_class = BaseLevelSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        """Learn nothing: only the listener's own history is used."""

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the sum of ``t^-d`` of each item played."""
        return SparseScores(
            history.distinct, history.summed((history.lags + 1.0) ** -self.settings.decay)
        )

    def score_aged(self, history: ArrayLike, ages: ArrayLike) -> NDArray[np.float32]:
        """Return scores ``[n_items]`` with t from `ages` ``[n]`` in days, at least an hour.

        Items that were not played get NaN.

        Raises
        ------
        ValueError
            If there is not one age for each play.
        """
        items, days = np.asarray(history, np.int64), np.asarray(ages, np.float64)
        if items.shape != days.shape:
            raise ValueError(f"{len(days)} ages for {len(items)} plays: give one age a play.")
        known = (items >= 0) & (items < self._fitted())
        passed = np.maximum(days[known], 1 / 24)
        sums = np.bincount(items[known], passed**-self.settings.decay, minlength=self.n_items_)
        return np.where(sums > 0, sums, np.nan).astype(np.float32)

    def _arrays(self) -> Arrays:
        return {}

    def _restore(self, arrays: Arrays) -> None:
        """Do nothing: there is no learned state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatConsumptionSettings:
    """`pseudo_count` items with the average probability are added to each cell of the table."""

    pseudo_count: float = 20.0


class RepeatConsumption(NextItemModel):
    """Scores played items by how often items with the same gap and play count come next."""

    kind = "returns"
    settings_class = RepeatConsumptionSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        came, could = _count_repeats(plays)
        average = came.sum() / max(could.sum(), 1.0)
        pseudo = self.settings.pseudo_count
        self.chances_ = (came + pseudo * max(average, 1e-6)) / (could + pseudo)

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the probability of each played item, from its gap and its play count."""
        counts = history.summed(np.ones(len(history.items))).astype(np.int64)
        return SparseScores(history.distinct, self.chances_[_cell(history.last_lags + 1, counts)])

    def _arrays(self) -> Arrays:
        return {"chances": self.chances_}

    def _restore(self, arrays: Arrays) -> None:
        self.chances_ = arrays["chances"]


def _cell(gaps: Items, counts: Items) -> tuple[Items, Items]:
    """Return the cells of the table for gaps and play counts, both from 1."""
    gap = np.searchsorted(_GAP_STARTS, gaps, side="right") - 1
    return gap, np.minimum(np.log2(counts).astype(np.int64), _COUNTS - 1)


def _count_repeats(plays: Plays) -> tuple[Values, Values]:
    """Return how often an item was repeated and how often it could have been, by gap and count.

    Between two plays of an item by one listener, each gap was an opportunity; after the last play,
    each gap to the end of the sequence.
    """
    shape = (len(_GAP_STARTS), _COUNTS)
    came, could = np.zeros(shape), np.zeros(shape)
    n = len(plays.items)
    if not n:
        return came, could
    order = np.lexsort((plays.items, plays.owners))  # plays of one item together, in order
    same = np.zeros(n, np.bool_)  # whether the play before in this order is of the same item
    same[1:] = (np.diff(plays.items[order]) == 0) & (np.diff(plays.owners[order]) == 0)
    place = np.arange(n) - np.maximum.accumulate(np.where(same, 0, np.arange(n)))
    ends = plays.starts[plays.owners[order] + 1]
    again = np.r_[same[1:], False]
    waited = np.where(again, np.r_[order[1:], 0], ends) - order
    gap, count = _cell(np.maximum(waited, 1), place + 1)
    np.add.at(came, (gap[again], count[again]), 1)
    longest = np.where(again, waited, waited - 1)
    for row, (start, stop) in enumerate(
        pairwise([*_GAP_STARTS.tolist(), max(n, int(_GAP_STARTS[-1])) + 1])
    ):
        passed = np.clip(longest - start + 1, 0, stop - start)
        could[row] = np.bincount(count, passed, minlength=_COUNTS)
    return came, could


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings:
    """The last `order` plays are looked up, each with `lag_decay` times the weight of the next.

    Items up to `skips` plays later count too, with `skip_decay` for each play between.
    """

    order: int = 5
    lag_decay: float = 0.7
    skips: int = 2
    skip_decay: float = 0.3


class Replay(NextItemModel):
    """Scores items that followed the last plays earlier in the listener's own history."""

    kind = "replay"
    settings_class = ReplaySettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        """Learn nothing: only the listener's own history is used."""

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the summed weight of each item that followed one of the last plays before."""
        items = history.items
        found, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for lag in range(min(self.settings.order, len(items))):
            earlier = np.flatnonzero(items[: len(items) - 1 - lag] == items[-1 - lag])
            for skip in range(self.settings.skips + 1):
                places = earlier + lag + 1 + skip
                places = places[places < len(items)]
                weight = self.settings.lag_decay**lag * self.settings.skip_decay**skip
                found.append(items[places])
                values.append(np.full(len(places), weight))
        return summed(np.concatenate(found), np.concatenate(values)) if len(items) else NO_SCORES

    def _arrays(self) -> Arrays:
        return {}

    def _restore(self, arrays: Arrays) -> None:
        """Do nothing: there is no learned state."""


def share_of_repeats(plays: Plays) -> float:
    """Return the share of plays that repeat an earlier play of the same sequence."""
    if not len(plays.items):
        return 0.5
    n_items = int(plays.items.max()) + 1
    distinct = len(np.unique(plays.owners * n_items + plays.items))
    return 1 - distinct / len(plays.items)


def habit(history: PlayHistory, everyone: float) -> float:
    """Return the probability that the next play is a repeat, shrunk towards `everyone`.

    >>> history = PlayHistory.of([3, 4, 3, 4, 3, 4, 3, 4, 3, 4], 9)
    >>> round(habit(history, everyone=0.4), 2)
    0.6
    """
    return (float(history.was_repeat.sum()) + _PRIOR * everyone) / (len(history.items) + _PRIOR)
