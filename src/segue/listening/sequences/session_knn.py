"""Session-based nearest neighbors (V-SKNN): score the items of the most similar sessions.

Sequences are cut every `session_length` plays, and where a session ends, if sessions are known. The
current session is the last `recent` plays, weighted by `lag_decay` for each play since and by
`rarity`, a power of the inverse document frequency of sessions. The `neighbours` sessions with the
highest weight in common, divided by the square root of their sizes, vote for their items.

Source: Ludewig and Jannach, Evaluation of session-based recommendation algorithms, 2018 (S-KNN
weights all plays equally, V-SKNN later ones more).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from segue.listening.sequences.markov import matrix_arrays, matrix_of
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
class SessionKnnSettings:
    """Settings of the neighbours, see the module's header.

    `vote_rarity` is the power of the inverse document frequency by which votes for an item are
    weighted; `most` is the number of sessions examined for an item, the latest ones. Without
    `by_session`, sequences are cut only by `session_length`.
    """

    session_length: int = 30
    recent: int = 10
    lag_decay: float = 0.7
    rarity: float = 1.0
    neighbours: int = 100
    vote_rarity: float = 0.5
    most: int = 2000
    by_session: bool = True

    def __post_init__(self) -> None:
        """Check ranges."""
        if min(self.session_length, self.recent, self.neighbours, self.most) < 1:
            raise ValueError(
                "session_length, recent, neighbours and most of session-kNN must be at least 1."
            )


class SessionKnn(NextItemModel):
    """Scores by the votes of the most similar sessions."""

    kind = "session-knn"
    settings_class = SessionKnnSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        places = np.arange(len(plays.items)) - plays.starts[plays.owners]
        pieces = places // self.settings.session_length
        parts = [plays.owners, pieces]
        if plays.sessions is not None and self.settings.by_session:
            parts.append(plays.sessions)
        new = np.r_[True, np.any([np.diff(part) != 0 for part in parts], axis=0)]
        numbers = np.cumsum(new[: len(places)]) - 1
        shape = (int(numbers[-1]) + 1 if len(numbers) else 0, self.n_items_)
        sessions = sparse.csr_array((np.ones(len(numbers)), (numbers, plays.items)), shape=shape)
        sessions.sum_duplicates()
        sessions.data[:] = 1
        self._prepare(sessions)

    def _prepare(self, sessions: Any, prepared: Arrays | None = None) -> None:
        self.sessions_ = sessions
        if prepared is not None and "holders_starts" in prepared:
            parts = (sessions.data, prepared["holders_sessions"], prepared["holders_starts"])
            self._holders = sparse.csc_array(parts, shape=sessions.shape)
        else:
            self._holders = sparse.csc_array(sessions)
        in_sessions = np.diff(self._holders.indptr)
        self._idf = np.log1p(sessions.shape[0] / np.maximum(in_sessions, 1))
        self._lengths = np.sqrt(np.maximum(np.diff(sessions.indptr), 1))

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the votes of the nearest neighbors of the current session."""
        recent, first = np.unique(history.items[-self.settings.recent :][::-1], return_index=True)
        if not len(recent):
            return NO_SCORES
        weights = self.settings.lag_decay**first * self._idf[recent] ** self.settings.rarity
        stops = self._holders.indptr[recent + 1].astype(np.int64)
        starts = np.maximum(self._holders.indptr[recent], stops - self.settings.most)
        places = ranges(starts.astype(np.int64), stops)
        near = summed(
            self._holders.indices[places].astype(np.int64), np.repeat(weights, stops - starts)
        )
        if not len(near.items):
            return NO_SCORES
        similarity = near.values / self._lengths[near.items]
        chosen = np.argsort(-similarity, kind="stable")[: self.settings.neighbours]
        voters, similarity = near.items[chosen], similarity[chosen]
        starts = self.sessions_.indptr[voters].astype(np.int64)
        stops = self.sessions_.indptr[voters + 1].astype(np.int64)
        places = ranges(starts, stops)
        votes = summed(
            self.sessions_.indices[places].astype(np.int64), np.repeat(similarity, stops - starts)
        )
        values = votes.values * self._idf[votes.items] ** self.settings.vote_rarity
        return SparseScores(votes.items, values / values.sum())

    def _arrays(self) -> Arrays:
        return matrix_arrays(self.sessions_)

    def _scoring_arrays(self) -> Arrays:
        holders = {"sessions": self._holders.indices, "starts": self._holders.indptr}
        return {**self._arrays(), **{f"holders_{name}": one for name, one in holders.items()}}

    def _restore(self, arrays: Arrays) -> None:
        self._prepare(matrix_of(arrays, self.n_items_), arrays)
