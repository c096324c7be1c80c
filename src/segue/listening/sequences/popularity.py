"""Popularity: the share of listeners who ever played an item."""

from dataclasses import dataclass

import numpy as np

from segue.listening.sequences.model import (
    Arrays,
    Items,
    NextItemModel,
    PlayHistory,
    Plays,
    SparseScores,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PopularitySettings:
    """No settings."""


class Popularity(NextItemModel):
    """Scores items the same for every history."""

    kind = "popularity"
    settings_class = PopularitySettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        listeners = plays.listeners(self.n_items_)
        self.shares_ = listeners / max(len(plays.starts) - 1, 1)

    def sparse_scores(self, history: PlayHistory) -> SparseScores:  # noqa: ARG002
        """Return the share of listeners who played each item."""
        items = np.flatnonzero(self.shares_)
        return SparseScores(items, self.shares_[items])

    def _arrays(self) -> Arrays:
        return {"shares": self.shares_}

    def _restore(self, arrays: Arrays) -> None:
        self.shares_ = arrays["shares"]
