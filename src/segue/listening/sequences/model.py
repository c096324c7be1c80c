"""Base class of sequence models, which predict the next item of a play history.

Conventions
-----------
- A *sequence* is ``int64 [n]``: positions of items in the order in which one listener played them,
  oldest first, repeats kept. A *history* is a sequence whose next item is predicted.
- Items are numbered from 0. Positions outside ``0 ... n_items - 1`` are ignored.
- `SparseScores` hold distinct items with a value above zero for each; all other items have no
  score, which is NaN in arrays. Values are comparable within one result only.
- A *lag* is the number of plays since: 0 for the last play.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.errors import ModelError
from segue.listening.saving import compact, read_model, write_model

Items = NDArray[np.int64]
Scores = NDArray[np.float32]
Values = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]

MAX_PLAYS = 1000
"""Number of plays of a history that are used, the latest ones."""


@dataclass(frozen=True)
class SparseScores:
    """Distinct `items` ``[n]`` and their `values` ``[n]``, above zero."""

    items: Items
    values: Values


NO_SCORES = SparseScores(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Plays:
    """All sequences concatenated: sequence i is ``items[starts[i] : starts[i + 1]]``.

    `sessions` ``[n_plays]`` are the numbers of sessions within each sequence, None if unknown.
    """

    items: Items
    starts: Items
    sessions: Items | None = None

    @classmethod
    def of(
        cls,
        sequences: Sequence[ArrayLike],
        n_items: int,
        sessions: Sequence[ArrayLike] | None = None,
    ) -> "Plays":
        """Return the concatenation of sequences, without items that do not exist.

        `sessions` are the numbers of sessions of each sequence; empty where they are unknown.

        Raises
        ------
        ValueError
            If a sequence is not a vector, `n_items` is below 1, or sessions do not match.
        """
        if n_items < 1:
            raise ValueError(f"n_items is {n_items}: give at least one item.")
        parts = [_known(sequence, n_items) for sequence in sequences]
        lengths = np.array([0, *(len(part) for part in parts)], np.int64)
        items, starts = np.concatenate([np.zeros(0, np.int64), *parts]), np.cumsum(lengths)
        if sessions is None:
            return cls(items, starts)
        pairs = zip(sequences, sessions, strict=True)
        return cls(items, starts, np.concatenate([_sessions(*pair, n_items) for pair in pairs]))

    @cached_property
    def owners(self) -> Items:
        """The number of the sequence of each play ``[n_plays]``."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def apart(self, distance: int) -> tuple[Items, Items]:
        """Return the items of all pairs of plays at this `distance` within one session.

        Without sessions, within one sequence.
        """
        together = self.owners[distance:] == self.owners[:-distance]
        if self.sessions is not None:
            together &= self.sessions[distance:] == self.sessions[:-distance]
        return self.items[:-distance][together], self.items[distance:][together]

    def until(self, cuts: Items) -> "Plays":
        """Return only the first `cuts` plays of each sequence ``[n_sequences]``."""
        places = np.arange(len(self.items)) - self.starts[self.owners]
        return self.chosen(places < cuts[self.owners])

    def chosen(self, kept: NDArray[np.bool_], items: Items | None = None) -> "Plays":
        """Return only the plays that are `kept` ``[n_plays]``, of other `items` if given."""
        items = self.items if items is None else items
        sessions = None if self.sessions is None else self.sessions[kept]
        return Plays(items[kept], np.r_[0, np.cumsum(kept)][self.starts], sessions)

    def listeners(self, n_items: int) -> Items:
        """Return the number of sequences that contain each item ``[n_items]``."""
        pairs = np.unique(self.owners * n_items + self.items)
        return np.bincount(pairs % n_items, minlength=n_items)


@dataclass(frozen=True)
class PlayHistory:
    """A listener's plays of known items, with derived arrays that several models use."""

    items: Items
    n_items: int

    @classmethod
    def of(cls, history: ArrayLike, n_items: int) -> "PlayHistory":
        """Return the latest plays of a history, without items that do not exist."""
        return cls(_known(history, n_items)[-MAX_PLAYS:], n_items)

    @cached_property
    def _grouped(self) -> tuple[Items, Items]:
        distinct, inverse = np.unique(self.items, return_inverse=True)
        return distinct, inverse

    @property
    def distinct(self) -> Items:
        """The distinct items played, in order of position."""
        return self._grouped[0]

    @cached_property
    def lags(self) -> Items:
        """The lag of each play ``[n]``, 0 for the last."""
        return np.arange(len(self.items) - 1, -1, -1)

    @cached_property
    def played(self) -> NDArray[np.bool_]:
        """Mask of the items played ``[n_items]``."""
        flags = np.zeros(self.n_items, np.bool_)
        flags[self.items] = True
        return flags

    def summed(self, values: Values) -> Values:
        """Return the sum of one value a play over the plays of each of `distinct`."""
        sums = np.bincount(self._grouped[1], values, minlength=len(self.distinct))
        return sums.astype(np.float64)

    @cached_property
    def last_lags(self) -> Items:
        """The lag of the last play of each of `distinct`."""
        latest = np.zeros(len(self.distinct), np.int64)
        latest[self._grouped[1]] = np.arange(len(self.items))  # the last assignment stays
        return len(self.items) - 1 - latest

    @cached_property
    def was_repeat(self) -> NDArray[np.bool_]:
        """Mask of the plays whose item was played before ``[n]``."""
        repeats = np.ones(len(self.items), np.bool_)
        repeats[np.unique(self.items, return_index=True)[1]] = False
        return repeats


class NextItemModel(ABC):
    """Base of all sequence models; a model implements four hooks.

    `settings` is a frozen dataclass that is saved with the model. Learned attributes end in ``_``.
    """

    kind: ClassVar[str]
    settings_class: ClassVar[type[Any]]

    def __init__(self, settings: Any = None) -> None:
        self.settings = self.settings_class() if settings is None else settings
        self.n_items_ = 0

    # the hooks -----------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        """Learn from all plays; `n_items_` is set."""

    @abstractmethod
    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the scores of the items that may follow a history."""

    @abstractmethod
    def _arrays(self) -> Arrays:
        """Return the learned arrays by name."""

    @abstractmethod
    def _restore(self, arrays: Arrays) -> None:
        """Restore the learned attributes from `_arrays`."""

    # the contract --------------------------------------------------------------------------------

    def fit(
        self,
        sequences: Sequence[ArrayLike] | Plays,
        n_items: int,
        artists: ArrayLike | None = None,
        albums: ArrayLike | None = None,
    ) -> Self:
        """Learn from sequences of plays.

        Parameters
        ----------
        sequences
            One vector of item positions for each listener, oldest first.
        n_items
            The number of items.
        artists, albums
            ``[n_items]``, numbers of each item's artist and album, -1 where unknown; only some
            models use them.

        Raises
        ------
        ValueError
            If a sequence is not a vector, or artists or albums have another length.
        """
        groups = [
            _group_ids(ids, n_items, w) for ids, w in ((artists, "artist"), (albums, "album"))
        ]
        plays = sequences if isinstance(sequences, Plays) else Plays.of(sequences, n_items)
        self.n_items_ = n_items
        self._fit(plays, *groups)
        return self

    def score(self, history: ArrayLike) -> Scores:
        """Return scores ``[n_items]``: higher is more likely to come next, NaN for no score."""
        found = self.sparse_scores(self.play_history(history))
        scores = np.full(self.n_items_, np.nan, np.float32)
        scores[found.items] = found.values
        return scores

    def score_many(self, histories: Sequence[ArrayLike]) -> Scores:
        """Return ``[n_histories, n_items]`` scores, one row of `score` for each history."""
        scores = np.empty((len(histories), self._fitted()), np.float32)
        for row, history in zip(scores, histories, strict=True):
            row[:] = self.score(history)
        return scores

    def play_history(self, history: ArrayLike) -> PlayHistory:
        """Return a history as `sparse_scores` takes it."""
        return PlayHistory.of(history, self._fitted())

    def save(self, directory: str | Path) -> None:
        """Write the model into `directory`, which is created if missing."""
        write_model(directory, self._about(), self._arrays())

    def scoring_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the settings and arrays for `from_scoring_state`, prepared to be memory-mapped.

        Numbers are narrowed, and arrays that `load` would have to derive are included.
        """
        return self._about(), {name: compact(one) for name, one in self._scoring_arrays().items()}

    @classmethod
    def from_scoring_state(cls, about: Mapping[str, Any], arrays: Arrays) -> Self:
        """Return the model that `scoring_state` described; arrays are not copied."""
        return cls._built(about, arrays)

    def _scoring_arrays(self) -> Arrays:
        """Return `_arrays` and derived arrays that `_restore` then does not have to compute."""
        return self._arrays()

    def _about(self) -> dict[str, Any]:
        return {"kind": self.kind, "n_items": self._fitted(), "settings": asdict(self.settings)}

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Return the model that `save` wrote.

        Raises
        ------
        ModelError
            If there is none, or it is damaged or of another kind.
        """
        return read_model(directory, cls.kind, cls._built)

    @classmethod
    def _built(cls, about: Mapping[str, Any], arrays: Arrays) -> Self:
        model = cls(cls.settings_of(about["settings"]))
        model.n_items_ = int(about["n_items"])
        model._restore(arrays)
        return model

    @classmethod
    def settings_of(cls, kept: Mapping[str, Any]) -> Any:
        """Return the settings from the plain values of a saved model."""
        return cls.settings_class(**kept)

    def _fitted(self) -> int:
        if not self.n_items_:
            raise ModelError(f"The model '{self.kind}' is not fitted yet: call fit first.")
        return self.n_items_


def summed(items: Items, values: Values) -> SparseScores:
    """Return scores with each item once, its values summed."""
    if not len(items):
        return NO_SCORES
    if 8 * len(items) > items.max():  # then counting is faster than sorting
        sums = np.bincount(items, values)
        found = np.flatnonzero(sums)
        return SparseScores(found, sums[found].astype(np.float64))
    order = np.argsort(items, kind="stable")
    ordered = items[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return SparseScores(ordered[first], np.add.reduceat(values[order].astype(np.float64), first))


def ranges(starts: Items, stops: Items) -> Items:
    """Return the numbers of several ranges, concatenated.

    >>> ranges(np.array([0, 7]), np.array([2, 10])).tolist()
    [0, 1, 7, 8, 9]
    """
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    numbers: Items = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return numbers


def _known(sequence: ArrayLike, n_items: int) -> Items:
    items = np.asarray(sequence)
    if items.ndim != 1:
        raise ValueError(f"A sequence has shape {items.shape}: give a vector of item positions.")
    whole: Items = items.astype(np.int64, copy=False)
    return whole[(whole >= 0) & (whole < n_items)]


def _sessions(sequence: ArrayLike, sessions: ArrayLike, n_items: int) -> Items:
    """Return the sessions of the known items of a sequence; all 0 where they are unknown."""
    items, numbers = np.asarray(sequence), np.asarray(sessions, np.int64)
    if not len(numbers):
        numbers = np.zeros(len(items), np.int64)
    if numbers.shape != items.shape:
        raise ValueError(f"{len(numbers)} sessions for {len(items)} plays: give one a play.")
    kept: Items = numbers[(items >= 0) & (items < n_items)]
    return kept


def _group_ids(ids: ArrayLike | None, n_items: int, what: str) -> Items | None:
    if ids is None:
        return None
    groups = np.asarray(ids, np.int64)
    if groups.shape != (n_items,):
        raise ValueError(
            f"{what}s have shape {groups.shape} for {n_items} items: give one {what} an item, -1"
            " where it is unknown."
        )
    return groups
