"""What those played who played the same lately: nearest neighbours of sessions.

Sequences are cut into sessions of `session_length` plays. The current session is the last `recent`
plays, each weighing less the longer ago it was (`lag_decay`) and the more sessions hold it
(`rarity`, a power of the inverse document frequency). The `neighbours` sessions with the highest
weight in common, divided by the root of their sizes, vote for the items they hold.

Source: Ludewig and Jannach, Evaluation of session-based recommendation algorithms, 2018 (S-KNN:
all plays weigh alike; V-SKNN: the later the more).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from segue.listening.sequences.markov import matrix_arrays, matrix_of
from segue.listening.sequences.model import (
    NOTHING,
    Arrays,
    Evidence,
    Items,
    NextItemModel,
    Past,
    Plays,
    ranges,
    summed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKnnSettings:
    """Settings of the neighbours, see the module's header.

    `vote_rarity` is how much more the vote for a rare item counts; `most` how many sessions with
    an item are looked through, the latest.
    """

    session_length: int = 30
    recent: int = 10
    lag_decay: float = 0.7
    rarity: float = 1.0
    neighbours: int = 100
    vote_rarity: float = 0.5
    most: int = 2000

    def __post_init__(self) -> None:
        """Refuse what no search could use."""
        if min(self.session_length, self.recent, self.neighbours, self.most) < 1:
            raise ValueError(
                "session_length, recent, neighbours and most of session-kNN must be at least 1."
            )


class SessionKnn(NextItemModel):
    """Scores by the votes of the most alike sessions."""

    kind = "session-knn"
    settings_class = SessionKnnSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        places = np.arange(len(plays.items)) - plays.starts[plays.owners]
        pieces = places // self.settings.session_length
        new = np.r_[True, (np.diff(plays.owners) != 0) | (np.diff(pieces) != 0)]
        sessions = np.cumsum(new[: len(places)]) - 1
        shape = (int(sessions[-1]) + 1 if len(sessions) else 0, self.n_items_)
        held = sparse.csr_array((np.ones(len(sessions)), (sessions, plays.items)), shape=shape)
        held.sum_duplicates()
        held.data[:] = 1
        self._prepare(held)

    def _prepare(self, held: Any, worked_out: Arrays | None = None) -> None:
        self.sessions_ = held
        if worked_out is not None and "holders_starts" in worked_out:
            parts = (held.data, worked_out["holders_sessions"], worked_out["holders_starts"])
            self._holders = sparse.csc_array(parts, shape=held.shape)
        else:
            self._holders = sparse.csc_array(held)
        in_sessions = np.diff(self._holders.indptr)
        self._idf = np.log1p(held.shape[0] / np.maximum(in_sessions, 1))
        self._lengths = np.sqrt(np.maximum(np.diff(held.indptr), 1))

    def evidence(self, past: Past) -> Evidence:
        """Return the votes of the neighbours of the current session."""
        recent, first = np.unique(past.items[-self.settings.recent :][::-1], return_index=True)
        if not len(recent):
            return NOTHING
        weights = self.settings.lag_decay**first * self._idf[recent] ** self.settings.rarity
        stops = self._holders.indptr[recent + 1].astype(np.int64)
        starts = np.maximum(self._holders.indptr[recent], stops - self.settings.most)
        places = ranges(starts.astype(np.int64), stops)
        near = summed(
            self._holders.indices[places].astype(np.int64), np.repeat(weights, stops - starts)
        )
        if not len(near.items):
            return NOTHING
        likeness = near.values / self._lengths[near.items]
        chosen = np.argsort(-likeness, kind="stable")[: self.settings.neighbours]
        voters, likeness = near.items[chosen], likeness[chosen]
        starts = self.sessions_.indptr[voters].astype(np.int64)
        stops = self.sessions_.indptr[voters + 1].astype(np.int64)
        places = ranges(starts, stops)
        votes = summed(
            self.sessions_.indices[places].astype(np.int64), np.repeat(likeness, stops - starts)
        )
        values = votes.values * self._idf[votes.items] ** self.settings.vote_rarity
        return Evidence(votes.items, values / values.sum())

    def _arrays(self) -> Arrays:
        return matrix_arrays(self.sessions_)

    def _worked_out(self) -> Arrays:
        holders = {"sessions": self._holders.indices, "starts": self._holders.indptr}
        return {**self._arrays(), **{f"holders_{name}": one for name, one in holders.items()}}

    def _restore(self, arrays: Arrays) -> None:
        self._prepare(matrix_of(arrays, self.n_items_), arrays)
