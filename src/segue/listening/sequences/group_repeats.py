"""Predict the next artist or album, and divide its probability among its items.

`ArtistAlbumRepeats` predicts the groups (artists or albums) of the last plays, weighted by
`lag_decay` for each play since. `GroupMarkov` predicts the groups that followed those of the last
plays, counted over all listeners. The probability of a group is divided among its items in
proportion to the number of their listeners to the power of `popularity`, separately for items that
this listener has played and for new ones: within an album people move on to what they have not just
played.

Items of an unknown group (-1) are ignored.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from segue.listening.sequences.markov import (
    MarkovSettings,
    followers,
    matrix_arrays,
    matrix_of,
    transitions,
)
from segue.listening.sequences.model import (
    NO_SCORES,
    Arrays,
    Items,
    NextItemModel,
    PlayHistory,
    Plays,
    SparseScores,
    Values,
    ranges,
)

GroupKind = Literal["artist", "album"]
_MIN_PROBABILITY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtistAlbumRepeatsSettings:
    """Settings of repeated artists and albums.

    `most` is the number of groups that are used, the most probable ones; `smoothing` is added to
    the number of listeners of each item.
    """

    group: GroupKind = "artist"
    lag_decay: float = 0.6
    most: int = 20
    popularity: float = 1.0
    smoothing: float = 0.5


@dataclass(frozen=True)
class Groups:
    """Items ordered by group: those of group g are ``items[starts[g] : starts[g + 1]]``."""

    of_item: Items
    items: Items
    starts: Items
    shares: Values
    """Weight of each item within its group ``[n_items]``, on any scale."""

    @classmethod
    def of(cls, groups: Items | None, shares: Values) -> "Groups":
        """Return items by group; groups are renumbered from 0."""
        if groups is None:
            groups = np.full(len(shares), -1)
        distinct, of_item = np.unique(groups, return_inverse=True)
        unknown = int(len(distinct) > 0 and distinct[0] < 0)  # at most one number below zero
        of_item = np.where(groups < 0, -1, of_item - unknown).astype(np.int64)
        order = np.argsort(of_item, kind="stable")
        known = order[np.count_nonzero(of_item < 0) :]
        counts = np.bincount(of_item[known], minlength=len(distinct) - unknown)
        return cls(of_item, known, np.r_[0, np.cumsum(counts)], shares)

    @property
    def n(self) -> int:
        """The number of groups."""
        return len(self.starts) - 1

    def share_out(self, groups: Items, chances: Values, history: PlayHistory) -> SparseScores:
        """Divide the probability of each group among its items, separately for played and new."""
        if not len(groups):
            return NO_SCORES
        starts, stops = self.starts[groups], self.starts[groups + 1]
        items = self.items[ranges(starts, stops)]
        cells = 2 * np.repeat(np.arange(len(groups)), stops - starts) + history.played[items]
        weights = self.shares[items]
        totals = np.bincount(cells, weights, minlength=2 * len(groups))
        return SparseScores(items, np.repeat(chances, stops - starts) * weights / totals[cells])

    def arrays(self) -> Arrays:
        """Return the arrays from which `of` rebuilds it."""
        return {"groups": self.of_item, "shares": self.shares}


class ArtistAlbumRepeats(NextItemModel):
    """Scores items of the artists or albums that were played recently."""

    kind = "runs"
    settings_class = ArtistAlbumRepeatsSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        groups = artists if self.settings.group == "artist" else albums
        self.groups_ = Groups.of(groups, _shares(plays, self.n_items_, self.settings))

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the probability of each item of the recent groups."""
        groups = self.groups_.of_item[history.items]
        known = groups >= 0
        weights = self.settings.lag_decay ** history.lags[known].astype(np.float64)
        distinct, inverse = np.unique(groups[known], return_inverse=True)
        chances = np.bincount(inverse, weights, minlength=len(distinct))
        chosen = np.argsort(-chances, kind="stable")[: self.settings.most]
        chosen = chosen[chances[chosen] > _MIN_PROBABILITY]
        return self.groups_.share_out(
            distinct[chosen], chances[chosen] / max(chances.sum(), _MIN_PROBABILITY), history
        )

    def _arrays(self) -> Arrays:
        return self.groups_.arrays()

    def _restore(self, arrays: Arrays) -> None:
        self.groups_ = Groups.of(arrays["groups"], arrays["shares"])


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMarkovSettings(ArtistAlbumRepeatsSettings):
    """Settings of the chain over groups: those of both `ArtistAlbumRepeats` and `Markov`."""

    order: int = 20
    reach: int = 10
    lag_decay: float = 0.8
    skip_decay: float = 0.8
    pseudo_count: float = 5.0
    most: int = 50


class GroupMarkov(NextItemModel):
    """Scores items of the groups that follow those of the last plays."""

    kind = "group-markov"
    settings_class = GroupMarkovSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        groups = artists if self.settings.group == "artist" else albums
        self.groups_ = Groups.of(groups, _shares(plays, self.n_items_, self.settings))
        of_plays = self.groups_.of_item[plays.items]
        known = of_plays >= 0
        moved = plays.chosen(known, of_plays)
        chain = MarkovSettings(
            reach=self.settings.reach,
            skip_decay=self.settings.skip_decay,
            pseudo_count=self.settings.pseudo_count,
        )
        self.successors_ = transitions(moved, max(self.groups_.n, 1), chain)

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the probability of each item of the most probable groups."""
        groups = self.groups_.of_item[history.items[-self.settings.order :]][::-1]
        found = followers(self.successors_, groups[groups >= 0], self.settings.lag_decay)
        chosen = np.argsort(-found.values, kind="stable")[: self.settings.most]
        return self.groups_.share_out(found.items[chosen], found.values[chosen], history)

    def _arrays(self) -> Arrays:
        return {**self.groups_.arrays(), **matrix_arrays(self.successors_)}

    def _restore(self, arrays: Arrays) -> None:
        self.groups_ = Groups.of(arrays["groups"], arrays["shares"])
        self.successors_ = matrix_of(arrays, max(self.groups_.n, 1))


def _shares(plays: Plays, n_items: int, settings: ArtistAlbumRepeatsSettings) -> Values:
    listeners = plays.listeners(n_items).astype(np.float64)
    shares: Values = (listeners + settings.smoothing) ** settings.popularity
    return shares
