"""What a listener comes back to: base level of memory, the usual pause, what followed last time.

`BaseLevel` is the activation of ACT-R, ``ln sum t^-d`` over the plays of an item, t being how many
plays ago (or days, where ages are given); its evidence is the sum, so that its logarithm is the
base level. `Returns` asks what share of the items that lie so many plays back, and were played so
often, were played next, in everybody's plays. `Replay` looks up what followed the last plays the
last times that this listener played them. `habit` is how likely the next play is a repeat at all.

Source: Anderson and Schooler, Reflections of the environment in memory, 1991; Reiter-Haas et al.,
Predicting music relistening behavior using the ACT-R framework, 2021.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.listening.sequences.model import (
    NOTHING,
    Arrays,
    Evidence,
    Items,
    NextItemModel,
    Past,
    Plays,
    Values,
    summed,
)

_GAP_STARTS = np.unique(np.r_[1:9, np.rint(8 * 2 ** (np.arange(1, 16) / 2)).astype(np.int64)])
"""The least gap of each row of the table of returns: singly up to 7, then by half octaves."""
_COUNTS = 6
"""Columns of that table: numbers of plays by octaves."""
_PRIOR = 10.0
"""Imagined plays by which a listener's share of repeats is drawn towards everyone's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLevelSettings:
    """`decay` is d of the base level; 0 counts plays, large values know only the last."""

    decay: float = 0.5


class BaseLevel(NextItemModel):
    """Scores what was played by how present it is in memory."""

    kind = "base-level"
    settings_class = BaseLevelSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        """Nothing is learned: memory is the listener's own."""

    def evidence(self, past: Past) -> Evidence:
        """Return the sum of ``t^-d`` of each item played."""
        return Evidence(past.distinct, past.summed((past.lags + 1.0) ** -self.settings.decay))

    def score_aged(self, history: ArrayLike, ages: ArrayLike) -> NDArray[np.float32]:
        """Return scores ``[n_items]`` with t in days, of `ages` ``[n]``; an hour is the least.

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
        return sums.astype(np.float32)

    def _arrays(self) -> Arrays:
        return {}

    def _restore(self, arrays: Arrays) -> None:
        """Nothing was learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsSettings:
    """`pseudo_count` imagined items of the average chance are added to each cell of the table."""

    pseudo_count: float = 20.0


class Returns(NextItemModel):
    """Scores what was played by how often anything so long ago, played so often, comes next."""

    kind = "returns"
    settings_class = ReturnsSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        came, could = _returns(plays)
        average = came.sum() / max(could.sum(), 1.0)
        pseudo = self.settings.pseudo_count
        self.chances_ = (came + pseudo * max(average, 1e-6)) / (could + pseudo)

    def evidence(self, past: Past) -> Evidence:
        """Return the chance of each item played, by the pause since and its number of plays."""
        counts = past.summed(np.ones(len(past.items))).astype(np.int64)
        return Evidence(past.distinct, self.chances_[_cell(past.last_lags + 1, counts)])

    def _arrays(self) -> Arrays:
        return {"chances": self.chances_}

    def _restore(self, arrays: Arrays) -> None:
        self.chances_ = arrays["chances"]


def _cell(gaps: Items, counts: Items) -> tuple[Items, Items]:
    """Return the cells of the table, for gaps and numbers of plays from 1 on."""
    gap = np.searchsorted(_GAP_STARTS, gaps, side="right") - 1
    return gap, np.minimum(np.log2(counts).astype(np.int64), _COUNTS - 1)


def _returns(plays: Plays) -> tuple[Values, Values]:
    """Return how often an item came again, and how often it could have, by gap and count.

    From one play of an item to the next by the same listener, it could have come at each gap; the
    last play waits to the end of the sequence.
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
    """The last `order` plays are looked up; each weighs `lag_decay` of the one after it.

    What came `skips` plays late weighs `skip_decay` for each.
    """

    order: int = 5
    lag_decay: float = 0.7
    skips: int = 2
    skip_decay: float = 0.3


class Replay(NextItemModel):
    """Scores what followed the last plays when this listener last played them."""

    kind = "replay"
    settings_class = ReplaySettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        """Nothing is learned: the order is the listener's own."""

    def evidence(self, past: Past) -> Evidence:
        """Return how often, and how exactly, each item stood where the next one is to stand."""
        items = past.items
        found, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for lag in range(min(self.settings.order, len(items))):
            earlier = np.flatnonzero(items[: len(items) - 1 - lag] == items[-1 - lag])
            for skip in range(self.settings.skips + 1):
                places = earlier + lag + 1 + skip
                places = places[places < len(items)]
                weight = self.settings.lag_decay**lag * self.settings.skip_decay**skip
                found.append(items[places])
                values.append(np.full(len(places), weight))
        return summed(np.concatenate(found), np.concatenate(values)) if len(items) else NOTHING

    def _arrays(self) -> Arrays:
        return {}

    def _restore(self, arrays: Arrays) -> None:
        """Nothing was learned."""


def share_of_repeats(plays: Plays) -> float:
    """Return the share of plays that repeat an earlier play of the same sequence."""
    if not len(plays.items):
        return 0.5
    n_items = int(plays.items.max()) + 1
    distinct = len(np.unique(plays.owners * n_items + plays.items))
    return 1 - distinct / len(plays.items)


def habit(past: Past, everyone: float) -> float:
    """Return how likely the next play is a repeat, drawn towards the share of `everyone`.

    >>> past = Past.of([3, 4, 3, 4, 3, 4, 3, 4, 3, 4], 9)
    >>> round(habit(past, everyone=0.4), 2)
    0.6
    """
    return (float(past.was_repeat.sum()) + _PRIOR * everyone) / (len(past.items) + _PRIOR)
